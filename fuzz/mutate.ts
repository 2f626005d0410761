/** Inputs made from real lines by small damages, all from one seed: the same seed makes the same input. */

export type Random = (below: number) => number

/** mulberry32: small, and good enough to damage lines with. */
export const randomOf = (seed: number): Random => {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(1, below)
  }
}

/** What breaks parsers: edges of numbers and times, marks of other formats, names that objects have anyhow, bytes that no text has. */
const ODDITIES: readonly Buffer[] = (
  '__proto__ constructor toString null true NaN +Inf -0 1e999 -1 0 00 99999999999999999999 9007199254740993 2147483648 1.7976931348623157e308 ' +
  '0000-00-00T00:00:00Z 9999-12-31T23:59:60Z 2026-02-30T25:61:61+99:99 1969-12-31 Feb_29 24:00:00 -08:00 UTC CEST m=+1.5 ' +
  '[ ] { } " \' \\ \\u \\ud800 \\x #011 #012 [1-2] [999999-999999] %!s(MISSING) ${x} {{x}} = == : :: , ,, ; | < > <!--# <script> <13>1 -- --- ... & &a *a ! ? # ' +
  '(x9999999999_over_9d) 1h2m3.5s 10h0m0s9d node/ pod/ k8s_ uid: std P F stdout'
)
  .split(' ')
  .map((word) => Buffer.from(word.replaceAll('_', ' ').replace('  proto  ', '__proto__')))
  .concat(
    [[0], [0xff], [0xc3], [0xef, 0xbb, 0xbf], [0xe2, 0x80, 0xae], [0x1b, 0x5b, 0x33, 0x31, 0x6d], [9], [13], [10], [32, 32, 32, 32]].map((bytes) =>
      Buffer.from(bytes),
    ),
  )

const MOST_LINE = 8_192
const MOST_BYTES = 48_000

/** One damage done to a line; `other` is a line to take parts from. */
const damage = (line: Buffer, other: Buffer, random: Random): Buffer => {
  const at = random(line.length + 1)
  const end = Math.min(line.length, at + 1 + random(random(4) === 0 ? line.length : 12))
  const around = (middle: Buffer): Buffer => Buffer.concat([line.subarray(0, at), middle, line.subarray(end)])
  const inserted = (middle: Buffer): Buffer => Buffer.concat([line.subarray(0, at), middle, line.subarray(at)])
  const odd = ODDITIES[random(ODDITIES.length)] ?? line
  switch (random(10)) {
    case 0:
      return around(Buffer.alloc(0))
    case 1:
      return around(odd)
    case 2:
    case 3:
      return inserted(odd)
    case 4: {
      const flipped = Buffer.from(line)
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << random(8))
      return flipped
    }
    case 5:
      return line.subarray(0, at)
    case 6:
      return Buffer.concat([line.subarray(0, at), other.subarray(random(other.length + 1))])
    case 7: {
      const part = line.subarray(at, end)
      return inserted(Buffer.concat(new Array<Buffer>(1 + random(random(8) === 0 ? 200 : 4)).fill(part)))
    }
    case 8: {
      // A digit, since most of what is parsed are numbers.
      const digit = line.findIndex((byte, index) => index >= at && byte >= 48 && byte <= 57)
      if (digit < 0) return inserted(odd)
      const changed = Buffer.from(line)
      changed[digit] = 48 + random(10)
      return changed
    }
    default:
      return Buffer.concat([other.subarray(0, random(other.length + 1)), line.subarray(at)])
  }
}

export interface Made {
  readonly bytes: Buffer
  readonly chunkBytes: number
  readonly lines: number
  /** How many of its lines were damaged. */
  readonly damaged: number
}

/** How large an input is, and how much of it is damaged. */
interface Size {
  readonly lines: number
  readonly bytes: number
  /** The share of its lines that are damaged. */
  readonly damaged: number
  readonly smallestChunk: number
}
/** Small ones, a third of whose lines are damaged: what they do is told apart, and any cut of their bytes is tried. */
export const SMALL: Size = { lines: 40, bytes: MOST_BYTES, damaged: 1 / 3, smallestChunk: 1 }
/** Large ones, for reading many damaged lines in little time: what an input costs before its first line is paid once for hundreds. */
export const LARGE: Size = { lines: 2_000, bytes: 250_000, damaged: 2 / 3, smallestChunk: 2_000 }

/** Some lines of the pool, most of one kind, some damaged, joined in one of the ways that files are. */
export const makeInput = (pool: readonly (readonly Buffer[])[], random: Random, size: Size, mostLines = size.lines): Made => {
  const kind = pool[random(pool.length)] ?? []
  const pick = (): Buffer => {
    const from = random(6) === 0 ? (pool[random(pool.length)] ?? kind) : kind
    return from[random(from.length)] ?? Buffer.alloc(0)
  }
  const lines: Buffer[] = []
  const count = 1 + random(1 + random(mostLines))
  const start = random(kind.length)
  let bytes = 0
  let damaged = 0
  for (let index = 0; index < count && bytes < size.bytes; index++) {
    // As they followed each other, mostly: continuations and documents are only read in their order.
    let line = random(4) > 0 ? (kind[(start + index) % Math.max(1, kind.length)] ?? Buffer.alloc(0)) : pick()
    const times = random(300) < size.damaged * 300 ? 1 + random(3) : 0
    for (let done = 0; done < times; done++) line = damage(line, pick(), random).subarray(0, MOST_LINE)
    if (times > 0) damaged++
    lines.push(line)
    bytes += line.length
  }
  const end = Buffer.from(['\n', '\n', '\n', '\r\n', ''][random(5)] ?? '\n')
  const chunkBytes = random(3) === 0 ? size.smallestChunk + random(300) : 1 << 20
  return { bytes: Buffer.concat(lines.flatMap((line) => [line, end])), chunkBytes, lines: lines.length, damaged }
}
