/**
 * Numbers as programs write them, 39469.83, read in WebAssembly: up to fifteen bytes at once, without a loop whose turns nobody could foresee; longer ones
 * digit by digit. Constants of sixteen bytes lie in the memory: to load one is a tenth of the work of making it.
 */
import {
  block,
  byteIs,
  f64,
  i16x8,
  i32,
  i32x4,
  i64,
  isDigit,
  jump,
  jumpIf,
  loop,
  raise,
  several,
  v128,
  when,
  type Code,
  type Label,
  type Local,
} from '../src/read/wasm.js'
import { POWERS } from './metric-bytes.js'

const MINUS = 45
const POINT = 46
const MAX_VALUE_BYTES = 25
/** Ten times this and a digit more is no overflow. */
const MAX_MANTISSA = 10n ** 17n
const EXACT = 2n ** 53n
/** Splits a double in two halves (Dekker). */
const SPLIT = 2 ** 27 + 1
/** Far more than what rounding can have added to the remainder, far less than what is between two doubles. */
const UNSURE = 2 ** -40

/** Where in the memory, from `tables` on, what is written there before. */
const POWERS_AT = 0
/** By how many bytes are behind the digits before a point, itself among them: the power of ten to divide by. */
const DIVISORS_AT = 256
const SHUFFLES_AT = 512
const SIXTEENS_AT = SHUFFLES_AT + 16 * 16 * 16
export const NUMBER_TABLES_BYTES = 8_192

const SIXTEENS: number[][] = []
/** Sixteen bytes, these again and again. */
export const sixteen = (tables: Local, ...bytes: readonly number[]): Code => {
  const wanted = Array.from({ length: 16 }, (_, index) => bytes[index % bytes.length] ?? 0)
  const known = SIXTEENS.findIndex((one) => one.every((byte, index) => byte === wanted[index]))
  const place = known < 0 ? SIXTEENS.push(wanted) - 1 : known
  return v128.load(tables.get, SIXTEENS_AT + 16 * place)
}
const sixteenBits = (...values: readonly number[]): number[] => values.flatMap((value) => [value & 255, value >> 8])

/** To be done before any number is read; there is room for NUMBER_TABLES_BYTES. */
export const writeNumberTables = (buffer: ArrayBuffer, at: number): void => {
  new Float64Array(buffer, at + POWERS_AT, POWERS.length).set(POWERS)
  new Float64Array(buffer, at + DIVISORS_AT, 17).set([1, ...POWERS.slice(0, 16)])
  const bytes = new Uint8Array(buffer, at, NUMBER_TABLES_BYTES)
  for (let length = 0; length < 16; length++) {
    for (let wholes = 0; wholes <= length; wholes++) {
      // The digits without the point, at the end of the sixteen bytes; before them no byte at all.
      const digits = Array.from({ length }, (_, index) => index).filter((index) => index !== wholes)
      bytes.set([...new Array<number>(16 - digits.length).fill(255), ...digits], SHUFFLES_AT + 16 * (16 * length + wholes))
    }
  }
  SIXTEENS.forEach((sixteen, place) => bytes.set(sixteen, SIXTEENS_AT + 16 * place))
}

export interface NumberReader {
  /**
   * `place` goes behind the digits, one point among them, that begin there; `mantissa` is what they come to without it, `wholes` how many are before it
   * and `length` all bytes. To `stop` where they are more than fifteen bytes or none.
   */
  readonly short: (place: Local, stop: Label) => Code
  /** `mantissa` becomes what the ten digits from the second byte of `sixteen` on come to, each less 48; all else in it is left out. */
  readonly tenDigits: (sixteen: Code) => Code
  /** `place` goes behind the decimal number that begins there, which `value` becomes: the nearest double to it, or it goes to `stop`. */
  readonly number: (place: Local, value: Local, stop: Label) => Code
  readonly power: (of: Code) => Code
  readonly mantissa: Local
  readonly wholes: Local
  readonly length: Local
}

export const numberReader = (tables: Local, local: (type: 'i32' | 'i64' | 'f64' | 'v128') => Local): NumberReader => {
  const [byte, first, decimals, negative, wholes, length, points] = several(7, () => local('i32'))
  const [chunk, sums] = [local('v128'), local('v128')]
  const mantissa = local('i64')
  const [divisor, whole, rest, quotient, product, high, low, powerHigh, powerLow] = several(9, () => local('f64'))
  const power = (of: Code): Code => f64.load(i32.add(tables.get, i32.shl(of, i32.const(3))), POWERS_AT)
  const addDigit = mantissa.set(i64.add(i64.mul(mantissa.get, i64.const(10n)), i64.extend(i32.sub(byte.get, i32.const(48)))))

  /** Of each two digits the one of higher rank times ten, and the other; then of each four with a hundred. */
  const fours = (digits: Code): Code =>
    i16x8.dot(i16x8.shiftRight(i16x8.mul(digits, sixteen(tables, ...sixteenBits(10 * 256 + 1))), i32.const(8)), sixteen(tables, ...sixteenBits(100, 1)))
  const eights = (): Code => [
    sums.set(i16x8.dot(i16x8.narrow(sums.get, sums.get), sixteen(tables, ...sixteenBits(10_000, 1)))),
    mantissa.set(i64.add(i64.mul(i64.extend(i32x4.lane(sums.get, 0)), i64.const(10n ** 8n)), i64.extend(i32x4.lane(sums.get, 1)))),
  ]

  const short = (place: Local, stop: Label): Code => {
    const behind = i32.shl(i32.const(1), length.get)
    return [
      chunk.set(v128.load(place.get)),
      points.set(v128.bits(v128.eq(chunk.get, sixteen(tables, POINT)))),
      // Of 48 to 57, 118 to 127: what was more is negative now.
      length.set(i32.ctz(i32.xor(i32.or(v128.bits(v128.more(v128.add(chunk.get, sixteen(tables, 70)), sixteen(tables, 117))), points.get), i32.const(-1)))),
      points.set(i32.and(points.get, i32.sub(behind, i32.const(1)))),
      wholes.set(i32.ctz(i32.or(points.get, behind))),
      // One point, behind a digit.
      jumpIf(stop, i32.or(i32.or(i32.eqz(wholes.get), i32.eq(length.get, i32.const(16))), i32.and(points.get, i32.sub(points.get, i32.const(1))))),
      sums.set(v128.load(i32.add(tables.get, i32.add(i32.shl(length.get, i32.const(8)), i32.shl(wholes.get, i32.const(4)))), SHUFFLES_AT)),
      sums.set(fours(v128.and(v128.pick(chunk.get, sums.get), sixteen(tables, 0x0f)))),
      eights(),
      raise(place, length.get),
    ]
  }

  const tenDigits = (of: Code): Code => [
    sums.set(fours(v128.and(of, sixteen(tables, 0, 0, ...new Array<number>(10).fill(0x0f), 0, 0, 0, 0)))),
    // Two digits, four and four, and nothing.
    sums.set(i16x8.dot(i16x8.narrow(sums.get, sums.get), sixteen(tables, ...sixteenBits(10_000, 1, 1, 0)))),
    mantissa.set(i64.add(i64.mul(i64.extend(i32x4.lane(sums.get, 0)), i64.const(10_000n)), i64.extend(i32x4.lane(sums.get, 1)))),
  ]

  const halves = (of: Local, one: Local, other: Local): Code => [
    one.set(f64.mul(of.get, f64.const(SPLIT))),
    one.set(f64.sub(one.get, f64.sub(one.get, of.get))),
    other.set(f64.sub(of.get, one.get)),
  ]
  /** What is left when `quotient` times `power` is taken from the mantissa, as exact as a double is; divided, it is what the quotient is off by. */
  const divideMore = (value: Local, stop: Label): Code => [
    whole.set(f64.ofSigned64(mantissa.get)),
    rest.set(f64.ofSigned64(i64.sub(mantissa.get, i64.truncated(whole.get)))),
    quotient.set(f64.div(whole.get, divisor.get)),
    halves(quotient, high, low),
    halves(divisor, powerHigh, powerLow),
    product.set(f64.mul(quotient.get, divisor.get)),
    value.set(
      f64.add(
        f64.add(f64.add(f64.sub(f64.mul(high.get, powerHigh.get), product.get), f64.mul(high.get, powerLow.get)), f64.mul(low.get, powerHigh.get)),
        f64.mul(low.get, powerLow.get),
      ),
    ),
    rest.set(f64.div(f64.add(f64.sub(f64.sub(whole.get, product.get), value.get), rest.get), divisor.get)),
    value.set(f64.add(quotient.get, f64.mul(rest.get, f64.const(1 - UNSURE)))),
    jumpIf(stop, f64.ne(value.get, f64.add(quotient.get, f64.mul(rest.get, f64.const(1 + UNSURE))))),
  ]

  /** As `short`, but longer: `divisor` is set as well. */
  const long = (place: Local, stop: Label): Code => {
    const [again, over] = [Symbol('again'), Symbol('over')]
    return [
      first.set(place.get),
      decimals.set(i32.const(0)),
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
          jumpIf(stop, i32.or(decimals.get, i32.eq(place.get, first.get))),
          raise(place, 1),
          decimals.set(place.get),
          jump(again),
        ),
      ),
      jumpIf(stop, i32.eq(place.get, first.get)),
      when(decimals.get, decimals.set(i32.sub(place.get, decimals.get))),
      jumpIf(stop, i32.notLess(decimals.get, i32.const(POWERS.length))),
      divisor.set(power(decimals.get)),
    ]
  }

  const number = (place: Local, value: Local, stop: Label): Code => {
    const [known, isLong] = [Symbol('known'), Symbol('long')]
    return [
      negative.set(byteIs(place, MINUS)),
      raise(place, negative.get),
      block(
        known,
        block(
          isLong,
          short(place, isLong),
          divisor.set(f64.load(i32.add(tables.get, i32.shl(i32.sub(length.get, wholes.get), i32.const(3))), DIVISORS_AT)),
          jump(known),
        ),
        long(place, stop),
      ),
      // Below 2^53 the digits are a double, as the power is: their quotient is rounded once, as it should be.
      value.set(f64.div(f64.ofSigned64(mantissa.get), divisor.get)),
      when(i32.eqz(i64.lessUnsigned(mantissa.get, i64.const(EXACT))), divideMore(value, stop)),
      when(negative.get, value.set(f64.mul(value.get, f64.const(-1)))),
    ]
  }
  return { short, tenDigits, number, power, mantissa, wholes, length }
}
