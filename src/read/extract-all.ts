/** Every input's extract: one after the other, or, where it pays, spread over worker threads. The result is the same. */
import { availableParallelism } from 'node:os'
import type { InputExtract } from '../model/extract.js'
import type { Signature } from '../model/signature.js'
import type { Bytes } from './decompress.js'
import { extractInput, type Source } from './extract-input.js'
import { keeper, type InPlace } from './in-place.js'
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
  /** Reads one: resolves when its bytes are read; what is made of it may come later. */
  readonly begin: <Made>(source: Source, maker: Maker<Made>) => Promise<{ readonly made: Promise<Made> }>
  /** In the order of the sources, each as `keep` makes it as soon as it is read; may be asked again before it has answered. */
  extract<Made, Kept>(sources: readonly Source[], maker: Maker<Made>, keep: (made: Made) => Kept): Promise<readonly Kept[]>
  stop(): Promise<void>
  /** How many inputs it reads at the same time. */
  readonly threads: number
}

/** For whoever reads one input after another, so many bytes in all: threads are started once, where they pay. */
export const startReader = (totalBytes: number, options: ExtractOptions = {}): Reader => {
  const { jobs = availableParallelism(), worthBytes = WORTH_BYTES, worker = compiled(), signatures = [], onBytes = () => undefined } = options
  if (worker !== null && jobs >= 2 && totalBytes >= worthBytes) return { ...startWorkers(jobs, worker, onBytes, signatures), threads: jobs }
  const read = async <Made>(source: Source, maker: Maker<Made>): Promise<Made> => maker.make(await extractInput(source, onBytes, signatures))
  return {
    begin: async (source, maker) => ({ made: Promise.resolve(await read(source, maker)) }),
    async extract(sources, maker, keep) {
      const kept = []
      for (const source of sources) kept.push(keep(await read(source, maker)))
      return kept
    },
    stop: () => Promise.resolve(),
    threads: 1,
  }
}

export interface ReadingOptions extends Omit<ExtractOptions, 'onBytes'> {
  readonly onBytes?: (count: number, inputs: Pick<Inputs, 'totalBytes'>) => void
}

export interface Reading<Kept> extends InPlace {
  /** All there is to read, of a very long log each part, in any order. An input that breaks off says so in its warnings; rejects only where a worker itself dies. */
  all(inputs: Pick<Inputs, 'sources' | 'totalBytes'>): Promise<readonly Kept[]>
}

/** A source that was read in place, with what had been said about it by then. */
interface Begun<Made, Kept> {
  readonly made: Promise<Made>
  readonly warnings: number
  kept: Promise<Kept> | null
}

/** Each as `keep` makes it of what is made of it, as soon as nothing about it can change. */
export const startReading = <Made, Kept>(options: ReadingOptions, maker: Maker<Made>, keep: (made: Made) => Kept): Reading<Kept> => {
  const { jobs = availableParallelism(), sharedBytes = SHARED_BYTES } = options
  const about = { totalBytes: 0 }
  const start = (most: number): Reader =>
    startReader(about.totalBytes, {
      ...options,
      onBytes: (count) => options.onBytes?.(count, about),
      // Reading keeps a core busy: threads beyond that cost memory and nothing else.
      jobs: Math.min(jobs, availableParallelism(), most),
    })
  let reader: Reader | null = null
  const begun = new Map<Source['chunks'], Begun<Made, Kept>>()
  const settled = (one: Begun<Made, Kept>): Promise<Kept> => {
    one.kept ??= one.made.then(keep)
    one.kept.catch(() => undefined) // told at the end
    return one.kept
  }
  /** Null where it was not read in place, or more has been said about it since. */
  const asFound = ({ chunks, warnings = [] }: Pick<Source, 'chunks' | 'warnings'>): Begun<Made, Kept> | null => {
    const one = begun.get(chunks)
    return one !== undefined && (one.kept !== null || one.warnings === warnings.length) ? one : null
  }

  return {
    expect(totalBytes) {
      about.totalBytes = totalBytes
    },
    keep: keeper(),
    async read(source, bytes) {
      const { chunks, warnings = [] } = source
      reader ??= start(Infinity)
      let broke = false
      const watched = async function* (): Bytes {
        try {
          yield* bytes
        } catch (error) {
          broke = true
          throw error
        }
      }
      const { made } = await reader.begin({ ...source, chunks: watched }, maker)
      if (!broke) begun.set(chunks, { made, warnings: warnings.length, kept: null })
    },
    settle(source) {
      const one = asFound(source)
      if (one !== null) void settled(one)
    },
    async all({ sources, totalBytes }) {
      const found = sources.map((source) => ({ source, early: asFound(source) }))
      const early = found.flatMap((one) => (one.early === null ? [] : [settled(one.early)]))
      begun.clear() // the sources stay, and with them all that could be asked again
      // Whether threads share it or not: the result does not depend on how many there are.
      const parts = found.flatMap((one) => (one.early === null ? shared(one.source, sharedBytes) : []))
      about.totalBytes = totalBytes
      if (reader === null || reader.threads === 1) reader = start(parts.length)
      try {
        const later = await reader.extract(parts, maker, keep)
        return [...(await Promise.all(early)), ...later]
      } finally {
        await reader.stop()
      }
    },
  }
}
