/**
 * What postgres-steady.ts goes over a server's log with, as WebAssembly: what the loops over its forms (postgres-kernel-lines.ts, postgres-kernel-csv.ts) have
 * in common. They find the parts of each record and count what is only counted: records that say nothing, statements by database and ten seconds. For what is
 * left they write down an event. Where they stop, the record is read as any other. All places are addresses in wasm-memory.ts' memory.
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
  mixBytes,
  raise,
  search,
  several,
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
  /** Out: events; lines and records after the last one; whether those go on with what it was of; 1 where it stopped because a line begins otherwise. */
  events: 28,
  trailing: 32,
  records: 36,
  goesOn: 40,
  differs: 44,
  /** In: whether a session may be known that is not told by a line's own names. */
  sessions: 48,
  /** Out: how many of the trailing lines are those of the last record. */
  rest: 52,
  /** In and out: when the record before was written. Out: the earliest and the latest. */
  last: 56,
  /** What lines begin with up to the minutes, and what stands behind the time; which bits of that count. */
  hourBytes: 64,
  hourMask: 80,
  zoneBytes: 96,
  zoneMask: 112,
  /** By a message's first letter where in `texts` its group begins; 0: there is none. */
  letters: 128,
  first: 640,
  latest: 648,
  /** Out: a statement that would be the longest, if its lines to come do not make it sleep: its database, or 0; how long it took; when; where it stands. */
  slow: 656,
  slowFrom: 660,
  slowUntil: 664,
  slowTook: 672,
  slowMs: 680,
  texts: 704,
  /** By a pid's last bits the pid of whom something is held that more may come of, SHARED where that is so of several; 0: of none. */
  held: 4_096,
  /** Hashes of names that stand before a record, and whose they are: a database's number; of sessions' words; of what records say. */
  names: 8_192,
  greetings: 24_576,
  words: 40_960,
  /** Ten seconds of a database's statements, each. */
  databases: 73_728,
  /** Out: how many sessions began or ended; one after the other, when, whose pid, and a number of `greetings` or ENDED. */
  changed: 76_000,
  happened: 76_032,
  changes: 292_352,
} as const
/** A text that messages begin with: its length and meaning, its bytes and which of them count. A group begins with how many there are. */
export const TEXT = { length: 0, meaning: 4, bytes: 16, mask: 64, size: 112, most: 48 } as const
/** What many lines share, by a hash: so many of each sort. */
export const NAMES = 1_024
export const GREETINGS = 1_024
export const WORDS = 2_048
/** So many pids that may be held can be told apart. */
export const PIDS = 1_024
export const SHARED = -1
/** Behind the hash. */
export const NAMES_VALUE = 8
/** A session that began or ended shortly after the record before it, of a pid of whom nothing is held. */
export const CHANGE = { ms: 0, pid: 8, who: 12, size: 16, most: 8_192 } as const
export const ENDED = -1
/** Databases that statements are counted of: 0 is none, the others are asked for; 1 is that of lines that name none. */
export const DATABASE = { start: 0, longest: 8, count: 16, size: 32, most: 64, ask: 0, unnamed: 1 } as const
/**
 * A record or a DETAIL: when, and the one before it; how long its statement took; what it is; lines and records since the event before; whose; its line, where
 * its severity and its message begin, where the line ends and where the last line that goes on with it does; what it is known by (negative: new in its place);
 * how many sessions' changes came before it.
 */
export const EVENT = {
  ms: 0,
  before: 8,
  value: 16,
  kind: 24,
  lines: 28,
  records: 32,
  pid: 36,
  line: 40,
  word: 44,
  message: 48,
  end: 52,
  until: 56,
  names: 60,
  changed: 64,
  size: 72,
  most: 3_000,
} as const
/** Kinds of events that are no meanings of postgres-bytes.ts; those are smaller. `seen`: of a record that was counted; `detail` and `turn` are no records. With `far`: written long after the one before; with `held`: something may be held of its pid. */
export const KIND = { warning: 16, error: 17, fatal: 18, panic: 19, seen: 20, detail: 21, turn: 22, far: 32, held: 64 } as const
/** What a LOG message can mean: as in postgres-bytes.ts. */
export const MEANING = { nothing: 0, duration: 1, authorized: 2, disconnection: 3, something: 4, wait: 5 } as const

export const BUCKET_MS = 10_000
/** Longer steps may be a silence, which somebody wants to know of. */
const MAX_STEP_MS = 29_000
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
const UNDERSCORE = 95
const SLEEP = Buffer.from('pg_sleep').readBigInt64LE(0)

/** What the loops are made of: code over locals of theirs. `stop` is where a record goes that is not as most are; the record begins at `start`. */
export const recordParts = (tables: Local, start: Local, stop: Label, local: (type: ValueType) => Local) => {
  const word = (): Local => local('i32')
  const [from, message, end, kind, names, event] = several(6, word)
  const [byte, odd, seconds, mark, index, left] = several(6, word)
  const [ms, value, scale, last, first, latest] = several(6, () => local('f64'))
  const [hash, chunk] = [local('i64'), local('v128')]
  const [events, lines, records, pid, isFar, database, changes] = several(7, word)
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
      index.set(at(message, 10)),
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
      when(i32.eq(at(message, 10), index.get), kind.set(i32.const(MEANING.nothing))),
      when(f64.more(scale.get, f64.const(1)), value.set(f64.div(value.get, scale.get))),
    ]
  }
  const beginHash = (seed: Code): Code => hash.set(i64.extend(seed))
  /** The hash goes on with bytes[behind, to); `behind` is moved. */
  const hashOn = (behind: Local, to: Local): Code => [mixBytes(hash, behind, to), when(i32.less(behind.get, to.get), behind.set(to.get))]
  /** `names` becomes the number of what was hashed, in a table of so many; `mark` where it stands. What is new there takes the place. */
  const remember = (table: number, many: number): Code => [
    names.set(i32.and(i32.low(i64.shiftRight(hash.get, i64.const(45n))), i32.const(many - 1))),
    mark.set(at(i32.add(tables.get, i32.shl(names.get, i32.const(4))), table)),
    when(
      i32.eqz(i64.eq(i64.load(mark.get), hash.get)),
      i64.store(mark.get, hash.get),
      i64.store(mark.get, i64.const(0n), NAMES_VALUE),
      names.set(i32.xor(names.get, i32.const(-1))),
    ),
  ]
  /** An event at `line`, where the record's names begin at `severity`. */
  const put = (what: Code, line: Local, severity: Local, many: Code): Code => [
    raise(event, EVENT.size),
    raise(events, 1),
    f64.store(event.get, ms.get, EVENT.ms),
    f64.store(event.get, last.get, EVENT.before),
    f64.store(event.get, value.get, EVENT.value),
    i32.store(event.get, what, EVENT.kind),
    i32.store(event.get, many, EVENT.lines),
    i32.store(event.get, records.get, EVENT.records),
    i32.store(event.get, pid.get, EVENT.pid),
    i32.store(event.get, line.get, EVENT.line),
    i32.store(event.get, severity.get, EVENT.word),
    i32.store(event.get, message.get, EVENT.message),
    i32.store(event.get, end.get, EVENT.end),
    i32.store(event.get, end.get, EVENT.until),
    i32.store(event.get, names.get, EVENT.names),
    i32.store(event.get, changes.get, EVENT.changed),
    lines.set(i32.const(0)),
    records.set(i32.const(0)),
  ]
  /** `isFar` becomes whether the record was written long after the one before, or before it. */
  const step = (): Code => isFar.set(f64.notLess(f64.abs(f64.sub(ms.get, last.get)), f64.const(MAX_STEP_MS)))
  /** A session began or ended, of the number `who` in `greetings`. */
  const change = (who: Code): Code => {
    const place = i32.add(tables.get, i32.shl(changes.get, i32.const(4)))
    return [
      f64.store(place, ms.get, AT.changes + CHANGE.ms),
      i32.store(place, pid.get, AT.changes + CHANGE.pid),
      i32.store(place, who, AT.changes + CHANGE.who),
      raise(changes, 1),
    ]
  }
  /** There is room for what one more record may say. */
  const isFull = i32.or(i32.notLess(events.get, i32.const(EVENT.most - 1)), i32.notLess(changes.get, i32.const(CHANGE.most)))
  /** The record was written, and is counted. */
  const reach = (): Code => [last.set(ms.get), when(f64.less(ms.get, first.get), first.set(ms.get)), when(f64.more(ms.get, latest.get), latest.set(ms.get))]
  /** A statement that took `value`, of the database of this number. If it would be the longest of its time, `candidate` is done. */
  const countStatement = (candidate: Code): Code => {
    const passed = f64.sub(ms.get, f64.load(database.get, DATABASE.start))
    return [
      database.set(at(i32.add(tables.get, i32.mul(database.get, i32.const(DATABASE.size))), AT.databases)),
      when(
        i32.eqz(i32.and(f64.notLess(passed, f64.const(0)), f64.less(passed, f64.const(BUCKET_MS)))),
        // Others' ten seconds: what was counted is told, and when the new ones began.
        raise(event, EVENT.size),
        raise(events, 1),
        i32.store(event.get, i32.const(KIND.turn), EVENT.kind),
        i32.store(event.get, i32.load(database.get, DATABASE.count), EVENT.records),
        i32.store(event.get, database.get, EVENT.names),
        f64.store(event.get, f64.load(database.get, DATABASE.longest), EVENT.value),
        f64.store(database.get, f64.mul(f64.floor(f64.div(ms.get, f64.const(BUCKET_MS))), f64.const(BUCKET_MS)), DATABASE.start),
        f64.store(event.get, f64.load(database.get, DATABASE.start), EVENT.ms),
        f64.store(database.get, f64.const(NaN), DATABASE.longest),
        i32.store(database.get, i32.const(0), DATABASE.count),
      ),
      i32.store(database.get, i32.add(i32.load(database.get, DATABASE.count), i32.const(1)), DATABASE.count),
      when(i32.eqz(f64.notLess(f64.load(database.get, DATABASE.longest), value.get)), candidate),
    ]
  }
  /** `mark` becomes 1 where bytes[behind, until) do not call pg_sleep, else 0; `behind` is moved. */
  const isAwake = (behind: Local, until: Code): Code => {
    const [none, sleeping, underscores] = [Symbol('none'), Symbol('sleeping'), Symbol('underscores')]
    return [
      raise(behind, 2),
      block(
        sleeping,
        block(
          none,
          loop(
            underscores,
            search(behind, { chunk, mark }, [UNDERSCORE], i32.sub(until, i32.const(5)), none),
            jumpIf(none, i32.notLess(behind.get, i32.sub(until, i32.const(5)))),
            raise(behind, 1),
            when(i32.eqz(i64.eq(i64.load(at(behind, -3)), i64.const(SLEEP))), jump(underscores)),
            mark.set(i32.const(0)),
            jump(sleeping),
          ),
        ),
        mark.set(i32.const(1)),
      ),
    ]
  }
  const begin = (): Code => [
    event.set(at(tables, AT.happened - EVENT.size)),
    last.set(f64.load(tables.get, AT.last)),
    first.set(f64.const(Infinity)),
    latest.set(f64.const(-Infinity)),
  ]
  const finish = (): Code => [
    i32.store(tables.get, events.get, AT.events),
    i32.store(tables.get, changes.get, AT.changed),
    i32.store(tables.get, lines.get, AT.trailing),
    i32.store(tables.get, records.get, AT.records),
    f64.store(tables.get, last.get, AT.last),
    f64.store(tables.get, first.get, AT.first),
    f64.store(tables.get, latest.get, AT.latest),
  ]
  return {
    ...{ from, message, end, byte, kind, names, event, mark, chunk, ms, value, last, events, lines, records, pid, isFar, database },
    ...{
      param,
      differsFrom,
      find,
      readTime,
      look,
      readDuration,
      beginHash,
      hashOn,
      remember,
      put,
      step,
      change,
      isFull,
      reach,
      countStatement,
      isAwake,
      begin,
      finish,
    },
  }
}
