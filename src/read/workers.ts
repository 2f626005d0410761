/** Threads that extract for the main one. Plain files go to whoever is free, the largest first; what has to be read in order is fed, in order. */
import { Worker } from 'node:worker_threads'
import type { Signature } from '../model/signature.js'
import type { Maker } from './extract-all.js'
import type { Source } from './extract-input.js'
import { BUFFER_BYTES, BUFFERS, type FromWorker, type ToWorker, type Unit } from './worker-messages.js'

/** What is new in a thread's heap is tidied when it is this much: left alone, each thread would have some 48 MB of it. */
const YOUNG_MB = 4

export interface Workers {
  /** Reads one where a thread is free: resolves when its bytes are read; what is made of it may come later. Rejects where a worker dies. */
  readonly begin: <Made>(source: Source, maker: Maker<Made>) => Promise<{ readonly made: Promise<Made> }>
  /** In the order of the sources what `keep` makes of what is made of each as it comes. Rejects where a worker dies. */
  extract<Made, Kept>(sources: readonly Source[], maker: Maker<Made>, keep: (made: Made) => Kept): Promise<readonly Kept[]>
  stop(): Promise<void>
}

interface Waiting<T> {
  readonly resolve: (got: T) => void
  readonly reject: (error: Error) => void
}

/** What is waited for is rejected where the thread ends by itself. */
interface Thread {
  send(message: ToWorker, transfer?: readonly ArrayBuffer[]): void
  /** A buffer that is not under way. */
  buffer(): Promise<ArrayBuffer>
  /** What was made of the input that was begun. */
  result(): Promise<unknown>
  stop(): Promise<void>
}

export const startWorkers = (count: number, file: URL, onBytes: (count: number) => void, signatures: readonly Signature[] = []): Workers => {
  const free: Thread[] = []
  const waiting: Waiting<Thread>[] = []
  let dead: Error | null = null
  let fail: (error: Error) => void = () => undefined
  const failure = new Promise<never>((_, reject) => (fail = reject))
  failure.catch(() => undefined) // told to whoever waits for extracts; if nobody does, it does not matter
  const died = (error: Error): void => {
    dead ??= error
    fail(error)
    for (const { reject } of waiting.splice(0)) reject(error)
  }
  const threads = Array.from({ length: count }, () => startThread(file, onBytes, died))
  const release = (thread: Thread): void => {
    const next = waiting.shift()
    if (next === undefined) free.push(thread)
    else next.resolve(thread)
  }
  threads.forEach(release)
  const anyFree = (): Promise<Thread> => {
    if (dead !== null) return Promise.reject(dead)
    const thread = free.shift()
    return thread === undefined ? new Promise((resolve, reject) => waiting.push({ resolve, reject })) : Promise.resolve(thread)
  }

  const begin: Workers['begin'] = async <Made>(source: Source, maker: Maker<Made>) => {
    const thread = await anyFree()
    thread.send({ say: 'begin', unit: await unitOf(source), make: maker.name, signatures })
    const made = thread.result().then((result) => {
      release(thread)
      return maker.received(result as Made) // the thread has that maker's result to give
    })
    made.catch(() => undefined) // told to whoever waits for it
    if (source.plain === undefined) await feed(thread, source, onBytes)
    return { made }
  }

  return {
    begin,
    async extract<Made, Kept>(sources: readonly Source[], maker: Maker<Made>, keep: (made: Made) => Kept) {
      const extracts: Kept[] = []
      const running: Promise<void>[] = []
      const run = async (index: number, source: Source): Promise<void> => {
        const { made } = await begin(source, maker)
        const kept = made.then((one) => void (extracts[index] = keep(one)))
        kept.catch(() => undefined) // told when all are read, or before
        running.push(kept)
      }
      const all = [...sources.entries()]
      const inTurn = async (some: readonly (readonly [number, Source])[]): Promise<void> => {
        for (const [index, source] of some) await run(index, source)
      }
      const plain = all.filter(([, source]) => source.plain !== undefined)
      const everything = async (): Promise<void> => {
        await Promise.all([
          inTurn(all.filter(([, source]) => source.plain === undefined)),
          inTurn([...plain].sort(([, a], [, b]) => (b.plain?.size ?? 0) - (a.plain?.size ?? 0))),
        ])
        await Promise.all(running)
      }
      await Promise.race([everything(), failure])
      return extracts
    },
    async stop() {
      await Promise.all(threads.map((thread) => thread.stop()))
    },
  }
}

/** Functions cannot go over. */
const unitOf = async ({ path, wrapping, changedMs, context, warnings, once, plain, part }: Source): Promise<Unit> => ({
  path,
  wrapping,
  changedMs,
  context,
  ...(warnings === undefined ? {} : { warnings }),
  ...(once === undefined ? {} : { once }),
  ...(plain === undefined ? {} : { plain }),
  ...(part === undefined ? {} : { part: { from: part.from, to: part.to, head: part.head, line: await part.line() } }),
})

const startThread = (file: URL, onBytes: (count: number) => void, died: (error: Error) => void): Thread => {
  const worker = new Worker(file, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } })
  const idle: ArrayBuffer[] = []
  let made = 0
  let wantBuffer: Waiting<ArrayBuffer> | null = null
  let wantResult: Waiting<unknown> | null = null
  let stopping = false
  let ended: Error | null = null
  worker.on('message', (message: FromWorker) => {
    if (message.say === 'read') onBytes(message.bytes)
    else if (message.say === 'made') {
      const want = wantResult
      wantResult = null // holds what it was given
      want?.resolve(message.made)
    } else if (wantBuffer === null) idle.push(message.buffer)
    else {
      wantBuffer.resolve(message.buffer)
      wantBuffer = null
    }
  })
  const end = (error: Error): void => {
    ended ??= error
    wantBuffer?.reject(ended)
    wantResult?.reject(ended)
    died(ended)
  }
  worker.on('error', end)
  worker.on('exit', (code) => {
    if (!stopping) end(new Error(`a thread that reads ended by itself (exit code ${code})`))
  })
  const wanted = <T>(by: (waiting: Waiting<T>) => void): Promise<T> =>
    ended === null ? new Promise((resolve, reject) => by({ resolve, reject })) : Promise.reject(ended)
  return {
    send: (message, transfer = []) => worker.postMessage(message, transfer),
    buffer() {
      const next = idle.pop()
      if (next !== undefined) return Promise.resolve(next)
      if (made < BUFFERS) {
        made++
        return Promise.resolve(new ArrayBuffer(BUFFER_BYTES))
      }
      return wanted((waiting) => (wantBuffer = waiting))
    },
    result: () => wanted((waiting) => (wantResult = waiting)),
    async stop() {
      stopping = true
      await worker.terminate()
    },
  }
}

/** Gives a thread the bytes of a source, as fast as it takes them. What goes wrong in reading them is the thread's to tell in the extract. */
const feed = async (thread: Thread, source: Source, onBytes: (count: number) => void): Promise<void> => {
  let broken: string | null = null
  try {
    for await (const chunk of source.chunks()) {
      onBytes(chunk.length)
      for (let at = 0; at < chunk.length; at += BUFFER_BYTES) {
        const buffer = await thread.buffer()
        const size = chunk.copy(new Uint8Array(buffer), 0, at, Math.min(chunk.length, at + BUFFER_BYTES))
        thread.send({ say: 'bytes', buffer, size }, [buffer])
      }
    }
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error)
  }
  thread.send({ say: 'end', broken })
}
