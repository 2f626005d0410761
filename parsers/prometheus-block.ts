/**
 * Blocks of Prometheus' own storage, as a snapshot (/api/v1/admin/tsdb/snapshot) or a copied data folder has them: 01J…/{index,chunks/000001}.
 * Floats are read; native histograms are counted and said to be left out, and so is what is not in a block yet (the write-ahead log).
 * https://github.com/prometheus/prometheus/blob/v3.5.0/tsdb/docs/format/README.md
 */
import type { BytesFormat, BytesReader, InputContext, Sink } from '../src/model/format.js'
import { BLOCK_MAGIC, FRAME, FRAME_HEADER } from '../src/read/tsdb-block.js'
import { metricSeries, type SampleWriter } from './metric-series.js'
import { readXorChunk } from './prometheus-block-chunk.js'
import { readIndex, readUvarint, varintEnd, type BlockIndex } from './prometheus-block-index.js'

const CHUNKS_MAGIC = 0x85bd40dd
const SEGMENT_HEADER = 8
const XOR = 1
/** Kinds of chunk other than XOR, by number. */
const KINDS: ReadonlyMap<number, string> = new Map([
  [2, 'native histograms'],
  [3, 'native histograms'],
])
const MAX_INDEX_BYTES = 1 << 30
/** A chunk has 120 samples; even of histograms none is larger. */
const MAX_CHUNK_BYTES = 1 << 20
/** magic, version, checksum: tombstones without an entry. */
const NO_TOMBSTONES = 9

export const prometheusBlock: BytesFormat = {
  id: 'prometheus',
  takes: 'bytes',
  reads: "blocks of Prometheus' storage: a snapshot's index and chunks",
  reference: 'https://github.com/prometheus/prometheus/blob/v3.5.0/tsdb/docs/format/README.md',
  sniff: ({ bytes }) => (bytes.subarray(0, BLOCK_MAGIC.length).equals(BLOCK_MAGIC) ? 1 : 0),
  open: (sink, context) => openBlock(sink, context),
}

const openBlock = (sink: Sink, context: InputContext): BytesReader => {
  const block = blockReader(sink, context)
  let held: Buffer = Buffer.alloc(0)
  let begun = false
  let kind = 0
  let left = -1
  return {
    chunk(bytes) {
      const all = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      let at = 0
      if (!begun) {
        if (all.length < BLOCK_MAGIC.length) {
          held = Buffer.from(all)
          return
        }
        begun = true
        at = BLOCK_MAGIC.length
      }
      for (;;) {
        if (left < 0) {
          if (all.length - at < FRAME_HEADER) break
          kind = all[at] ?? 0
          left = all.readUInt32BE(at + 1)
          at += FRAME_HEADER
        }
        // A name is needed whole; bytes are taken as they come.
        if (kind !== FRAME.bytes && all.length - at < left) break
        const part = all.subarray(at, Math.min(all.length, at + left))
        at += part.length
        left -= part.length
        if (kind === FRAME.file) block.file(part.toString('utf8'))
        else if (kind === FRAME.bytes) block.bytes(part)
        else block.fileEnd()
        if (left > 0) break
        left = -1
      }
      held = Buffer.from(all.subarray(at))
    },
    end: () => block.end(),
  }
}

const blockReader = (sink: Sink, context: InputContext) => {
  const series = metricSeries(sink, context, () => null)
  const range = new Float64Array([Infinity, -Infinity])
  let index: BlockIndex | null = null
  let writers: (SampleWriter | undefined)[] = []
  let name = ''
  let parts: Buffer[] = []
  let size = 0
  /** Of the segment being read: where `parts` begins in it; -1 where the rest of it is passed over. */
  let offset = 0
  /** Of the chunks in the index, the next one to come. */
  let next = 0
  const left = new Map<string, number>()
  const leave = (what: string): void => void left.set(what, (left.get(what) ?? 0) + 1)

  const indexEnd = (): void => {
    try {
      index = readIndex(Buffer.concat(parts))
      writers = new Array<SampleWriter | undefined>(index.size)
    } catch (error) {
      sink.skip(`the block's index is not readable: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  const writerOf = (owner: number, of: BlockIndex): SampleWriter => {
    const known = writers[owner]
    if (known !== undefined) return known
    const { __name__: metric, ...labels } = of.labelsOf(owner)
    return (writers[owner] = series.of(metric ?? null, labels))
  }

  let writer: SampleWriter | null = null
  const sample = (ms: number, value: number): void => {
    sink.record(NaN, 'utc')
    if (ms < (range[0] ?? 0)) range[0] = ms
    if (ms > (range[1] ?? 0)) range[1] = ms
    writer?.push(ms, value)
  }

  /** Whose the chunk at this place is; -1 where nobody in the index has it. */
  const ownerOf = (ref: number, { refs, owners }: BlockIndex): number => {
    if (refs[next] !== ref) {
      let low = 0
      let high = refs.length
      while (low < high) {
        const middle = (low + high) >> 1
        if ((refs[middle] ?? 0) < ref) low = middle + 1
        else high = middle
      }
      next = low
    }
    return refs[next] === ref ? (owners[next++] ?? -1) : -1
  }

  const segment = (bytes: Buffer, whole: boolean): number => {
    let at = 0
    if (offset === 0) {
      if (bytes.length < SEGMENT_HEADER) return 0
      if (bytes.readUInt32BE(0) !== CHUNKS_MAGIC) return stop('it does not begin as a segment of chunks does')
      at = SEGMENT_HEADER
    }
    const first = (Number(name.slice(-6)) - 1) * 2 ** 32
    while (index !== null && at < bytes.length && (whole || bytes.length - at > MAX_CHUNK_BYTES + 16)) {
      const length = readUvarint(bytes, at)
      const data = varintEnd()
      if (length === 0 && bytes[data] === 0) return stop(null) // a segment is made at its full size and may end in zeros
      if (length > MAX_CHUNK_BYTES) return stop('a chunk that is too long')
      if (data + 1 + length > bytes.length) return stop('it ends within a chunk')
      const encoding = bytes[data] ?? 0
      const owner = ownerOf(first + offset + at, index)
      if (owner < 0) leave('chunks that the index does not know')
      else if (encoding === XOR) {
        writer = writerOf(owner, index)
        try {
          readXorChunk(bytes, data + 1, data + 1 + length, sample)
        } catch {
          leave('broken chunks')
        }
      } else leave(KINDS.get(encoding) ?? `chunks of encoding ${encoding}`)
      at = data + 1 + length + 4
    }
    return at
  }

  const stop = (why: string | null): number => {
    if (why !== null) sink.skip(`${name}: ${why}`)
    offset = -1
    return 0
  }

  const segmentBytes = (whole: boolean): void => {
    if (offset < 0 || index === null) return
    const all = parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
    let read = 0
    try {
      read = segment(all, whole)
    } catch {
      stop('it ends within a chunk')
    }
    if (offset < 0) parts = []
    else {
      offset += read
      parts = [Buffer.from(all.subarray(read))]
    }
    size = parts[0]?.length ?? 0
  }

  return {
    file(called: string): void {
      name = called
      parts = []
      size = offset = 0
    },
    bytes(part: Buffer): void {
      const inSegment = /(?:^|\/)chunks\/\d{6}$/u.test(name)
      size += part.length
      if (offset < 0 || size > MAX_INDEX_BYTES || (inSegment && index === null)) {
        parts = []
        return
      }
      if (name !== 'index' && !inSegment) return
      parts.push(Buffer.from(part))
      if (inSegment && size > 4 * MAX_CHUNK_BYTES) segmentBytes(false)
    },
    fileEnd(): void {
      if (name === 'index') {
        if (size > MAX_INDEX_BYTES) sink.skip("the block's index is larger than 1 GiB")
        else indexEnd()
      } else if (/(?:^|\/)chunks\/\d{6}$/u.test(name)) segmentBytes(true)
      else if (name === 'tombstones' && size > NO_TOMBSTONES) sink.warn('the block has tombstones: what was deleted from it is shown as if it were not')
      else if (/^(?:\/?(?:wal|wbl)|.*chunks_head)\//u.test(name)) {
        sink.warn(
          'the write-ahead log beside the blocks is not read: it holds the last hours, which a snapshot (/api/v1/admin/tsdb/snapshot) puts into a block',
        )
        sink.fact({
          fact: 'missing',
          what: "Prometheus' write-ahead log is not read",
          hides: 'the metrics of the last two to three hours before its folder was copied',
        })
      }
      parts = []
    },
    end(): void {
      for (const [what, count] of left) sink.warn(`${count} ${what === 'native histograms' ? `chunks of ${what}` : what} were left out`)
      series.end(range[0] ?? NaN, range[1] ?? NaN)
    },
  }
}
