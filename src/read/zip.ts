/**
 * Walks through a zip archive's bytes once, from front to back by its local headers, without unpacking anything to disk: stored and
 * deflated members, zip64, data descriptors. For zips inside other archives and in streams; one in a file of its own is read by its
 * table of contents (zip-file.ts). Written here because members must be bounded, and an archive that was cut off must give what it has.
 * https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT (sections 4.3.7 to 4.3.9, 4.4.4, 4.5.3)
 */
import { crc32, createInflateRaw } from 'node:zlib'
import { CHUNK_BYTES } from './decoders.js'
import { bounded, reasonOf, unreadable, type Bytes } from './decompress.js'
import { gaugeOf, type Allowance, type Gauge } from './limits.js'
import { piecesOf, type Pieces, type Walk } from './walk.js'

const LOCAL = 0x04034b50
const DESCRIPTOR = 0x08074b50
/** What begins the table of contents at the end: of a member, of the archive, of a large archive, its signature, its extra data. */
const CONTENTS = new Set([0x02014b50, 0x06054b50, 0x06064b50, 0x05054b50, 0x08064b50])
const LOCAL_REST = 26
const FULL = 0xffffffff

const ENCRYPTED = 1
const SIZES_FOLLOW = 8

const STORED = 0
const DEFLATED = 8
/** Members whose bytes are a whole file of that compression: taken off like any other. */
const SELF_TOLD: readonly number[] = [12, 93, 95]
const METHODS: Readonly<Record<number, string>> = { 9: 'deflate64', 14: 'lzma', 98: 'ppmd' }

/** Why a member with these marks cannot be read; null where it can. */
export const problemOf = (flags: number, method: number): string | null => {
  if ((flags & ENCRYPTED) !== 0 || method === 99) return 'it is encrypted: unpack it with its password and give what is in it'
  if (method === STORED || method === DEFLATED || SELF_TOLD.includes(method)) return null
  return `packed by method ${method}${METHODS[method] === undefined ? '' : ` (${METHODS[method]})`}, which is not supported: unpack it and give what is in it`
}

/** MS-DOS date and time, which carry no zone: taken as UTC, since only a missing year is ever read from them. */
export const dosTime = (date: number, time: number): number | null =>
  date === 0
    ? null
    : Date.UTC(1980 + (date >> 9), Math.max(0, ((date >> 5) & 15) - 1), Math.max(1, date & 31), time >> 11, (time >> 5) & 63, Math.min(59, (time & 31) * 2))

interface Local {
  readonly flags: number
  readonly method: number
  readonly crc: number
  readonly packed: number
  readonly size: number
  readonly name: string
  readonly changedMs: number | null
}

export const walkZip = (source: Bytes, allowance: Allowance): Walk => {
  const bytes = piecesOf(source)
  let member: Local | null = null
  /** The member's plain bytes where its end is found only by reading it. */
  let open: AsyncIterator<Buffer> | null = null
  let left = 0 // of the member's packed bytes, where they were told

  const follows = (of: Local): boolean => (of.flags & SIZES_FOLLOW) !== 0 && of.packed === 0

  /** The packed bytes of a member of known size. */
  const told = async function* (gauge: Gauge): Bytes {
    while (left > 0) {
      const piece = await bytes.pull(Math.min(left, CHUNK_BYTES))
      if (piece === null) {
        left = 0
        throw cutOff()
      }
      left -= piece.length
      gauge.raw += piece.length
      yield piece
    }
  }

  /** The plain bytes of a member whose end is found only by reading it. */
  const opened = (of: Local, gauge: Gauge): AsyncIterator<Buffer> =>
    (open ??= (of.method === DEFLATED ? inflated(pulled(bytes, gauge), gauge, bytes) : storedUntilDescriptor(bytes, gauge))[Symbol.asyncIterator]())

  const pass = async (): Promise<void> => {
    if (member === null) return
    if (follows(member)) {
      const plain = opened(member, gaugeOf(allowance))
      while ((await plain.next()).done !== true);
    } else {
      if (!(await bytes.skip(left))) throw cutOff()
      if ((member.flags & SIZES_FOLLOW) !== 0) await skipDescriptor(bytes)
    }
    open = null
    member = null
    left = 0
  }

  return {
    async next() {
      await pass()
      for (let first = true; ; first = false) {
        const signature = await bytes.take(4)
        if (signature.length < 4) throw cutOff()
        const magic = signature.readUInt32LE(0)
        if (magic === DESCRIPTOR && first) continue // the mark of an archive that was made for several disks
        if (CONTENTS.has(magic)) return null
        if (magic !== LOCAL) throw unreadable('the zip archive is broken here')
        member = await localHeader(bytes)
        break
      }
      left = member.packed
      const problem = problemOf(member.flags, member.method)
      if (follows(member)) {
        if (problem !== null || (member.method !== DEFLATED && member.method !== STORED))
          throw unreadable(`${member.name}: ${problem ?? 'its size is not told'}; it does not say where the next one begins`)
      }
      const { name, size, changedMs } = member
      return { name, type: name.endsWith('/') ? 'folder' : 'file', size, changedMs, problem }
    },
    async *body(gauge) {
      if (member === null) return
      if (!follows(member)) {
        const packed = told(gauge)
        const crc = (member.flags & SIZES_FOLLOW) !== 0 ? null : member.crc // it comes after the bytes, too
        yield* plainOf(member.method, packed, gauge, crc)
        return
      }
      // Kept, not closed with this body: what comes next is found by reading to the end.
      const plain = opened(member, gauge)
      for (;;) {
        const next = await plain.next()
        if (next.done) return
        yield next.value
      }
    },
    async close() {
      await open?.return?.()
      await bytes.close()
    },
  }
}

const cutOff = (): Error => unreadable('the archive ends too early: it was cut off')

const localHeader = async (bytes: Pieces): Promise<Local> => {
  const header = await bytes.take(LOCAL_REST)
  if (header.length < LOCAL_REST) throw cutOff()
  const name = await bytes.take(header.readUInt16LE(22))
  const extra = await bytes.take(header.readUInt16LE(24))
  let packed = header.readUInt32LE(14)
  let size = header.readUInt32LE(18)
  const large = extraField(extra, 1)
  if (large !== null) {
    // In this order, and only those that do not fit above.
    let at = 0
    if (size === FULL && large.length >= at + 8) {
      size = Number(large.readBigUInt64LE(at))
      at += 8
    }
    if (packed === FULL && large.length >= at + 8) packed = Number(large.readBigUInt64LE(at))
  }
  const flags = header.readUInt16LE(2)
  return {
    flags,
    method: header.readUInt16LE(4),
    crc: header.readUInt32LE(10),
    packed,
    size,
    name: name.toString('utf8'),
    changedMs: unixTime(extra) ?? dosTime(header.readUInt16LE(8), header.readUInt16LE(6)),
  }
}

const extraField = (extra: Buffer, id: number): Buffer | null => {
  for (let at = 0; at + 4 <= extra.length;) {
    const length = extra.readUInt16LE(at + 2)
    if (extra.readUInt16LE(at) === id && at + 4 + length <= extra.length) return extra.subarray(at + 4, at + 4 + length)
    at += 4 + length
  }
  return null
}

/** Info-ZIP's own field: flags, then seconds since the epoch. */
const unixTime = (extra: Buffer): number | null => {
  const field = extraField(extra, 0x5455)
  return field !== null && field.length >= 5 && ((field[0] ?? 0) & 1) === 1 ? field.readInt32LE(1) * 1_000 : null
}

const pulled = async function* (bytes: Pieces, gauge: Gauge): Bytes {
  for (;;) {
    const piece = await bytes.pull(CHUNK_BYTES)
    if (piece === null) throw cutOff()
    gauge.raw += piece.length
    yield piece
  }
}

/** Deflated bytes made plain. `rest`: where their end is only found by reading; what lies behind goes back there, and the descriptor is read over. */
const inflated = (packed: Bytes, gauge: Gauge, rest: Pieces | null): Bytes => bounded(inflate(packed, rest), gauge)

const inflate = async function* (packed: Bytes, rest: Pieces | null): Bytes {
  const plain = createInflateRaw({ chunkSize: CHUNK_BYTES })
  const out: Buffer[] = []
  const state: { error: Error | null; ended: boolean } = { error: null, ended: false }
  plain.on('data', (chunk: Buffer) => out.push(chunk))
  plain.on('error', (error) => (state.error = error))
  plain.on('end', () => (state.ended = true))
  let fed = 0
  try {
    for await (const chunk of packed) {
      // All of a chunk goes in, or back: a piece that holds the end may not be the chunk's last.
      for (let at = 0; at < chunk.length && !state.ended && state.error === null; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE)
        fed += piece.length
        await new Promise<void>((resolve) => plain.write(piece, () => resolve()))
        if (rest !== null) await new Promise<void>((resolve) => setImmediate(resolve)) // its end is told one turn after the write
        yield* out.splice(0)
        if (plain.bytesWritten < fed) state.ended = true
        if (state.ended) rest?.unread(chunk.subarray(at + piece.length - (fed - plain.bytesWritten)))
      }
      if (state.error !== null) throw state.error
      if (state.ended) break
    }
    if (!state.ended) {
      await new Promise<void>((resolve) => {
        plain.once('close', resolve)
        plain.end()
      })
      yield* out.splice(0)
      if (state.error !== null) throw state.error // set by the listener meanwhile, which the compiler cannot see
    }
    if (rest !== null) await skipDescriptor(rest)
  } catch (error) {
    throw error instanceof Error && error.name === 'Unreadable' ? error : unreadable(reasonOf('zip', error))
  } finally {
    plain.destroy()
  }
}
const PIECE = 1 << 16

/** A member's plain bytes; a method that tells itself is left to whoever takes off compressions. */
export const plainOf = (method: number, packed: Bytes, gauge: Gauge, crc: number | null): Bytes => {
  const plain = method === DEFLATED ? inflated(packed, gauge, null) : packed
  return crc === null || SELF_TOLD.includes(method) ? plain : checked(plain, crc)
}

/** Everything is given out; then a checksum that does not hold is said. */
const checked = async function* (plain: Bytes, expected: number): Bytes {
  let sum = 0
  for await (const chunk of plain) {
    sum = crc32(chunk, sum)
    yield chunk
  }
  if (sum !== expected) throw unreadable('the zip data are broken (its checksum does not hold)')
}

/** Crc and sizes after the member: with or without their mark, sizes of four bytes or eight. */
const skipDescriptor = async (bytes: Pieces): Promise<void> => {
  const most = await bytes.take(28)
  const start = most.length >= 4 && most.readUInt32LE(0) === DESCRIPTOR ? 8 : 4
  // What follows begins with 'PK': the shorter form is tried first.
  const next = [start + 8, start + 16].find((at) => most[at] === 0x50 && most[at + 1] === 0x4b)
  if (next === undefined) throw most.length < start + 16 ? cutOff() : unreadable('the zip archive is broken here')
  bytes.unread(most.subarray(next))
}

/** Not packed, and its size told only after it: it ends at a mark that is followed by just this many bytes' size. */
const storedUntilDescriptor = async function* (bytes: Pieces, gauge: Gauge): Bytes {
  const MARK = Buffer.from([0x50, 0x4b, 0x07, 0x08])
  let size = 0
  let held: Buffer = Buffer.alloc(0)
  for (;;) {
    const piece = await bytes.pull(CHUNK_BYTES)
    if (piece === null) {
      yield held
      throw cutOff()
    }
    held = held.length === 0 ? piece : Buffer.concat([held, piece])
    for (let at = held.indexOf(MARK); at >= 0 && at + 16 <= held.length; at = held.indexOf(MARK, at + 1)) {
      if (held.readUInt32LE(at + 8) !== (size + at) % 2 ** 32) continue
      gauge.raw += at
      yield held.subarray(0, at)
      bytes.unread(held.subarray(at))
      await skipDescriptor(bytes)
      return
    }
    // A mark may lie across two pieces, and needs what comes after it.
    const keep = Math.min(held.length, 23)
    const given = held.subarray(0, held.length - keep)
    held = Buffer.from(held.subarray(held.length - keep))
    size += given.length
    gauge.raw += given.length
    if (given.length > 0) yield given
  }
}
