/**
 * The loops over samples as WebAssembly: those of an answer, [1795249607.271,"1.5"], one after the other, and the lines of a dump that begin as the one
 * before. They write columns, and stop at whatever is different: metric-samples.ts says who reads that.
 */
import { at as from, block, byteIs, either, func, f64, i32, jump, jumpIf, loop, raise, v128, when, type Code, type Func, type Local } from '../src/read/wasm.js'
import { NUMBER_TABLES_BYTES, numberReader, sixteen } from './metric-number-kernel.js'

/** So many samples are read at once. */
export const AT_ONCE = 4_096
/** The first bytes of a series name are kept per distinct series: a longer one is no series. */
export const MAX_NAME_BYTES = 65_536
const HEAD_BYTES = 64
/** What stands where in the piece of the memory, in bytes. */
export const AT = {
  count: 0,
  first: 8,
  last: 16,
  numbers: HEAD_BYTES,
  name: HEAD_BYTES + NUMBER_TABLES_BYTES,
  times: 2 * 65_536,
  values: 2 * 65_536 + 8 * AT_ONCE,
} as const

const QUOTE = 34
const COMMA = 44
const BLANK = 32
const RETURN = 13
const NEWLINE = 10
const OPEN = 91
const CLOSE = 93
const ZERO = 48
const MAX_SECOND_DIGITS = 11

type Written = Readonly<Record<'count' | 'time' | 'value' | 'first' | 'last', Local>>
const writing = (local: (type: 'i32' | 'f64') => Local): Written => ({
  count: local('i32'),
  time: local('f64'),
  value: local('f64'),
  first: local('f64'),
  last: local('f64'),
})
const beginWriting = ({ first, last }: Written): Code => [first.set(f64.const(Infinity)), last.set(f64.const(-Infinity))]
const write = (tables: Local, { count, time, value, first, last }: Written): Code => [
  f64.store(i32.add(tables.get, i32.shl(count.get, i32.const(3))), time.get, AT.times),
  f64.store(i32.add(tables.get, i32.shl(count.get, i32.const(3))), value.get, AT.values),
  when(f64.less(time.get, first.get), first.set(time.get)),
  when(f64.more(time.get, last.get), last.set(time.get)),
  raise(count, 1),
]
const endWriting = (tables: Local, { count, first, last }: Written): Code => [
  i32.store(tables.get, count.get, AT.count),
  f64.store(tables.get, first.get, AT.first),
  f64.store(tables.get, last.get, AT.last),
]

/** samples(tables, at, end): where it stopped, which is not behind `end`; how many there were, and their first and last time, is in the tables. */
const samples = func('samples', { tables: 'i32', at: 'i32', end: 'i32' }, ['i32'], ({ tables, at, end }, local) => {
  const place = local('i32')
  const written = writing(local)
  const { count, time, value } = written
  const numbers = local('i32')
  const { short, tenDigits, mantissa, length, wholes, power, number } = numberReader(numbers, local)
  const head = local('v128')
  const [done, next, timed, unusual] = [Symbol('done'), Symbol('next'), Symbol('timed'), Symbol('unusual')]
  // From the byte before the bracket on: [1567641600,"
  const plain = [0, OPEN, ...new Array<number>(10).fill(ZERO), COMMA, QUOTE, 0, 0]
  const most = [255, 0, ...new Array<number>(10).fill(9), 0, 0, 255, 255]
  return [
    numbers.set(from(tables, AT.numbers)),
    beginWriting(written),
    block(
      done,
      loop(
        next,
        jumpIf(done, i32.notLess(at.get, end.get)),
        jumpIf(done, i32.notLess(count.get, i32.const(AT_ONCE))),
        block(
          timed,
          block(
            unusual,
            head.set(v128.xor(v128.load(from(at, -1)), sixteen(numbers, ...plain))),
            jumpIf(unusual, v128.any(v128.beyond(head.get, sixteen(numbers, ...most)))),
            tenDigits(head.get),
            time.set(f64.mul(f64.ofSigned64(mantissa.get), f64.const(1_000))),
            place.set(from(at, 13)),
            jump(timed),
          ),
          jumpIf(done, i32.eqz(byteIs(at, OPEN))),
          place.set(from(at, 1)),
          short(place, done),
          // Milliseconds, of which one to three may be written.
          length.set(either(i32.eq(length.get, wholes.get), i32.const(0), i32.sub(i32.sub(length.get, wholes.get), i32.const(1)))),
          jumpIf(done, i32.or(i32.more(wholes.get, i32.const(MAX_SECOND_DIGITS)), i32.more(length.get, i32.const(3)))),
          time.set(f64.mul(f64.ofSigned64(mantissa.get), power(i32.sub(i32.const(3), length.get)))),
          jumpIf(done, i32.eqz(byteIs(place, COMMA))),
          raise(place, 1),
          when(byteIs(place, BLANK), raise(place, 1)),
          jumpIf(done, i32.eqz(byteIs(place, QUOTE))),
          raise(place, 1),
        ),
        number(place, value, done),
        jumpIf(done, i32.eqz(byteIs(place, QUOTE))),
        jumpIf(done, i32.eqz(byteIs(place, CLOSE, 1))),
        // What stands behind the end may look as if it went on.
        raise(place, 2),
        jumpIf(done, i32.more(place.get, end.get)),
        write(tables, written),
        at.set(place.get),
        when(i32.and(i32.less(at.get, end.get), byteIs(at, COMMA)), raise(at, 1), when(i32.and(i32.less(at.get, end.get), byteIs(at, BLANK)), raise(at, 1))),
        jump(next),
      ),
    ),
    endWriting(tables, written),
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
    const [place, index] = [local('i32'), local('i32')]
    const written = writing(local)
    const { count, time, value } = written
    const numbers = local('i32')
    const { short, mantissa, length: bytes, wholes, number } = numberReader(numbers, local)
    const [done, next, same, sixteens, ones] = [Symbol('done'), Symbol('next'), Symbol('same'), Symbol('sixteens'), Symbol('ones')]
    const nameAt = i32.add(tables.get, index.get)
    const lineAt = i32.add(at.get, index.get)
    return [
      numbers.set(from(tables, AT.numbers)),
      beginWriting(written),
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
          number(place, value, done),
          jumpIf(done, i32.eqz(byteIs(place, BLANK))),
          raise(place, 1),
          short(place, done),
          jumpIf(done, i32.ne(bytes.get, wholes.get)),
          time.set(f64.ofSigned64(mantissa.get)),
          jumpIf(done, f64.less(time.get, least.get)),
          when(byteIs(place, RETURN), raise(place, 1)),
          jumpIf(done, i32.eqz(byteIs(place, NEWLINE))),
          write(tables, written),
          at.set(from(place, 1)),
          jump(next),
        ),
      ),
      endWriting(tables, written),
      at.get,
    ]
  },
)

export const metricKernel: readonly Func[] = [samples, lines]
