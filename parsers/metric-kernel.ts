/**
 * The loops over samples as WebAssembly: those of an answer, [1795249607.271,"1.5"], one after the other, and the lines of a dump that begin as the one
 * before. They write columns, and stop at whatever is different: metric-samples.ts says who reads that.
 */
import {
  at as from,
  block,
  byteIs,
  func,
  f64,
  i32,
  i64,
  isDigit,
  jump,
  jumpIf,
  loop,
  raise,
  v128,
  when,
  type Code,
  type Func,
  type Label,
  type Local,
} from '../src/read/wasm.js'

/** So many samples are read at once. */
export const AT_ONCE = 4_096
/** The first bytes of a series name are kept per distinct series: a longer one is no series. */
export const MAX_NAME_BYTES = 65_536
/** 10^0 and on are exact as doubles up to this one. */
const MAX_POWER = 22
/** What stands where in the piece of the memory, in bytes. */
export const AT = { count: 0, powers: 64, name: 512, times: 2 * 65_536, values: 2 * 65_536 + 8 * AT_ONCE } as const
/** No sample is longer: eleven digits, a point, three more, the longest value that is read here, and what is between. */
export const MAX_SAMPLE = 64

const MINUS = 45
const POINT = 46
const QUOTE = 34
const COMMA = 44
const BLANK = 32
const RETURN = 13
const NEWLINE = 10
const OPEN = 91
const CLOSE = 93
const MAX_SECOND_DIGITS = 11
const MAX_MS_DIGITS = 14
const MAX_VALUE_BYTES = 25
/** Ten times this and a digit more is no overflow. */
const MAX_MANTISSA = 10n ** 17n
const EXACT = 2n ** 53n
/** Splits a double in two halves (Dekker). */
const SPLIT = 2 ** 27 + 1
/** Far more than what rounding can have added to the remainder, far less than what is between two doubles. */
const UNSURE = 2 ** -40

type Read = (local: (type: 'i32' | 'i64' | 'f64' | 'v128') => Local) => {
  /** Goes over the digits at `place`; `mantissa` is what they come to. */
  readonly digits: (place: Local, most: number, stop: Label) => Code
  readonly mantissa: Local
  /** `place` goes behind the decimal number that begins there, which `value` becomes: the nearest double to it, or it goes to `stop`. */
  readonly number: (tables: Local, place: Local, value: Local, stop: Label) => Code
}

const reader: Read = (local) => {
  const [byte, first, point, negative] = [local('i32'), local('i32'), local('i32'), local('i32')]
  const mantissa = local('i64')
  const [power, whole, rest, quotient, product, high, low, powerHigh, powerLow] = [
    local('f64'),
    local('f64'),
    local('f64'),
    local('f64'),
    local('f64'),
    local('f64'),
    local('f64'),
    local('f64'),
    local('f64'),
  ]
  const addDigit = mantissa.set(i64.add(i64.mul(mantissa.get, i64.const(10n)), i64.extend(i32.sub(byte.get, i32.const(48)))))

  const digits = (place: Local, most: number, stop: Label): Code => {
    const [again, fewer] = [Symbol('again'), Symbol('fewer')]
    const each = (byte: bigint): Code => i64.const(byte * 0x0101010101010101n)
    /** Of each two, four, eight digits: the one of higher rank times ten, a hundred, ten thousand, and the other. */
    const together = (mask: bigint, factor: bigint, bits: bigint): Code =>
      mantissa.set(i64.shiftRight(i64.mul(i64.and(mantissa.get, i64.const(mask)), i64.const(factor)), i64.const(bits)))
    return [
      first.set(place.get),
      // Eight at once, where there are as many: times have more.
      mantissa.set(i64.load(place.get)),
      block(
        fewer,
        jumpIf(
          fewer,
          i32.eqz(
            i32.and(i64.eq(i64.and(mantissa.get, each(0xf0n)), each(0x30n)), i64.eq(i64.and(i64.add(mantissa.get, each(0x06n)), each(0xf0n)), each(0x30n))),
          ),
        ),
        together(0x0f0f0f0f0f0f0f0fn, 10n * 256n + 1n, 8n),
        together(0x00ff00ff00ff00ffn, 100n * 65_536n + 1n, 16n),
        together(0x0000ffff0000ffffn, 10_000n * 2n ** 32n + 1n, 32n),
        raise(place, 8),
      ),
      when(i32.eq(place.get, first.get), mantissa.set(i64.const(0n))),
      loop(
        again,
        byte.set(i32.load8(place.get)),
        when(isDigit(byte.get), addDigit, raise(place, 1), jumpIf(stop, i32.more(i32.sub(place.get, first.get), i32.const(most))), jump(again)),
      ),
      jumpIf(stop, i32.eq(place.get, first.get)),
    ]
  }

  const halves = (of: Local, one: Local, other: Local): Code => [
    one.set(f64.mul(of.get, f64.const(SPLIT))),
    one.set(f64.sub(one.get, f64.sub(one.get, of.get))),
    other.set(f64.sub(of.get, one.get)),
  ]
  /** What is left when `quotient` times `power` is taken from the mantissa, as exact as a double is; divided, it is what the quotient is off by. */
  const divideMore = (value: Local, stop: Label): Code => [
    whole.set(f64.ofSigned64(mantissa.get)),
    rest.set(f64.ofSigned64(i64.sub(mantissa.get, i64.truncated(whole.get)))),
    quotient.set(f64.div(whole.get, power.get)),
    halves(quotient, high, low),
    halves(power, powerHigh, powerLow),
    product.set(f64.mul(quotient.get, power.get)),
    value.set(
      f64.add(
        f64.add(f64.add(f64.sub(f64.mul(high.get, powerHigh.get), product.get), f64.mul(high.get, powerLow.get)), f64.mul(low.get, powerHigh.get)),
        f64.mul(low.get, powerLow.get),
      ),
    ),
    rest.set(f64.div(f64.add(f64.sub(f64.sub(whole.get, product.get), value.get), rest.get), power.get)),
    value.set(f64.add(quotient.get, f64.mul(rest.get, f64.const(1 - UNSURE)))),
    jumpIf(stop, f64.ne(value.get, f64.add(quotient.get, f64.mul(rest.get, f64.const(1 + UNSURE))))),
  ]

  const number = (tables: Local, place: Local, value: Local, stop: Label): Code => {
    const [again, over] = [Symbol('again'), Symbol('over')]
    return [
      negative.set(byteIs(place, MINUS)),
      raise(place, negative.get),
      first.set(place.get),
      point.set(i32.const(0)),
      mantissa.set(i64.const(0n)),
      block(
        over,
        loop(
          again,
          byte.set(i32.load8(place.get)),
          jumpIf(stop, i32.more(i32.sub(place.get, first.get), i32.const(MAX_VALUE_BYTES))),
          when(isDigit(byte.get), jumpIf(stop, i64.lessUnsigned(i64.const(MAX_MANTISSA), mantissa.get)), addDigit, raise(place, 1), jump(again)),
          jumpIf(over, i32.ne(byte.get, i32.const(POINT))),
          // One point, behind a digit.
          jumpIf(stop, i32.or(point.get, i32.eq(place.get, first.get))),
          raise(place, 1),
          point.set(place.get),
          jump(again),
        ),
      ),
      jumpIf(stop, i32.eq(place.get, first.get)),
      when(point.get, point.set(i32.sub(place.get, point.get))),
      jumpIf(stop, i32.more(point.get, i32.const(MAX_POWER))),
      power.set(f64.load(i32.add(tables.get, i32.shl(point.get, i32.const(3))), AT.powers)),
      // Below 2^53 the digits are a double, as the power is: their quotient is rounded once, as it should be.
      value.set(f64.div(f64.ofSigned64(mantissa.get), power.get)),
      when(i32.eqz(i64.lessUnsigned(mantissa.get, i64.const(EXACT))), divideMore(value, stop)),
      when(negative.get, value.set(f64.mul(value.get, f64.const(-1)))),
    ]
  }
  return { digits, mantissa, number }
}

const write = (tables: Local, count: Local, time: Local, value: Local): Code => [
  f64.store(i32.add(tables.get, i32.shl(count.get, i32.const(3))), time.get, AT.times),
  f64.store(i32.add(tables.get, i32.shl(count.get, i32.const(3))), value.get, AT.values),
  raise(count, 1),
]

/** samples(tables, at, end): where it stopped, which is before `end` or less than MAX_SAMPLE behind it; how many there were is in the tables. */
const samples = func('samples', { tables: 'i32', at: 'i32', end: 'i32' }, ['i32'], ({ tables, at, end }, local) => {
  const [place, count, byte, scale] = [local('i32'), local('i32'), local('i32'), local('i32')]
  const [time, value] = [local('f64'), local('f64')]
  const { digits, mantissa, number } = reader(local)
  const [done, next, parts] = [Symbol('done'), Symbol('next'), Symbol('parts')]
  return [
    block(
      done,
      loop(
        next,
        jumpIf(done, i32.notLess(at.get, end.get)),
        jumpIf(done, i32.notLess(count.get, i32.const(AT_ONCE))),
        jumpIf(done, i32.eqz(byteIs(at, OPEN))),
        place.set(from(at, 1)),
        digits(place, MAX_SECOND_DIGITS, done),
        time.set(f64.mul(f64.ofSigned64(mantissa.get), f64.const(1_000))),
        when(
          byteIs(place, POINT),
          scale.set(i32.const(100)),
          raise(place, 1),
          loop(
            parts,
            byte.set(i32.load8(place.get)),
            when(
              i32.and(isDigit(byte.get), i32.ne(scale.get, i32.const(0))),
              time.set(f64.add(time.get, f64.ofSigned(i32.mul(i32.sub(byte.get, i32.const(48)), scale.get)))),
              scale.set(i32.divUnsigned(scale.get, i32.const(10))),
              raise(place, 1),
              jump(parts),
            ),
          ),
        ),
        jumpIf(done, i32.eqz(byteIs(place, COMMA))),
        raise(place, 1),
        when(byteIs(place, BLANK), raise(place, 1)),
        jumpIf(done, i32.eqz(byteIs(place, QUOTE))),
        raise(place, 1),
        number(tables, place, value, done),
        jumpIf(done, i32.eqz(byteIs(place, QUOTE))),
        jumpIf(done, i32.eqz(byteIs(place, CLOSE, 1))),
        write(tables, count, time, value),
        at.set(from(place, 2)),
        when(byteIs(at, COMMA), raise(at, 1), when(byteIs(at, BLANK), raise(at, 1))),
        jump(next),
      ),
    ),
    i32.store(tables.get, count.get, AT.count),
    at.get,
  ]
})

/**
 * lines(tables, at, limit, length, most, least): goes over lines ' value time' behind the name in the tables, of `length` bytes, of at least that time, `most`
 * of them at most; where the line begins that is another one.
 */
const lines = func(
  'lines',
  { tables: 'i32', at: 'i32', limit: 'i32', length: 'i32', most: 'i32', least: 'f64' },
  ['i32'],
  ({ tables, at, limit, length, most, least }, local) => {
    const [place, count, index] = [local('i32'), local('i32'), local('i32')]
    const [time, value] = [local('f64'), local('f64')]
    const { digits, mantissa, number } = reader(local)
    const [done, next, same, sixteens, ones] = [Symbol('done'), Symbol('next'), Symbol('same'), Symbol('sixteens'), Symbol('ones')]
    const nameAt = i32.add(tables.get, index.get)
    const lineAt = i32.add(at.get, index.get)
    return [
      block(
        done,
        loop(
          next,
          jumpIf(done, i32.notLess(at.get, limit.get)),
          jumpIf(done, i32.notLess(count.get, most.get)),
          index.set(i32.const(0)),
          // The limit is behind the end of a line, and a name has none: what differs is found before it.
          block(
            same,
            loop(
              sixteens,
              jumpIf(same, i32.more(from(index, 16), length.get)),
              jumpIf(done, v128.any(v128.xor(v128.load(lineAt), v128.load(nameAt, AT.name)))),
              raise(index, 16),
              jump(sixteens),
            ),
          ),
          loop(ones, when(i32.less(index.get, length.get), jumpIf(done, i32.ne(i32.load8(lineAt), i32.load8(nameAt, AT.name))), raise(index, 1), jump(ones))),
          place.set(lineAt),
          jumpIf(done, i32.eqz(byteIs(place, BLANK))),
          raise(place, 1),
          number(tables, place, value, done),
          jumpIf(done, i32.eqz(byteIs(place, BLANK))),
          raise(place, 1),
          digits(place, MAX_MS_DIGITS, done),
          time.set(f64.ofSigned64(mantissa.get)),
          jumpIf(done, f64.less(time.get, least.get)),
          when(byteIs(place, RETURN), raise(place, 1)),
          jumpIf(done, i32.eqz(byteIs(place, NEWLINE))),
          write(tables, count, time, value),
          at.set(from(place, 1)),
          jump(next),
        ),
      ),
      i32.store(tables.get, count.get, AT.count),
      at.get,
    ]
  },
)

export const metricKernel: readonly Func[] = [samples, lines]
