/**
 * Walks through a tar archive's bytes once, without unpacking anything to disk: v7, ustar, pax and GNU headers.
 * Written here and not taken from a package, because long headers of a hostile archive must stay bounded too.
 * https://www.gnu.org/software/tar/manual/html_node/Standard.html, https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
 */
import { isTar, unreadable, type Bytes } from './decompress.js'
import { piecesOf, type Walk, type Walked } from './walk.js'

const BLOCK = 512
/** A header that carries a name or attributes; a longer one is skipped, its name stays as it was. */
const MAX_HEADER_BYTES = 1 << 20

export const walkTar = (source: Bytes): Walk => {
  const pieces = piecesOf(source)
  let left = 0 // of the member's body
  let padding = 0

  const skip = async (count: number): Promise<void> => {
    if (!(await pieces.skip(count))) throw cutOff()
  }
  /** The body of a header that belongs to the member after it. */
  const headerBody = async (size: number): Promise<Buffer | null> => {
    const padded = Math.ceil(size / BLOCK) * BLOCK
    if (size > MAX_HEADER_BYTES) {
      await skip(padded)
      return null
    }
    const body = await pieces.take(padded)
    if (body.length < padded) throw cutOff()
    return body.subarray(0, size)
  }

  return {
    async next() {
      await skip(left + padding)
      left = padding = 0
      let longName: string | null = null
      let pax: ReadonlyMap<string, string> = new Map()
      for (;;) {
        const header = await pieces.take(BLOCK)
        if (header.length === 0) return null
        if (header.length < BLOCK) throw cutOff()
        if (header.every((byte) => byte === 0)) return null
        if (!isTar(header)) throw unreadable('the tar archive is broken here')
        const size = number(header, 124, 136)
        const type = String.fromCharCode(header[156] ?? 0)
        if (!(size >= 0)) throw unreadable('the tar archive is broken here')
        if (type === 'L') longName = (await headerBody(size))?.toString('utf8').replace(/\0.*$/su, '') ?? longName
        else if (type === 'K' || type === 'g') await headerBody(size)
        else if (type === 'x') pax = paxRecords((await headerBody(size)) ?? Buffer.alloc(0))
        else {
          const prefix = header.toString('latin1', 257, 262) === 'ustar' && header[263] === 48 ? field(header, 345, 500) : ''
          const short = field(header, 0, 100)
          const name = pax.get('path') ?? longName ?? (prefix === '' ? short : `${prefix}/${short}`)
          left = pax.has('size') ? Number(pax.get('size')) : size
          if (!Number.isSafeInteger(left) || left < 0) throw unreadable('the tar archive is broken here')
          padding = (BLOCK - (left % BLOCK)) % BLOCK
          const seconds = pax.has('mtime') ? Number(pax.get('mtime')) : number(header, 136, 148)
          return { name, type: typeOf(type, name, pax), size: left, changedMs: seconds > 0 ? Math.floor(seconds * 1000) : null, problem: null }
        }
      }
    },
    async *body(gauge) {
      while (left > 0) {
        const piece = await pieces.pull(left)
        if (piece === null) throw cutOff()
        left -= piece.length
        gauge.raw += piece.length
        yield piece
      }
    },
    async close() {
      await pieces.close()
    },
  }
}

const cutOff = (): Error => unreadable('the archive ends too early: it was cut off')

const field = (header: Buffer, start: number, end: number): string => {
  const nul = header.indexOf(0, start)
  return header.toString('utf8', start, nul >= 0 && nul < end ? nul : end)
}

/** Octal digits, or GNU's base 256 where the first bit is set. NaN where it is neither. */
const number = (header: Buffer, start: number, end: number): number => {
  if (((header[start] ?? 0) & 0x80) !== 0) {
    let value = (header[start] ?? 0) & 0x7f
    for (let at = start + 1; at < end; at++) value = value * 256 + (header[at] ?? 0)
    return value
  }
  const digits = header
    .toString('latin1', start, end)
    .replace(/[\0 ]+$/u, '')
    .trim()
  return digits === '' ? 0 : /^[0-7]+$/u.test(digits) ? Number.parseInt(digits, 8) : NaN
}

const typeOf = (type: string, name: string, pax: ReadonlyMap<string, string>): Walked['type'] => {
  if (type === '0' || type === '\0' || type === '7') {
    if (name.endsWith('/')) return 'folder'
    return [...pax.keys()].some((key) => key.startsWith('GNU.sparse.')) ? 'other' : 'file'
  }
  return type === '5' ? 'folder' : type === '1' || type === '2' ? 'link' : 'other'
}

/** '30 mtime=1795249081.887962\n' …: the length counts itself. */
const paxRecords = (body: Buffer): ReadonlyMap<string, string> => {
  const records = new Map<string, string>()
  for (let at = 0; at < body.length;) {
    const blank = body.indexOf(32, at)
    const length = blank > at && blank - at < 8 ? Number(body.toString('latin1', at, blank)) : NaN
    if (!(length > blank - at) || at + length > body.length) break
    const equals = body.indexOf(61, blank)
    if (equals > blank && equals < at + length) records.set(body.toString('utf8', blank + 1, equals), body.toString('utf8', equals + 1, at + length - 1))
    at += length
  }
  return records
}
