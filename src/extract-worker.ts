/** A thread that extracts one input after the other: plain files it reads itself, all others are fed to it. */
import { parentPort } from 'node:worker_threads'
import { asItIs, asPacked, withPacked, type WithPacked } from './makers.js'
import type { InputExtract } from './model/extract.js'
import type { Signature } from './model/signature.js'
import { extractInput } from './read/extract-input.js'
import { packSignals } from './read/packed-signals.js'
import { fileChunks } from './read/plain-file.js'
import type { FromWorker, ToWorker, Unit } from './read/worker-messages.js'

const port = parentPort
if (port === null) throw new Error('this file is started as a worker, by src/read/workers.ts')

const say = (message: FromWorker, transfer: readonly ArrayBuffer[] = []): void => port.postMessage(message, transfer)

/** What was fed and not read yet, and who waits for it. */
let fed: Exclude<ToWorker, { readonly say: 'begin' }>[] = []
let wake: (() => void) | null = null

const nextFed = async (): Promise<Exclude<ToWorker, { readonly say: 'begin' }>> => {
  for (;;) {
    const next = fed.shift()
    if (next !== undefined) return next
    await new Promise<void>((resolve) => (wake = resolve))
  }
}

const fedChunks = async function* (): AsyncGenerator<Buffer> {
  for (;;) {
    const next = await nextFed()
    if (next.say === 'end') {
      if (next.broken !== null) throw new Error(next.broken)
      return
    }
    yield Buffer.from(next.buffer, 0, next.size)
    say({ say: 'took', buffer: next.buffer }, [next.buffer])
  }
}

const extract = async ({ part, ...unit }: Unit, make: string, signatures: readonly Signature[]): Promise<void> => {
  const { plain } = unit
  const done = await extractInput(
    {
      ...unit,
      ...(part === undefined ? {} : { part: { ...part, line: () => part.line } }),
      chunks: () => (plain === undefined ? fedChunks() : fileChunks(plain.file, part?.from, part?.to)),
    },
    plain === undefined ? undefined : (bytes) => say({ say: 'read', bytes }),
    signatures,
  )
  if (make === asPacked.name) say({ say: 'made', made: asPacked.make(done) })
  else if (make === withPacked.name)
    say({ say: 'made', made: { ...withPacked.make(done), signals: packSignals(done.signals) } satisfies WithPacked }, columnsOf(done))
  else say({ say: 'made', made: asItIs.make(done) }, columnsOf(done))
}

/** The memory of the series goes over as it is. */
const columnsOf = ({ series }: InputExtract): ArrayBuffer[] => {
  const buffers = new Set<ArrayBuffer>()
  for (const { times, values } of series) for (const { buffer } of [times, values]) if (buffer instanceof ArrayBuffer) buffers.add(buffer)
  return [...buffers]
}

port.on('message', (message: ToWorker) => {
  if (message.say === 'begin') {
    fed = []
    void extract(message.unit, message.make, message.signatures) // what it rejects with ends the thread, which workers.ts is told
    return
  }
  fed.push(message)
  wake?.()
  wake = null
})
