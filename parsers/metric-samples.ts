/** Samples read in columns by metric-kernel.ts, where there is WebAssembly and enough to read. */
import { SIZES, wasmMemory, wasmWindow, type WasmMemory } from '../src/read/wasm-memory.js'
import { AT, AT_ONCE, MAX_NAME_BYTES, metricKernel } from './metric-kernel.js'
import { writeNumberTables } from './metric-number-kernel.js'

/** Less is read before it would pay. */
const WORTH_BYTES = 16_384
/** As much of a chunk as is looked at from one place. */
const MAX_REACH = 1 << 20

/** What was read last: so many samples, when the first and the last of them was, and where what follows begins. */
export interface Columns {
  readonly times: Float64Array
  readonly values: Float64Array
  count: number
  first: number
  last: number
  next: number
}

export interface MetricSamples {
  /** Goes over the samples of an answer from bytes[start] on; null where that cannot be, or there are none. */
  samples(bytes: Buffer, start: number): Columns | null
  /** Lines from bytes[start] to `limit`, which is behind the end of one, are to begin with this name. */
  named(bytes: Buffer, start: number, end: number): void
  /** Goes over such lines, `most` at most, with times from `least` on. */
  lines(bytes: Buffer, start: number, limit: number, most: number, least: number): Columns | null
  end(): void
}

interface Tables {
  readonly memory: WasmMemory
  readonly at: number
  readonly kernel: Readonly<Record<'samples' | 'lines', (...args: readonly number[]) => number>>
  readonly bytes: Uint8Array
  readonly counts: Int32Array
  readonly range: Float64Array
  readonly columns: Columns
}

const open = (): Tables | null => {
  const memory = wasmMemory()
  const at = memory?.take('tables') ?? null
  if (memory === null || at === null) return null
  const kernel = memory.compile(metricKernel)
  writeNumberTables(memory.buffer, at + AT.numbers)
  return {
    memory,
    at,
    kernel,
    bytes: new Uint8Array(memory.buffer, at, SIZES.tables),
    counts: new Int32Array(memory.buffer, at + AT.count, 1),
    range: new Float64Array(memory.buffer, at + AT.first, 2),
    columns: {
      times: new Float64Array(memory.buffer, at + AT.times, AT_ONCE),
      values: new Float64Array(memory.buffer, at + AT.values, AT_ONCE),
      count: 0,
      first: NaN,
      last: NaN,
      next: 0,
    },
  }
}

export const metricSamples = (): MetricSamples => {
  const window = wasmWindow()
  let opened: Tables | null | undefined
  let name = Buffer.alloc(0)
  let nameLength = 0
  let isThere = false

  const tables = (bytes: Buffer): Tables | null => {
    if (opened === undefined && bytes.length < WORTH_BYTES) return null
    return opened === undefined ? (opened = open()) : opened
  }
  const read = ({ counts, range, columns }: Tables, next: number): Columns | null => {
    columns.count = counts[0] ?? 0
    columns.first = range[0] ?? NaN
    columns.last = range[1] ?? NaN
    columns.next = next - window.base
    return columns.count === 0 ? null : columns
  }

  return {
    samples(bytes, start) {
      const limit = Math.min(bytes.length, start + MAX_REACH)
      if (limit <= start) return null
      const known = tables(bytes)
      if (known === null || !window.load(known.memory, bytes, bytes, start, limit)) return null
      return read(known, known.kernel.samples(known.at, window.base + start, window.base + Math.min(window.to, limit)))
    },
    named(bytes, start, end) {
      nameLength = end - start
      isThere = false
      if (name.length < nameLength) name = Buffer.alloc(2 * nameLength)
      bytes.copy(name, 0, start, end)
    },
    lines(bytes, start, limit, most, least) {
      if (nameLength === 0 || nameLength > MAX_NAME_BYTES) return null
      const known = tables(bytes)
      if (known === null || !window.load(known.memory, bytes, bytes, start, limit)) return null
      if (!isThere) {
        known.bytes.set(name.subarray(0, nameLength), AT.name)
        isThere = true
      }
      return read(
        known,
        known.kernel.lines(known.at, window.base + start, window.base + Math.min(window.to, limit), nameLength, Math.min(most, AT_ONCE), least),
      )
    },
    end() {
      if (opened !== undefined && opened !== null) opened.memory.giveBack('tables', opened.at)
      opened = null
      window.end()
    },
  }
}
