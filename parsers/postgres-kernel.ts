/**
 * What postgres-steady.ts goes over a server's log with, as WebAssembly: what the loops over its forms (postgres-kernel-lines.ts, postgres-kernel-csv.ts) have
 * in common. They find the parts of each record, tell what says nothing from what does, and write down an event for each. Where they stop, the record is
 * read as any other. All places are addresses in wasm-memory.ts' memory.
 */
import {
  at,
  block,
  byteIs,
  differs,
  digitReader,
  f64,
  i32,
  i64,
  isDigit,
  jump,
  jumpIf,
  loop,
  mix,
  raise,
  search,
  v128,
  when,
  type Code,
  type Label,
  type Local,
  type ValueType,
} from '../src/read/wasm.js'

/** What stands where in a reader's tables, in bytes. */
export const AT = {
  limit: 0,
  most: 4,
  /** 1: a point and three digits follow the seconds. */
  fraction: 8,
  zone: 12,
  hour: 16,
  /** In and out: lines that begin with a tab go on with what nobody waits for. */
  free: 24,
  /** Out: events; lines after the last one; whether those go on with it; 1 where it stopped because a line begins otherwise. */
  events: 28,
  trailing: 32,
  own: 36,
  differs: 40,
  /** What lines begin with up to the minutes, and what stands behind the time; which bits of that count. */
  hourBytes: 64,
  hourMask: 80,
  zoneBytes: 96,
  zoneMask: 112,
  /** By a message's first letter where in `texts` its group begins; 0: there is none. */
  letters: 128,
  texts: 1_024,
  /** Hashes of names. */
  names: 8_192,
  happened: 16_384,
} as const
/** A text that messages begin with: its length and meaning, its bytes and which of them count. A group begins with how many there are. */
export const TEXT = { length: 0, meaning: 4, bytes: 16, mask: 64, size: 112, most: 48 } as const
/** Names that many lines share, by a hash. */
export const NAMES = 1_024
/**
 * A record or a DETAIL: when, how long its statement took, what it is, lines since the event before, whose; its line, where its severity and its message
 * begin, where the line ends and where the last line that goes on with it does; its names (negative: new in their place).
 */
export const EVENT = {
  ms: 0,
  value: 8,
  kind: 16,
  lines: 20,
  pid: 24,
  line: 28,
  word: 32,
  message: 36,
  end: 40,
  until: 44,
  names: 48,
  size: 56,
  most: 4_000,
} as const
/** Kinds of events that are no meanings of postgres-bytes.ts; those are smaller. */
export const KIND = { warning: 16, error: 17, fatal: 18, panic: 19, detail: 20 } as const
/** What a LOG message can mean: as in postgres-bytes.ts. */
export const MEANING = { nothing: 0, duration: 1, something: 4 } as const

/** Where minutes and seconds stand in a stamp. */
const MINUTES = 14
const SECONDS = 17
/** A line has to be longer than the head that is looked at without asking for its end. */
export const MIN_LINE = 64

export const NEWLINE = 10
export const RETURN = 13
export const BLANK = 32
export const QUOTE = 34
export const COMMA = 44
const POINT = 46
export const COLON = 58

/** What the loops are made of: code over locals of theirs. `stop` is where a record goes that is not as most are; the record begins at `start`. */
export const recordParts = (tables: Local, start: Local, stop: Label, local: (type: ValueType) => Local) => {
  const word = (): Local => local('i32')
  const [from, message, end, byte, odd, seconds, kind, names, event, mark, index, left] = [
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
  ]
  const [ms, value, scale] = [local('f64'), local('f64'), local('f64')]
  const [hash, chunk] = [local('i64'), local('v128')]
  const param = (offset: number): Code => i32.load(tables.get, offset)

  const { digit, clock, isOdd } = digitReader({ byte, odd, seconds })
  const differsFrom = (address: Code, pattern: number, mask: number): Code =>
    differs(v128.load(address), v128.load(tables.get, pattern), v128.load(tables.get, mask))
  /** `found` becomes where the first of these bytes stands from `found` on: a newline comes before the end of what may be read. */
  const find = (found: Local, ...bytes: readonly number[]): Code => search(found, { chunk, mark }, bytes)
  /** `ms` becomes the time, `from` where it ends. */
  const readTime = (): Code => [
    odd.set(i32.const(0)),
    clock(start.get, MINUTES),
    jumpIf(stop, i32.eqz(byteIs(start, COLON, MINUTES + 2))),
    seconds.set(i32.mul(seconds.get, i32.const(1000))),
    from.set(at(start, SECONDS + 2)),
    when(
      param(AT.fraction),
      jumpIf(stop, i32.eqz(byteIs(from, POINT))),
      digit(from.get, 1),
      raise(seconds, i32.mul(byte.get, i32.const(100))),
      digit(from.get, 2),
      raise(seconds, i32.mul(byte.get, i32.const(10))),
      digit(from.get, 3),
      raise(seconds, byte.get),
      raise(from, 4),
    ),
    jumpIf(stop, isOdd),
    jumpIf(stop, differsFrom(from.get, AT.zoneBytes, AT.zoneMask)),
    raise(from, param(AT.zone)),
    ms.set(f64.add(f64.load(tables.get, AT.hour), f64.ofSigned(seconds.get))),
  ]
  /** `kind` becomes what the message means, by the texts that messages begin with. */
  const look = (): Code => {
    const [texts, next, told, bytes] = [Symbol('texts'), Symbol('next'), Symbol('told'), Symbol('bytes')]
    const isOther = differs(
      v128.load(i32.add(message.get, index.get)),
      v128.load(i32.add(mark.get, index.get), TEXT.bytes),
      v128.load(i32.add(mark.get, index.get), TEXT.mask),
    )
    return block(
      told,
      kind.set(i32.const(MEANING.something)),
      mark.set(i32.load16(i32.add(tables.get, i32.shl(i32.load8(message.get), i32.const(1))), AT.letters)),
      jumpIf(told, i32.eqz(mark.get)),
      mark.set(i32.add(tables.get, mark.get)),
      left.set(i32.load(mark.get)),
      raise(mark, 16),
      loop(
        texts,
        block(
          next,
          jumpIf(next, i32.more(i32.add(message.get, i32.load(mark.get, TEXT.length)), end.get)),
          index.set(i32.const(0)),
          loop(bytes, jumpIf(next, isOther), raise(index, 16), jumpIf(bytes, i32.less(index.get, i32.load(mark.get, TEXT.length)))),
          kind.set(i32.load(mark.get, TEXT.meaning)),
          jump(told),
        ),
        raise(mark, TEXT.size),
        raise(left, -1),
        jumpIf(texts, left.get),
      ),
    )
  }
  /** The number behind 'duration: '; a record without one is counted, and that is all. */
  const readDuration = (): Code => {
    const [digits, read] = [Symbol('digits'), Symbol('read')]
    return [
      from.set(at(message, 10)),
      index.set(from.get),
      value.set(f64.const(0)),
      scale.set(f64.const(0)),
      block(
        read,
        loop(
          digits,
          jumpIf(read, i32.notLess(index.get, end.get)),
          byte.set(i32.load8(index.get)),
          when(
            isDigit(byte.get),
            value.set(f64.add(f64.mul(value.get, f64.const(10)), f64.ofSigned(i32.sub(byte.get, i32.const(48))))),
            scale.set(f64.mul(scale.get, f64.const(10))),
            raise(index, 1),
            jump(digits),
          ),
          jumpIf(read, i32.or(i32.ne(byte.get, i32.const(POINT)), f64.more(scale.get, f64.const(0)))),
          scale.set(f64.const(1)),
          raise(index, 1),
          jump(digits),
        ),
      ),
      when(i32.eq(from.get, index.get), kind.set(i32.const(MEANING.nothing))),
      when(f64.more(scale.get, f64.const(1)), value.set(f64.div(value.get, scale.get))),
    ]
  }
  /** `names` becomes the number of what stands in bytes[behind, to), which it remembers; `behind` is moved. */
  const remember = (behind: Local, to: Local): Code => {
    const eights = Symbol('eights')
    return [
      hash.set(i64.extend(i32.sub(to.get, behind.get))),
      loop(
        eights,
        when(i32.less(behind.get, at(to, -7)), mix(hash, i64.load(behind.get)), raise(behind, 8), jump(eights)),
        when(i32.less(behind.get, to.get), mix(hash, i64.extend(i32.load8(behind.get))), raise(behind, 1), jump(eights)),
      ),
      names.set(i32.and(i32.low(i64.shiftRight(hash.get, i64.const(45n))), i32.const(NAMES - 1))),
      mark.set(i32.add(tables.get, i32.shl(names.get, i32.const(3)))),
      when(i32.eqz(i64.eq(i64.load(mark.get, AT.names), hash.get)), i64.store(mark.get, hash.get, AT.names), names.set(i32.xor(names.get, i32.const(-1)))),
    ]
  }
  /** An event of the record, whose line begins `lines` lines after the one before it. */
  const put = (lines: Code, pid: Local, severity: Local): Code => [
    raise(event, EVENT.size),
    f64.store(event.get, ms.get, EVENT.ms),
    f64.store(event.get, value.get, EVENT.value),
    i32.store(event.get, kind.get, EVENT.kind),
    i32.store(event.get, lines, EVENT.lines),
    i32.store(event.get, pid.get, EVENT.pid),
    i32.store(event.get, start.get, EVENT.line),
    i32.store(event.get, severity.get, EVENT.word),
    i32.store(event.get, message.get, EVENT.message),
    i32.store(event.get, end.get, EVENT.end),
    i32.store(event.get, end.get, EVENT.until),
    i32.store(event.get, names.get, EVENT.names),
  ]
  return { from, message, end, byte, kind, names, event, mark, chunk, param, differsFrom, find, readTime, look, readDuration, remember, put }
}
