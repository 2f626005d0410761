/**
 * What kubernetes-event-shapes.ts reads events of known shapes with, one after the other, as WebAssembly: what each is about is told by a hash, when it was
 * seen and how often are read, and whether it was seen before is looked up. It stops before the first one that is unusual in any way.
 */
import { AT as SHAPES, match } from '../src/read/json-shapes-kernel.js'
import {
  at,
  block,
  byteIs,
  call,
  digitReader,
  either,
  f64,
  func,
  i32,
  i64,
  jump,
  jumpIf,
  loop,
  mix,
  mixBytes,
  raise,
  several,
  when,
  within,
  type Code,
  type Func,
  type Local,
} from '../src/read/wasm.js'
import { COUNT, CREATED, EVENT_TIME, FIRST, LAST, LAST_OBSERVED, SERIES_COUNT, SUBJECT_SLOTS, UID } from './kubernetes-event-slots.js'
import { MAX_KEY, recentKernel, swap } from './recent-bytes-kernel.js'

/** What stands where in the piece of the memory, in bytes. */
export const AT = {
  /** Addresses: where what is at hand ends, what a place in it begins at, the known subjects, and what was seen before (recent-bytes-kernel.ts). */
  limit: 0,
  base: 4,
  subjects: 8,
  recent: 12,
  /** How many events were read, before and after. */
  count: 16,
  /** Out: where the last one ended, the newlines up to there, and the last of them (-1: none), which go on from what stands there. */
  end: 20,
  lines: 24,
  lastNewline: 28,
  /** Out: why it stopped; the hash of a subject, or the slot of a time, that is not known yet. */
  why: 32,
  slot: 36,
  subject: 40,
  /** The latest time that one was seen, which goes on from what stands there. */
  seen: 48,
  /** How many days are known, and they. */
  days: 56,
  day: 64,
  records: 1_024,
} as const
export const WHY = { ended: 0, unusual: 1, subject: 2, day: 3 } as const
/** A day: its first eight and last four bytes, as '2026-11-21T' begins and ends, and when it begins. */
export const DAY = { last: 8, ms: 16, size: 24, most: 32, length: 11, lastAt: 7 } as const
/** The hash of a subject (0: an empty place), its number, and whether anything is said of it. Half of the places stay empty. */
export const SUBJECT = { places: 32_768, most: 16_384, number: 8, says: 12, size: 16 } as const
/** Which subject, how often, how often it was when it was last seen (-1: it was not), how many lines below the first one, and when. */
export const RECORD = { subject: 0, count: 4, before: 8, line: 12, first: 16, last: 24, size: 32, most: 8_192 } as const
/** No time is told; it is told in a way that is read by other means. */
export const NONE = -1e300
const ODD = 1e300
const [ODD_AT, NONE_AT] = [1e299, -1e299]

const [NEWLINE, RETURN, TAB, BLANK, COMMA, SLASH, COLON, POINT, OPEN, Z] = [10, 13, 9, 32, 44, 47, 58, 46, 123, 90]
const SECONDS = 11

const slotAt = (shapes: Local, slot: number, side: number): Code => i32.load(shapes.get, side + 4 * slot)

/** time(tables, shapes, slot): milliseconds; NONE or ODD. 2026-11-21T08:18:00Z or 2026-11-21T08:18:00.123456Z */
const time = func('time', { tables: 'i32', shapes: 'i32', slot: 'i32' }, ['f64'], ({ tables, shapes, slot }, local) => {
  const [from, length, left, day, byte, odd, seconds, hours] = several(8, () => local('i32'))
  const result = local('f64')
  const [done, known, days] = [Symbol('done'), Symbol('known'), Symbol('days')]
  const { digit, clock, isOdd } = digitReader({ byte, odd, seconds })
  const here = i32.add(shapes.get, i32.shl(slot.get, i32.const(2)))
  const isNot = (offset: number, byteThere: number): Code => i32.eqz(byteIs(from, byteThere, offset))
  return [
    result.set(f64.const(NONE)),
    block(
      done,
      from.set(i32.load(here, SHAPES.starts)),
      jumpIf(done, i32.less(from.get, i32.const(0))),
      length.set(i32.sub(i32.load(here, SHAPES.ends), from.get)),
      jumpIf(done, i32.less(length.get, i32.const(20))),
      result.set(f64.const(ODD)),
      raise(from, i32.load(tables.get, AT.base)),
      when(
        i32.ne(length.get, i32.const(20)),
        jumpIf(done, i32.ne(length.get, i32.const(27))),
        jumpIf(done, isNot(SECONDS + 8, POINT)),
        jumpIf(done, isNot(26, Z)),
        digit(from.get, SECONDS + 9),
        hours.set(i32.mul(byte.get, i32.const(100))),
        digit(from.get, SECONDS + 10),
        raise(hours, i32.mul(byte.get, i32.const(10))),
        digit(from.get, SECONDS + 11),
        left.set(i32.add(hours.get, byte.get)),
        [12, 13, 14].map((offset) => digit(from.get, SECONDS + offset)), // beyond milliseconds nothing counts
      ),
      when(i32.eq(length.get, i32.const(20)), jumpIf(done, isNot(SECONDS + 8, Z))),
      digit(from.get, SECONDS, 2),
      hours.set(i32.mul(byte.get, i32.const(10))),
      digit(from.get, SECONDS + 1),
      raise(hours, byte.get),
      clock(from.get, SECONDS + 3),
      jumpIf(done, isOdd),
      jumpIf(done, i32.more(hours.get, i32.const(23))),
      jumpIf(done, isNot(SECONDS + 2, COLON)),
      jumpIf(done, isNot(SECONDS + 5, COLON)),
      seconds.set(i32.add(i32.mul(i32.add(i32.mul(hours.get, i32.const(3_600)), seconds.get), i32.const(1_000)), left.get)),
      day.set(at(tables, AT.day)),
      left.set(i32.load(tables.get, AT.days)),
      block(
        known,
        loop(
          days,
          when(i32.eqz(left.get), i32.store(tables.get, slot.get, AT.slot), i32.store(tables.get, i32.const(WHY.day), AT.why), jump(done)),
          jumpIf(known, i32.and(i64.eq(i64.load(day.get), i64.load(from.get)), i32.eq(i32.load(day.get, DAY.last), i32.load(from.get, DAY.lastAt)))),
          raise(day, DAY.size),
          raise(left, -1),
          jump(days),
        ),
      ),
      result.set(f64.add(f64.load(day.get, DAY.ms), f64.ofSigned(seconds.get))),
    ),
    result.get,
  ]
})

/** times(tables, shapes, slot): how often, 1 where it is not told or makes no sense; -1 where it is no number. */
const times = func('times', { tables: 'i32', shapes: 'i32', slot: 'i32' }, ['i32'], ({ tables, shapes, slot }, local) => {
  const [from, end, byte, result] = several(4, () => local('i32'))
  const [done, digits] = [Symbol('done'), Symbol('digits')]
  const here = i32.add(shapes.get, i32.shl(slot.get, i32.const(2)))
  return [
    block(
      done,
      from.set(i32.load(here, SHAPES.starts)),
      end.set(i32.load(here, SHAPES.ends)),
      jumpIf(done, i32.less(from.get, i32.const(0))),
      result.set(i32.const(-1)),
      jumpIf(done, i32.more(i32.sub(end.get, from.get), i32.const(9))),
      raise(from, i32.load(tables.get, AT.base)),
      raise(end, i32.load(tables.get, AT.base)),
      result.set(i32.const(0)),
      loop(
        digits,
        jumpIf(done, i32.notLess(from.get, end.get)),
        byte.set(i32.sub(i32.load8(from.get), i32.const(48))),
        when(i32.eqz(i32.lessUnsigned(byte.get, i32.const(10))), result.set(i32.const(-1)), jump(done)),
        result.set(i32.add(i32.mul(result.get, i32.const(10)), byte.get)),
        raise(from, 1),
        jump(digits),
      ),
    ),
    either(i32.eqz(result.get), i32.const(1), result.get),
  ]
})

/** events(tables, shapes, start): reads the events from `start` on, where one begins. */
const events = func('events', { tables: 'i32', shapes: 'i32', start: 'i32' }, [], ({ tables, shapes, start }, local) => {
  const word = (): Local => local('i32')
  const [limit, base, count, record, lines, lastNewline, slot, from, until, place, byte, often] = several(12, word)
  const [hash, there] = [local('i64'), local('i64')]
  const number = (): Local => local('f64')
  const [first, last, latest, happened] = [number(), number(), number(), number()]
  const [each, stop, unusual, begins, blanks] = [Symbol('each'), Symbol('stop'), Symbol('unusual'), Symbol('begins'), Symbol('blanks')]
  const param = (offset: number): Code => i32.load(tables.get, offset)
  const isNone = (one: Local): Code => f64.less(one.get, f64.const(NONE_AT))
  const read = (to: Local, of: number): Code => [
    to.set(call(time, tables.get, shapes.get, i32.const(of))),
    when(f64.more(to.get, f64.const(ODD_AT)), jumpIf(stop, i32.eq(param(AT.why), i32.const(WHY.day))), jump(unusual)),
  ]
  const max = (one: Local, other: Local): Code => either(f64.less(one.get, other.get), other.get, one.get)

  /** Blanks and commas stand between events. */
  const toNext = (): Code => [
    block(
      begins,
      loop(
        blanks,
        jumpIf(stop, i32.notLess(start.get, limit.get)),
        byte.set(i32.load8(start.get)),
        jumpIf(begins, i32.eq(byte.get, i32.const(OPEN))),
        when(i32.eq(byte.get, i32.const(NEWLINE)), raise(lines, 1), lastNewline.set(i32.sub(start.get, base.get))),
        raise(start, 1),
        [NEWLINE, BLANK, COMMA, RETURN, TAB].map((one) => jumpIf(blanks, i32.eq(byte.get, i32.const(one)))),
        jump(stop),
      ),
    ),
  ]
  const hashSubject = (): Code => {
    const slots = Symbol('slots')
    const value = i32.add(shapes.get, i32.shl(slot.get, i32.const(2)))
    return [
      hash.set(i64.const(1n)),
      slot.set(i32.const(0)),
      loop(
        slots,
        from.set(i32.load(value, SHAPES.starts)),
        until.set(i32.load(value, SHAPES.ends)),
        mix(hash, i64.extend(i32.sub(until.get, from.get))),
        raise(from, base.get),
        raise(until, base.get),
        mixBytes(hash, from, until),
        raise(slot, 1),
        jumpIf(slots, i32.less(slot.get, i32.const(SUBJECT_SLOTS))),
      ),
    ]
  }
  const findSubject = (): Code => {
    const [known, probe] = [Symbol('known'), Symbol('probe')]
    return [
      from.set(i32.low(i64.shiftRight(hash.get, i64.const(40n)))),
      block(
        known,
        loop(
          probe,
          place.set(i32.add(param(AT.subjects), i32.shl(i32.and(from.get, i32.const(SUBJECT.places - 1)), i32.const(4)))),
          there.set(i64.load(place.get)),
          when(
            i64.eq(there.get, i64.const(0n)),
            i64.store(tables.get, hash.get, AT.subject),
            i32.store(tables.get, i32.const(WHY.subject), AT.why),
            jump(stop),
          ),
          jumpIf(known, i64.eq(there.get, hash.get)),
          raise(from, 1),
          jump(probe),
        ),
      ),
    ]
  }
  /** As kubernetes-event-shapes.ts has it for a single one. */
  const readTimes = (): Code => [
    read(happened, EVENT_TIME),
    read(last, LAST),
    read(latest, LAST_OBSERVED),
    read(first, FIRST),
    latest.set(max(latest, last)),
    last.set(max(last, happened)), // when it was last seen
    when(isNone(first), first.set(happened.get)),
    when(isNone(first), first.set(latest.get)),
    when(isNone(latest), latest.set(first.get)),
    when(isNone(latest), read(latest, CREATED), first.set(latest.get)),
    jumpIf(unusual, isNone(latest)),
    when(f64.more(first.get, latest.get), first.set(latest.get)),
  ]
  const readTimesSeen = (): Code => [
    often.set(call(times, tables.get, shapes.get, i32.const(COUNT))),
    slot.set(call(times, tables.get, shapes.get, i32.const(SERIES_COUNT))),
    jumpIf(unusual, i32.less(often.get, i32.const(0))),
    jumpIf(unusual, i32.less(slot.get, i32.const(0))),
    often.set(either(i32.less(often.get, slot.get), slot.get, often.get)),
  ]

  return [
    limit.set(param(AT.limit)),
    base.set(param(AT.base)),
    count.set(param(AT.count)),
    lines.set(param(AT.lines)),
    lastNewline.set(param(AT.lastNewline)),
    i32.store(tables.get, i32.const(WHY.ended), AT.why),
    block(
      stop,
      block(
        unusual,
        loop(
          each,
          jumpIf(stop, i32.notLess(count.get, i32.const(RECORD.most))),
          toNext(),
          jumpIf(unusual, i32.eqz(call(match, shapes.get, start.get, limit.get, base.get))),
          // It has a uid of its own, and a short one.
          jumpIf(unusual, i32.eqz(within(i32.sub(slotAt(shapes, UID, SHAPES.ends), slotAt(shapes, UID, SHAPES.starts)), 1, MAX_KEY))),
          jumpIf(unusual, byteIs(at(i32.add(slotAt(shapes, UID, SHAPES.ends), base.get), -1), SLASH)),
          hashSubject(),
          findSubject(),
          readTimes(),
          readTimesSeen(),
          record.set(i32.add(tables.get, i32.mul(count.get, i32.const(RECORD.size)))),
          i32.store(record.get, i32.load(place.get, SUBJECT.number), AT.records + RECORD.subject),
          i32.store(record.get, often.get, AT.records + RECORD.count),
          i32.store(record.get, i32.const(-1), AT.records + RECORD.before),
          i32.store(record.get, lines.get, AT.records + RECORD.line),
          f64.store(record.get, first.get, AT.records + RECORD.first),
          f64.store(record.get, latest.get, AT.records + RECORD.last),
          when(
            i32.load(place.get, SUBJECT.says),
            i32.store(
              record.get,
              call(
                swap,
                param(AT.recent),
                i32.add(slotAt(shapes, UID, SHAPES.starts), base.get),
                i32.add(slotAt(shapes, UID, SHAPES.ends), base.get),
                often.get,
              ),
              AT.records + RECORD.before,
            ),
          ),
          when(f64.less(f64.load(tables.get, AT.seen), last.get), f64.store(tables.get, last.get, AT.seen)),
          when(i32.load(shapes.get, SHAPES.lines), raise(lines, i32.load(shapes.get, SHAPES.lines)), lastNewline.set(i32.load(shapes.get, SHAPES.lastNewline))),
          start.set(i32.add(i32.load(shapes.get, SHAPES.end), base.get)),
          raise(count, 1),
          i32.store(tables.get, i32.sub(start.get, base.get), AT.end),
          i32.store(tables.get, lines.get, AT.lines),
          i32.store(tables.get, lastNewline.get, AT.lastNewline),
          i32.store(tables.get, count.get, AT.count),
          jump(each),
        ),
      ),
      i32.store(tables.get, i32.const(WHY.unusual), AT.why),
    ),
  ]
})

export const eventKernel: readonly Func[] = [match, ...recentKernel, time, times, events]
