/**
 * A small assembler for WebAssembly: functions over one memory, written as expressions. For the few loops that every byte of a log goes through, where
 * sixteen bytes at once count. An instruction is the bytes of its operands and then its own; blocks have labels, and a jump names the one it leaves.
 * https://webassembly.github.io/spec/core/binary/instructions.html
 */

/** Where a jump goes: to the beginning of a loop, to the end of anything else. */
export type Label = symbol
type Piece =
  | number
  | Code
  | { readonly call: Func }
  | { readonly to: Label; readonly opcode: number }
  | { readonly label: Label; readonly opcode: number; readonly body: Code }
export type Code = readonly Piece[]

const TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c, v128: 0x7b } as const
export type ValueType = keyof typeof TYPES
const NO_RESULT = 0x40
const SIMD = 0xfd

export interface Local {
  readonly get: Code
  set(value: Code): Code
}

export interface Func {
  readonly name: string
  readonly results: readonly ValueType[]
  readonly params: readonly ValueType[]
  readonly locals: readonly ValueType[]
  readonly body: Code
}

/** Unsigned, seven bits a byte. */
const uleb = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...uleb(Math.floor(value / 128))])
const sleb = (value: bigint): number[] => {
  const low = Number(value & 127n)
  const rest = value >> 7n
  return (rest === 0n && (low & 64) === 0) || (rest === -1n && (low & 64) !== 0) ? [low] : [low | 128, ...sleb(rest)]
}

const op =
  (...opcode: readonly number[]) =>
  (...operands: readonly Code[]): Code => [...operands, ...opcode]
/** `offset` is added to the address; no alignment is promised. */
const load =
  (...opcode: readonly number[]) =>
  (address: Code, offset = 0): Code => [address, ...opcode, 0, ...uleb(offset)]
const store =
  (...opcode: readonly number[]) =>
  (address: Code, value: Code, offset = 0): Code => [address, value, ...opcode, 0, ...uleb(offset)]

export const i32 = {
  const: (value: number): Code => [0x41, ...sleb(BigInt(value | 0))],
  load: load(0x28),
  load8: load(0x2d),
  load16: load(0x2f),
  store: store(0x36),
  store8: store(0x3a),
  eqz: op(0x45),
  eq: op(0x46),
  ne: op(0x47),
  less: op(0x48),
  lessUnsigned: op(0x49),
  more: op(0x4a),
  notLess: op(0x4e),
  ctz: op(0x68),
  popcnt: op(0x69),
  add: op(0x6a),
  sub: op(0x6b),
  mul: op(0x6c),
  divUnsigned: op(0x6e),
  remUnsigned: op(0x70),
  and: op(0x71),
  or: op(0x72),
  xor: op(0x73),
  shl: op(0x74),
  shiftRight: op(0x76),
  low: op(0xa7),
}
export const i64 = {
  const: (value: bigint): Code => [0x42, ...sleb(BigInt.asIntN(64, value))],
  load: load(0x29),
  store: store(0x37),
  eq: op(0x51),
  lessUnsigned: op(0x54),
  add: op(0x7c),
  sub: op(0x7d),
  mul: op(0x7e),
  and: op(0x83),
  xor: op(0x85),
  shl: op(0x86),
  shiftRight: op(0x88),
  extend: op(0xad),
  truncated: op(0xb0),
}
export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(new Float64Array([value]).buffer)],
  load: load(0x2b),
  store: store(0x39),
  ne: op(0x62),
  less: op(0x63),
  more: op(0x64),
  notLess: op(0x66),
  abs: op(0x99),
  floor: op(0x9c),
  nearest: op(0x9e),
  add: op(0xa0),
  sub: op(0xa1),
  mul: op(0xa2),
  div: op(0xa3),
  ofSigned: op(0xb7),
  ofSigned64: op(0xb9),
}
/** Sixteen bytes. */
export const v128 = {
  load: load(SIMD, 0),
  store: store(SIMD, 11),
  each: (byte: number): Code => [SIMD, 12, ...new Array<number>(16).fill(byte)],
  /** The bytes that stand where the other's say; 0 where those are none of the sixteen. */
  pick: op(SIMD, 14),
  eq: op(SIMD, 35),
  more: op(SIMD, 39),
  lessUnsigned: op(SIMD, 38),
  and: op(SIMD, 78),
  or: op(SIMD, 80),
  xor: op(SIMD, 81),
  any: op(SIMD, 83),
  /** A bit per byte: its highest. */
  bits: op(SIMD, ...uleb(100)),
  add: op(SIMD, ...uleb(110)),
  /** By how much bytes without a sign are more than the other's; 0 where they are not. */
  beyond: op(SIMD, ...uleb(115)),
}
/** Eight numbers of sixteen bits. */
export const i16x8 = {
  /** Four of 32 bits each from both, as far as they fit. */
  narrow: op(SIMD, ...uleb(133)),
  shiftRight: op(SIMD, ...uleb(141)),
  mul: op(SIMD, ...uleb(149)),
  /** Four of 32 bits: of each two neighbours, each times the other's, the sum. */
  dot: op(SIMD, ...uleb(186)),
}
/** Four numbers of 32 bits. */
export const i32x4 = { lane: (of: Code, lane: number): Code => [of, SIMD, 27, lane] }

const nest = (opcode: number, label: Label, body: readonly Code[]): Piece => ({ label, opcode, body })
export const block = (label: Label, ...body: readonly Code[]): Code => [nest(0x02, label, body)]
export const loop = (label: Label, ...body: readonly Code[]): Code => [nest(0x03, label, body)]
export const when = (condition: Code, ...body: readonly Code[]): Code => [condition, nest(0x04, Symbol('when'), body)]
export const jump = (to: Label): Code => [{ to, opcode: 0x0c }]
export const jumpIf = (to: Label, condition: Code): Code => [condition, { to, opcode: 0x0d }]
export const either = (condition: Code, one: Code, other: Code): Code => [one, other, condition, 0x1b]
/** The function is to be assembled together with who calls it. */
export const call = (of: Func, ...args: readonly Code[]): Code => [...args, { call: of }]

// What loops over the bytes of a log are made of, over and over.

export const codeOf = (of: Local | Code): Code => ('get' in of ? of.get : of)
export const at = (base: Local | Code, offset: number): Code => i32.add(codeOf(base), i32.const(offset))
export const raise = (local: Local, by: number | Code): Code => local.set(i32.add(local.get, typeof by === 'number' ? i32.const(by) : by))
export const byteIs = (address: Local | Code, byte: number, offset = 0): Code => i32.eq(i32.load8(codeOf(address), offset), i32.const(byte))
/** Whether a byte is from `from` on, less than so many further. */
export const within = (byte: Code, from: number, many: number): Code => i32.lessUnsigned(i32.sub(byte, i32.const(from)), i32.const(many))
export const isDigit = (byte: Code): Code => within(byte, 48, 10)

/** Whether two sixteens differ where the mask counts. */
export const differs = (one: Code, other: Code, mask: Code): Code => v128.any(v128.and(v128.xor(one, other), mask))

/** FNV's and splitmix's constants serve well enough: all bytes are the programs' own. */
const MULTIPLIER = 0x9e3779b97f4a7c15n
/** `hash` goes on with eight bytes more. */
export const mix = (hash: Local, word: Code): Code => [
  hash.set(i64.mul(i64.xor(hash.get, word), i64.const(MULTIPLIER))),
  hash.set(i64.xor(hash.get, i64.shiftRight(hash.get, i64.const(29n)))),
]

/** `hash` goes on with the bytes from `from` up to `to`; `from` is moved. */
export const mixBytes = (hash: Local, from: Local, to: Local): Code => {
  const eights = Symbol('eights')
  const left = i32.sub(to.get, from.get)
  return [
    loop(eights, when(i32.notLess(left, i32.const(8)), mix(hash, i64.load(from.get)), raise(from, 8), jump(eights))),
    // Those left, less than eight: the bytes behind them are shifted out.
    when(i32.less(from.get, to.get), mix(hash, i64.shl(i64.load(from.get), i64.extend(i32.sub(i32.const(64), i32.shl(left, i32.const(3))))))),
  ]
}

/** `found` becomes where the first of these bytes stands from `found` on, which there must be; `chunk` and `mark` are used up. From `until` on it goes to `stop`. */
export const search = (
  found: Local,
  { chunk, mark }: Readonly<Record<'chunk' | 'mark', Local>>,
  bytes: readonly number[],
  until?: Code,
  stop?: Label,
): Code => {
  const again = Symbol('again')
  const marks = bytes.map((one) => v128.eq(chunk.get, v128.each(one)))
  return [
    loop(
      again,
      ...(until === undefined || stop === undefined ? [] : [jumpIf(stop, i32.notLess(found.get, until))]),
      chunk.set(v128.load(found.get)),
      mark.set(v128.bits(marks.reduce((one, other) => v128.or(one, other)))),
      when(i32.eqz(mark.get), raise(found, 16), jump(again)),
    ),
    raise(found, i32.ctz(mark.get)),
  ]
}

/** Reads digits: `byte` becomes the digit at an address, `seconds` what mm:ss there comes to. `odd`, at first 0, remembers what was none: see `isOdd`. */
export const digitReader = ({ byte, odd, seconds }: Readonly<Record<'byte' | 'odd' | 'seconds', Local>>) => {
  /** Bit 4 and up of a digit less 48 are 0, adding 6 carries into them above 9. */
  const digit = (address: Code, offset: number, most = 9): Code => [
    byte.set(i32.sub(i32.load8(address, offset), i32.const(48))),
    odd.set(i32.or(odd.get, i32.or(byte.get, i32.add(byte.get, i32.const(15 - most))))),
  ]
  const clock = (address: Code, offset = 0): Code => [
    digit(address, offset, 5),
    seconds.set(i32.mul(byte.get, i32.const(600))),
    digit(address, offset + 1),
    raise(seconds, i32.mul(byte.get, i32.const(60))),
    digit(address, offset + 3, 5),
    raise(seconds, i32.mul(byte.get, i32.const(10))),
    digit(address, offset + 4),
    raise(seconds, byte.get),
  ]
  const isOdd = i32.and(odd.get, i32.const(~15))
  return { digit, clock, isOdd }
}

/** `value` becomes the number that begins at `place`, which goes to its end; `byte` is used up. */
export const readDecimal = (place: Local, value: Local, byte: Local): Code => {
  const digits = Symbol('digits')
  return [
    value.set(i32.const(0)),
    loop(
      digits,
      byte.set(i32.load8(place.get)),
      when(isDigit(byte.get), value.set(i32.add(i32.mul(value.get, i32.const(10)), i32.sub(byte.get, i32.const(48)))), raise(place, 1), jump(digits)),
    ),
  ]
}

/** A function: `write` declares its locals and gives its body, whose last value is the result. */
export const func = <Names extends string>(
  name: string,
  params: Readonly<Record<Names, ValueType>>,
  results: readonly ValueType[],
  write: (params: Readonly<Record<Names, Local>>, local: (type: ValueType) => Local) => readonly Code[],
): Func => {
  let count = 0
  const next = (): Local => {
    const index = uleb(count++)
    return { get: [0x20, ...index], set: (value) => [value, 0x21, ...index] }
  }
  const locals: ValueType[] = []
  // Object.entries does not know the names' type.
  const own = Object.fromEntries(Object.keys(params).map((param) => [param, next()])) as Record<Names, Local>
  const body = write(own, (type) => {
    locals.push(type)
    return next()
  })
  return { name, results, params: Object.values<ValueType>(params), locals, body }
}

type Several<Many extends number, Got extends readonly Local[] = []> = Got['length'] extends Many ? Got : Several<Many, readonly [...Got, Local]>
/** So many locals of one type. */
export const several = <Many extends number>(many: Many, make: () => Local): Several<Many> => Array.from({ length: many }, make) as unknown as Several<Many> // which are as many

const END = 0x0b
/** Jumps count the blocks they leave, calls name a place among the functions. Throws where one is called that is none of them. */
const emit = (code: Code, functions: readonly Func[], open: readonly Label[], out: number[]): void => {
  for (const piece of code) {
    if (typeof piece === 'number') out.push(piece)
    else if ('call' in piece) {
      const place = functions.indexOf(piece.call)
      if (place < 0) throw new Error(`${piece.call.name} is called, and is none of the functions`)
      out.push(0x10, ...uleb(place))
    } else if ('to' in piece) out.push(piece.opcode, ...uleb(open.indexOf(piece.to)))
    else if ('label' in piece) {
      out.push(piece.opcode, NO_RESULT)
      emit(piece.body, functions, [piece.label, ...open], out)
      out.push(END)
    } else emit(piece, functions, open, out)
  }
}

const list = (items: readonly (readonly number[])[]): number[] => [...uleb(items.length), ...items.flat()]
const sized = (bytes: readonly number[]): number[] => [...uleb(bytes.length), ...bytes]
const named = (name: string): number[] => sized([...Buffer.from(name)])
const section = (id: number, items: readonly (readonly number[])[]): number[] => [id, ...sized(list(items))]

/** The module's bytes. It imports its memory as env.memory, of at least so many pages, and exports every function. */
export const assemble = (functions: readonly Func[], pages: number): Uint8Array<ArrayBuffer> => {
  const types = functions.map(({ params, results }) => [0x60, ...list(params.map((type) => [TYPES[type]])), ...list(results.map((type) => [TYPES[type]]))])
  const bodies = functions.map(({ locals, body }) => {
    const code: number[] = []
    emit(body, functions, [], code)
    return sized([...list(locals.map((type) => [1, TYPES[type]])), ...code, END])
  })
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, [[...named('env'), ...named('memory'), 2, 0, ...uleb(pages)]]),
    ...section(
      3,
      functions.map((_, index) => uleb(index)),
    ),
    ...section(
      7,
      functions.map(({ name }, index) => [...named(name), 0, ...uleb(index)]),
    ),
    ...section(10, bodies),
  ])
}
