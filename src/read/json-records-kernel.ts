/**
 * What json-records.ts undresses many records at once with, as WebAssembly: from record to record of known shapes it writes the payload as a line of its own,
 * behind the minutes of its stamp, and tells records of one origin from those of another. It stops before the first one that is unusual in any way.
 */
import { AT as SHAPES, match } from './json-shapes-kernel.js'
import {
  at,
  block,
  call,
  either,
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
  v128,
  when,
  within,
  type Code,
  type Func,
  type Local,
} from './wasm.js'

/** What stands where in the piece of the memory, in bytes. */
export const AT = {
  /** Addresses: where the input ends, after a whole line; what a place in it begins at; where lines are written to, up to where, and from where on. */
  limit: 0,
  base: 4,
  room: 8,
  written: 12,
  lines: 16,
  /** How many records were undressed, before and after. */
  count: 20,
  /** The slots of the payload and of its stamp, and those of what tells its origin: from the one up to the other. */
  payload: 24,
  stamp: 28,
  first: 32,
  last: 36,
  /** Where the hour begins, in microseconds. */
  hour: 40,
  /** Out: why it stopped. */
  why: 48,
  /** Out: the hash of an origin that nobody knows yet, which the record it stopped at has. */
  origin: 56,
  /** Known origins, by their hash. */
  origins: 1_024,
  records: 16_384,
} as const
export const WHY = { ended: 0, unusual: 1, unknown: 2, hour: 3 } as const
/** Half of the places stay empty, so that whoever looks for one that is not there finds an end. */
export const ORIGIN = { places: 512, most: 256, hash: 0, index: 8, size: 16 } as const
/** Where it begins in the input, where its line begins, microseconds of the hour, the number of its origin, and whether its payload has several lines. */
export const RECORD = { start: 0, line: 4, micros: 8, origin: 12, size: 16, parts: 0x10000, index: 0xffff } as const
/** 'mm:ss.uuuuuu ' */
export const STAMP_BYTES = 13
/** Of more records at once there is no room to tell. */
const MOST = 16_384
/** Longer records are read one by one. */
const MAX_RECORD = 65_536
/** The year 2286 has no more, in microseconds. */
const MAX_DIGITS = 16
const HOUR_MICROS = 3_600_000_000n

const NEWLINE = 10
const RETURN = 13
const QUOTE = 34
const SLASH = 47
const BACKSLASH = 92
const [N, T] = [110, 116]

const valueAt = (shapes: Local, slot: Code, side: number): Code => i32.load(i32.add(shapes.get, i32.shl(slot, i32.const(2))), side)

/** undress(tables, shapes, start): where the first record begins that is not undressed. */
const undress = func('undress', { tables: 'i32', shapes: 'i32', start: 'i32' }, ['i32'], ({ tables, shapes, start }, local) => {
  const word = (): Local => local('i32')
  const [limit, base, room, to, count, record, most] = several(7, word)
  const [end, from, until, slot, place, byte, mark, parts, micros] = several(9, word)
  const [hash, value, chunk] = [local('i64'), local('i64'), local('v128')]
  const [records, stop, unusual, known, probe] = [Symbol('records'), Symbol('stop'), Symbol('unusual'), Symbol('known'), Symbol('probe')]
  const param = (offset: number): Code => i32.load(tables.get, offset)
  const because = (why: number): Code => [i32.store(tables.get, i32.const(why), AT.why), jump(stop)]

  /** Of the values that tell whose record it is; one that is not there is another than an empty one. */
  const hashOrigin = (): Code => {
    const [slots, next] = [Symbol('slots'), Symbol('next')]
    return [
      hash.set(i64.const(1n)),
      slot.set(param(AT.first)),
      loop(
        slots,
        block(
          next,
          from.set(valueAt(shapes, slot.get, SHAPES.starts)),
          until.set(valueAt(shapes, slot.get, SHAPES.ends)),
          mix(hash, i64.extend(either(i32.less(from.get, i32.const(0)), i32.const(-1), i32.sub(until.get, from.get)))),
          jumpIf(next, i32.less(from.get, i32.const(0))),
          raise(from, base.get),
          raise(until, base.get),
          mixBytes(hash, from, until),
        ),
        raise(slot, 1),
        jumpIf(slots, i32.less(slot.get, param(AT.last))),
      ),
    ]
  }
  const findOrigin = (): Code => [
    place.set(i32.and(i32.low(i64.shiftRight(hash.get, i64.const(40n))), i32.const(ORIGIN.places - 1))),
    block(
      known,
      loop(
        probe,
        value.set(i64.load(originOf(), AT.origins + ORIGIN.hash)),
        when(i64.eq(value.get, i64.const(0n)), i64.store(tables.get, hash.get, AT.origin), because(WHY.unknown)),
        jumpIf(known, i64.eq(value.get, hash.get)),
        place.set(i32.and(at(place, 1), i32.const(ORIGIN.places - 1))),
        jump(probe),
      ),
    ),
    place.set(i32.load(originOf(), AT.origins + ORIGIN.index)),
  ]
  const originOf = (): Code => i32.add(tables.get, i32.shl(place.get, i32.const(4)))
  const readStamp = (): Code => {
    const digits = Symbol('digits')
    return [
      from.set(valueAt(shapes, param(AT.stamp), SHAPES.starts)),
      jumpIf(unusual, i32.less(from.get, i32.const(0))),
      raise(from, base.get),
      until.set(i32.add(valueAt(shapes, param(AT.stamp), SHAPES.ends), base.get)),
      jumpIf(unusual, i32.eqz(within(i32.sub(until.get, from.get), 1, MAX_DIGITS))),
      value.set(i64.const(0n)),
      loop(
        digits,
        byte.set(i32.sub(i32.load8(from.get), i32.const(48))),
        jumpIf(unusual, i32.eqz(i32.lessUnsigned(byte.get, i32.const(10)))),
        value.set(i64.add(i64.mul(value.get, i64.const(10n)), i64.extend(byte.get))),
        raise(from, 1),
        jumpIf(digits, i32.less(from.get, until.get)),
      ),
      value.set(i64.sub(value.get, i64.load(tables.get, AT.hour))),
      when(i32.eqz(i64.lessUnsigned(value.get, i64.const(HOUR_MICROS))), because(WHY.hour)),
      micros.set(i32.low(value.get)),
    ]
  }
  const two = (offset: number, number: Code): Code => [
    mark.set(number),
    byte.set(i32.divUnsigned(mark.get, i32.const(10))),
    i32.store8(to.get, i32.add(byte.get, i32.const(48)), offset),
    i32.store8(to.get, i32.add(i32.sub(mark.get, i32.mul(byte.get, i32.const(10))), i32.const(48)), offset + 1),
  ]
  const writeStamp = (): Code => [
    from.set(i32.divUnsigned(micros.get, i32.const(1_000_000))),
    until.set(i32.sub(micros.get, i32.mul(from.get, i32.const(1_000_000)))),
    two(0, i32.divUnsigned(from.get, i32.const(60))),
    two(3, i32.remUnsigned(from.get, i32.const(60))),
    two(6, i32.divUnsigned(until.get, i32.const(10_000))),
    two(8, i32.remUnsigned(i32.divUnsigned(until.get, i32.const(100)), i32.const(100))),
    two(10, i32.remUnsigned(until.get, i32.const(100))),
    i32.store8(to.get, i32.const(58), 2),
    i32.store8(to.get, i32.const(46), 5),
    i32.store8(to.get, i32.const(32), 12),
    raise(to, STAMP_BYTES),
  ]
  /** What is escaped is written as what it means; of what is seldom escaped, whoever reads records one by one knows more. */
  const writePayload = (): Code => {
    const [sixteens, meant, written] = [Symbol('sixteens'), Symbol('meant'), Symbol('written')]
    return [
      block(
        written,
        loop(
          sixteens,
          jumpIf(written, i32.notLess(from.get, until.get)),
          chunk.set(v128.load(from.get)),
          v128.store(to.get, chunk.get),
          mark.set(v128.bits(v128.eq(chunk.get, v128.each(BACKSLASH)))),
          when(i32.eqz(mark.get), raise(from, 16), raise(to, 16), jump(sixteens)),
          mark.set(i32.ctz(mark.get)),
          raise(from, mark.get),
          raise(to, mark.get),
          jumpIf(written, i32.notLess(from.get, until.get)),
          byte.set(i32.load8(from.get, 1)),
          block(
            meant,
            jumpIf(meant, i32.eq(byte.get, i32.const(QUOTE))),
            jumpIf(meant, i32.eq(byte.get, i32.const(BACKSLASH))),
            jumpIf(meant, i32.eq(byte.get, i32.const(SLASH))),
            when(i32.eq(byte.get, i32.const(T)), byte.set(i32.const(9)), jump(meant)),
            jumpIf(unusual, i32.ne(byte.get, i32.const(N))),
            byte.set(i32.const(NEWLINE)),
            parts.set(i32.const(RECORD.parts)),
          ),
          i32.store8(to.get, byte.get),
          raise(from, 2),
          raise(to, 1),
          jump(sixteens),
        ),
      ),
      // The last sixteen went beyond the end.
      raise(to, i32.sub(until.get, from.get)),
      i32.store8(to.get, i32.const(NEWLINE)),
      raise(to, 1),
    ]
  }

  return [
    limit.set(param(AT.limit)),
    base.set(param(AT.base)),
    room.set(param(AT.room)),
    count.set(param(AT.count)),
    most.set(i32.const(MOST)),
    i32.store(tables.get, i32.const(WHY.ended), AT.why),
    block(
      stop,
      block(
        unusual,
        loop(
          records,
          jumpIf(stop, i32.notLess(start.get, limit.get)),
          jumpIf(stop, i32.notLess(count.get, most.get)),
          to.set(param(AT.written)),
          jumpIf(unusual, i32.eqz(call(match, shapes.get, start.get, limit.get, base.get))),
          end.set(i32.add(i32.load(shapes.get, SHAPES.end), base.get)),
          raise(end, i32.eq(i32.load8(end.get), i32.const(RETURN))),
          jumpIf(unusual, i32.notLess(end.get, limit.get)),
          jumpIf(unusual, i32.ne(i32.load8(end.get), i32.const(NEWLINE))),
          jumpIf(unusual, i32.more(i32.sub(end.get, start.get), i32.const(MAX_RECORD))),
          jumpIf(unusual, i32.less(valueAt(shapes, param(AT.payload), SHAPES.starts), i32.const(0))),
          readStamp(),
          hashOrigin(),
          findOrigin(),
          from.set(i32.add(valueAt(shapes, param(AT.payload), SHAPES.starts), base.get)),
          until.set(i32.add(valueAt(shapes, param(AT.payload), SHAPES.ends), base.get)),
          jumpIf(stop, i32.notLess(i32.add(to.get, i32.sub(until.get, from.get)), room.get)),
          record.set(i32.add(tables.get, i32.shl(count.get, i32.const(4)))),
          i32.store(record.get, i32.sub(start.get, base.get), AT.records + RECORD.start),
          i32.store(record.get, i32.sub(to.get, param(AT.lines)), AT.records + RECORD.line),
          i32.store(record.get, micros.get, AT.records + RECORD.micros),
          writeStamp(),
          from.set(i32.add(valueAt(shapes, param(AT.payload), SHAPES.starts), base.get)),
          until.set(i32.add(valueAt(shapes, param(AT.payload), SHAPES.ends), base.get)),
          parts.set(i32.const(0)),
          writePayload(),
          i32.store(record.get, i32.or(place.get, parts.get), AT.records + RECORD.origin),
          i32.store(tables.get, to.get, AT.written),
          raise(count, 1),
          start.set(at(end, 1)),
          jump(records),
        ),
      ),
      i32.store(tables.get, i32.const(WHY.unusual), AT.why),
    ),
    i32.store(tables.get, count.get, AT.count),
    start.get,
  ]
})

/** In the order in which they call each other: 0, 1. */
export const recordsKernel: readonly Func[] = [match, undress]
