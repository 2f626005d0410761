/** Every input's extract: one after the other, or, where it pays, spread over worker threads. The result is the same. */
import { availableParallelism } from 'node:os'
import type { InputExtract } from '../model/extract.js'
import type { Signature } from '../model/signature.js'
import { extractInput } from './extract-input.js'
import type { Inputs } from './inputs.js'
import { shared, SHARED_BYTES } from './parts.js'
import { startWorkers } from './workers.js'

/** Below this a worker's start costs more than it saves. */
const WORTH_BYTES = 128 << 20

export interface ExtractOptions {
  /** Threads that read at the same time; the machine's cores unless said, and never more. */
  readonly jobs?: number
  /** Bytes from which on workers are started. */
  readonly worthBytes?: number
  /** From twice so many bytes on a log of lines is read in parts, which threads share. */
  readonly sharedBytes?: number
  /** What a worker runs; null: nothing, everything is read here. Node runs no TypeScript in a worker, so sources run as they are read here. */
  readonly worker?: URL | null
  /** Lines of a user's own that mean something. */
  readonly signatures?: readonly Signature[]
  readonly onBytes?: (count: number) => void
}

/** Built, everything lies in one folder (scripts/bundle.mjs). */
const compiled = (): URL | null => (!import.meta.url.endsWith('.ts') ? new URL('./extract-worker.js', import.meta.url) : null)

/** What is made of each extract by the thread that read it: src/makers.ts has them all. */
export interface Maker<Made> {
  readonly name: string
  make(extract: InputExtract): Made
  /** The same on this side, of what came from another thread. */
  received(made: Made): Made
}

export interface Reader {
  /** In the order of the sources, each as `keep` makes it as soon as it is read; may be asked again before it has answered. */
  extract<Made, Kept>(sources: Inputs['sources'], maker: Maker<Made>, keep: (made: Made) => Kept): Promise<readonly Kept[]>
  stop(): Promise<void>
  /** How many inputs it reads at the same time. */
  readonly threads: number
}

/** For whoever reads one input after another, so many bytes in all: threads are started once, where they pay. */
export const startReader = (totalBytes: number, options: ExtractOptions = {}): Reader => {
  const { jobs = availableParallelism(), worthBytes = WORTH_BYTES, worker = compiled(), signatures = [], onBytes = () => undefined } = options
  if (worker === null || jobs < 2 || totalBytes < worthBytes) {
    const extract = async <Made, Kept>(sources: Inputs['sources'], maker: Maker<Made>, keep: (made: Made) => Kept): Promise<readonly Kept[]> => {
      const kept: Kept[] = []
      for (const source of sources) kept.push(keep(maker.make(await extractInput(source, onBytes, signatures))))
      return kept
    }
    return { extract, stop: () => Promise.resolve(), threads: 1 }
  }
  return { ...startWorkers(jobs, worker, onBytes, signatures), threads: jobs }
}

/** In the order of the sources, of a very long log each part, as `keep` makes it, in any order. An input that breaks off says so in its warnings; rejects only where a worker itself dies. */
export const extractAll = async <Made, Kept>(
  { sources, totalBytes }: Inputs,
  options: ExtractOptions,
  maker: Maker<Made>,
  keep: (made: Made) => Kept,
): Promise<readonly Kept[]> => {
  const { jobs = availableParallelism(), sharedBytes = SHARED_BYTES } = options
  // Whether threads share it or not: the result does not depend on how many there are.
  const parts = sources.flatMap((source) => shared(source, sharedBytes))
  // Reading keeps a core busy: threads beyond that cost memory and nothing else.
  const reader = startReader(totalBytes, { ...options, jobs: Math.min(jobs, availableParallelism(), parts.length) })
  try {
    return await reader.extract(parts, maker, keep)
  } finally {
    await reader.stop()
  }
}
