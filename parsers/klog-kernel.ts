/**
 * What klog-steady.ts goes over lines with, as WebAssembly: `pass` finds each line's parts, tells apart what says nothing, and looks up what was said before;
 * where it stops, the line is read as any other. `hashOf` and `put` make known what a line said. All places are addresses in the memory of wasm-memory.ts.
 */
import {
  at,
  block,
  byteIs,
  call,
  differs,
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
  raise,
  search,
  several,
  v128,
  when,
  type Code,
  type Func,
  type Local,
} from '../src/read/wasm.js'
import { formOf, leaveOut } from './klog-kernel-words.js'
import { ANCHOR, AT, EVENT, HEAD, KNOWN, MAX_LINE, NOTE, RUN, WHOSE } from './klog-tables.js'

/** A longer source is none. */
const MAX_SOURCE = 200
/** Longer steps may be a silence, which somebody wants to know of. */
const MAX_STEP_MS = 29_000
/** Of two stamps without a zone the inner one counts where they are closer than two seconds; near that, who it is is told with all digits. */
const SURELY_NEAR_MS = 1_900
const SURELY_APART_MS = 2_100

const NEWLINE = 10
const BLANK = 32
const QUOTE = 34
const BRACKET = 93
const COMMA = 44

/** hashOf(start, end, seed): start + 8 <= end. */
const hashOf = func('hashOf', { start: 'i32', end: 'i32', seed: 'i32' }, ['i64'], ({ start, end, seed }, local) => {
  const hash = local('i64')
  const last = local('i32')
  const eights = Symbol('eights')
  return [
    last.set(at(end, -8)),
    hash.set(i64.extend(i32.add(i32.mul(i32.sub(end.get, start.get), i32.const(257)), seed.get))),
    loop(eights, when(i32.lessUnsigned(start.get, last.get), mix(hash, i64.load(start.get)), raise(start, 8), jump(eights))),
    mix(hash, i64.load(last.get)),
    hash.get,
  ]
})

/** lastWord(start, end): where the last word of bytes[start, end) begins, after a blank or a comma. */
const lastWord = func('lastWord', { start: 'i32', end: 'i32' }, ['i32'], ({ start, end }, local) => {
  const byte = local('i32')
  const back = Symbol('back')
  const found = Symbol('found')
  return [
    block(
      found,
      loop(
        back,
        jumpIf(found, i32.notLess(start.get, end.get)),
        byte.set(i32.load8(at(end, -1))),
        jumpIf(found, i32.eq(byte.get, i32.const(COMMA))),
        jumpIf(found, i32.eq(byte.get, i32.const(BLANK))),
        raise(end, -1),
        jump(back),
      ),
    ),
    end.get,
  ]
})

/** The first of the four places where a hash may be, all in one line of the processor's cache. */
const placesOf = (hash: Local): Code => i32.and(i32.low(i64.shiftRight(hash.get, i64.const(45n))), i32.const((KNOWN.places - 1) & ~3))
const knownAt = (tables: Local, place: Code): Code => at(i32.add(tables.get, i32.shl(place, i32.const(4))), AT.known)

/** put(tables, start, end, seed, version): makes bytes[start, end) known; its place. */
const put = func('put', { tables: 'i32', start: 'i32', end: 'i32', seed: 'i32', version: 'i32' }, ['i32'], ({ tables, start, end, seed, version }, local) => {
  const hash = local('i64')
  const there = local('i64')
  const place = local('i32')
  const last = local('i32')
  const [found, places] = [Symbol('found'), Symbol('places')]
  return [
    hash.set(call(hashOf, start.get, end.get, seed.get)),
    place.set(placesOf(hash)),
    last.set(i32.add(place.get, i32.const(3))),
    block(
      found,
      loop(
        places,
        there.set(i64.load(knownAt(tables, place.get))),
        jumpIf(found, i64.eq(there.get, hash.get)),
        jumpIf(found, i64.eq(there.get, i64.const(0n))),
        raise(place, 1),
        jumpIf(places, i32.notLess(last.get, place.get)),
      ),
      // All are others': one of them goes.
      place.set(i32.add(i32.sub(last.get, i32.const(3)), i32.and(i32.low(hash.get), i32.const(3)))),
    ),
    last.set(knownAt(tables, place.get)),
    i64.store(last.get, hash.get),
    i32.store(last.get, version.get, KNOWN.version),
    i32.store(last.get, i32.const(0), KNOWN.run),
    place.get,
  ]
})

/**
 * meaning(tables, message, end): 0 where no anchor knows the message, or it means nothing; 1 where its meaning has to be asked,
 * 2 where that one may be content with all but the last word.
 */
const meaning = func('meaning', { tables: 'i32', message: 'i32', end: 'i32' }, ['i32'], ({ tables, message, end }, local) => {
  const anchor = local('i32')
  const left = local('i32')
  const length = local('i32')
  const index = local('i32')
  const [none, anchors, next, bytes, ends, matched] = [Symbol('none'), Symbol('anchors'), Symbol('next'), Symbol('bytes'), Symbol('ends'), Symbol('matched')]
  const slot = i32.shiftRight(i32.mul(i32.or(i32.load(message.get), i32.const(0x20202020)), i32.const(0x9e3779b1)), i32.const(20))
  const isOther = differs(
    v128.or(v128.load(i32.add(message.get, index.get)), v128.each(0x20)),
    v128.load(i32.add(anchor.get, index.get), ANCHOR.bytes),
    v128.load(i32.add(anchor.get, index.get), ANCHOR.mask),
  )
  const kind = i32.load(anchor.get, 4)
  const result = local('i32')
  return [
    block(
      none,
      left.set(i32.load16(at(i32.add(tables.get, i32.shl(slot, i32.const(1))), AT.slots))),
      jumpIf(none, i32.eqz(left.get)),
      anchor.set(at(i32.add(tables.get, left.get), AT.groups)),
      left.set(i32.load(anchor.get)),
      raise(anchor, 16),
      block(
        matched,
        loop(
          anchors,
          block(
            next,
            length.set(i32.load(anchor.get)),
            jumpIf(next, i32.more(i32.add(message.get, length.get), end.get)),
            index.set(i32.const(0)),
            loop(bytes, jumpIf(next, isOther), raise(index, 16), jumpIf(bytes, i32.less(index.get, length.get))),
            jump(matched),
          ),
          raise(anchor, ANCHOR.size),
          raise(left, -1),
          jumpIf(anchors, left.get),
        ),
        jump(none),
      ),
      jumpIf(none, i32.and(kind, i32.const(ANCHOR.nothing))),
      result.set(either(i32.and(kind, i32.const(ANCHOR.skimmed)), i32.const(2), i32.const(1))),
      // Said of lines only that end otherwise.
      length.set(i32.load(anchor.get, 8)),
      jumpIf(none, i32.eqz(length.get)),
      index.set(i32.const(0)),
      block(
        matched,
        loop(
          ends,
          jumpIf(matched, i32.ne(i32.load8(i32.add(i32.sub(end.get, length.get), index.get)), i32.load8(i32.add(anchor.get, index.get), ANCHOR.ends))),
          raise(index, 1),
          jumpIf(ends, i32.less(index.get, length.get)),
        ),
        result.set(i32.const(0)),
      ),
    ),
    result.get,
  ]
})

/** pass(tables, start): where the first line begins that has to be read, of those from `start` on. */
const pass = func('pass', { tables: 'i32', start: 'i32' }, ['i32'], ({ tables, start }, local) => {
  const [stop, differ, turn, lines, counted] = [Symbol('stop'), Symbol('differ'), Symbol('turn'), Symbol('lines'), Symbol('counted')]
  const word = (): Local => local('i32')
  const [limit, most, length, whose, version, count, events] = several(7, word)
  const [line, newline, bracket, words, message, end, severity, kind] = several(8, word)
  const [from, to, byte, odd, seconds, known, used] = several(7, word)
  const [last, own, ms, value] = several(4, () => local('f64'))
  const [hash, chunk] = [local('i64'), local('v128')]
  const param = (offset: number): Code => i32.load(tables.get, offset)

  const { digit, clock, isOdd } = digitReader({ byte, odd, seconds })
  const isSame = (): Code => {
    const [compare, compared] = [Symbol('compare'), Symbol('compared')]
    const isOther = differs(
      v128.load(i32.add(start.get, from.get)),
      v128.load(i32.add(tables.get, from.get), AT.bytes),
      v128.load(i32.add(tables.get, from.get), AT.mask),
    )
    return [
      from.set(i32.const(0)),
      to.set(param(AT.pattern)),
      block(compared, loop(compare, jumpIf(differ, isOther), raise(from, 16), jumpIf(compare, i32.less(from.get, to.get)), jump(compared))),
    ]
  }
  const readOwn = (): Code => {
    const micros = [0, 1, 2, 3, 4, 5].map((index): Code => [
      digit(line.get, HEAD.micros + index),
      from.set(index === 0 ? byte.get : i32.add(i32.mul(from.get, i32.const(10)), byte.get)),
    ])
    return [
      clock(line.get, HEAD.minutes),
      micros,
      own.set(f64.add(f64.mul(f64.ofSigned(seconds.get), f64.const(1000)), f64.div(f64.ofSigned(from.get), f64.const(1000)))),
    ]
  }
  const readWrapping = (): Code => {
    const [digits, read] = [Symbol('digits'), Symbol('read')]
    return [
      from.set(i32.add(start.get, param(AT.minutes))),
      clock(from.get),
      value.set(f64.const(0)),
      raise(from, 6),
      to.set(i32.add(from.get, param(AT.digits))),
      block(
        read,
        loop(
          digits,
          jumpIf(read, i32.notLess(from.get, to.get)),
          digit(from.get, 0),
          value.set(f64.add(f64.mul(value.get, f64.const(10)), f64.ofSigned(byte.get))),
          raise(from, 1),
          jump(digits),
        ),
      ),
      // Half a microsecond may be rounded either way.
      value.set(f64.div(value.get, f64.load(tables.get, AT.perMicro))),
      ms.set(f64.nearest(value.get)),
      jumpIf(stop, f64.notLess(f64.abs(f64.sub(value.get, ms.get)), f64.const(0.499))),
      ms.set(f64.add(f64.add(f64.mul(f64.ofSigned(seconds.get), f64.const(1000)), f64.div(ms.get, f64.const(1000))), f64.load(tables.get, AT.apart))),
      used.set(i32.const(WHOSE.wrapping)),
      when(
        i32.eq(whose.get, i32.const(WHOSE.nearer)),
        value.set(f64.abs(f64.sub(ms.get, own.get))),
        jumpIf(stop, i32.and(f64.more(value.get, f64.const(SURELY_NEAR_MS)), f64.less(value.get, f64.const(SURELY_APART_MS)))),
        when(f64.less(value.get, f64.const(SURELY_APART_MS)), ms.set(own.get), used.set(i32.const(WHOSE.own))),
      ),
    ]
  }
  const readSource = (): Code => {
    const [digits, read] = [Symbol('digits'), Symbol('read')]
    return [
      bracket.set(at(line, HEAD.source)),
      from.set(at(line, HEAD.source + MAX_SOURCE)),
      from.set(either(i32.less(newline.get, from.get), newline.get, from.get)),
      search(bracket, { chunk, mark: to }, [BRACKET, BLANK], from.get, stop),
      jumpIf(stop, i32.notLess(bracket.get, from.get)),
      jumpIf(stop, i32.eqz(byteIs(bracket, BRACKET))),
      // asm_amd64.s:1337: the caller got lost in Go's runtime.
      from.set(at(bracket, -1)),
      block(
        read,
        loop(
          digits,
          jumpIf(read, i32.notLess(i32.sub(i32.load8(from.get), i32.const(48)), i32.const(10))),
          jumpIf(read, i32.less(i32.load8(from.get), i32.const(48))),
          raise(from, -1),
          jump(digits),
        ),
      ),
      jumpIf(stop, i32.and(byteIs(at(from, -2), 46), byteIs(at(from, -1), 115))),
    ]
  }
  const tellKnown = (): Code => {
    const [found, places] = [Symbol('found'), Symbol('places')]
    const goes = call(leaveOut, tables.get, line.get, words.get, end.get, severity.get)
    return [
      when(i32.eq(kind.get, i32.const(2)), end.set(call(lastWord, message.get, end.get))),
      jumpIf(stop, i32.less(i32.sub(end.get, line.get), i32.const(HEAD.pid + 8))),
      hash.set(call(hashOf, at(line, HEAD.pid), end.get, severity.get)),
      from.set(placesOf(hash)),
      known.set(knownAt(tables, from.get)),
      to.set(at(known, 4 * KNOWN.size)),
      block(
        found,
        loop(
          places,
          jumpIf(found, i64.eq(i64.load(known.get), hash.get)),
          raise(from, 1),
          raise(known, KNOWN.size),
          jumpIf(places, i32.less(known.get, to.get)),
        ),
        // Of what nobody knows it may be too much.
        jumpIf(stop, i32.or(i32.eqz(param(AT.crowded)), i32.eq(kind.get, i32.const(2)))),
        // What is left out counts as seen: nothing before it may be left to be told, by which the stride might still end earlier.
        jumpIf(turn, events.get),
        jumpIf(stop, i32.eqz(goes)),
        when(i32.eqz(param(AT.leftOut)), i32.store(tables.get, count.get, AT.firstLeftOut)),
        i32.store(tables.get, i32.add(param(AT.leftOut), i32.const(1)), AT.leftOut),
        jump(counted),
      ),
      byte.set(i32.load(known.get, KNOWN.version)),
      jumpIf(stop, i32.and(i32.ne(byte.get, version.get), i32.ne(byte.get, i32.const(-1)))),
      // What is sure to be so is done here; what may yet turn out otherwise is told, and nothing is sure beyond it.
      to.set(at(i32.add(tables.get, i32.shl(i32.load(known.get, KNOWN.run), i32.const(4))), AT.runs)),
      when(
        i32.eq(i32.load(to.get, RUN.heldBy), i32.or(i32.low(hash.get), i32.const(1))),
        jumpIf(turn, events.get),
        f64.store(to.get, f64.add(f64.load(tables.get, AT.hour), ms.get)),
        jump(counted),
      ),
      to.set(at(i32.add(tables.get, i32.shl(from.get, i32.const(6))), AT.notes)),
      when(
        i32.and(i32.eq(i32.load(to.get, NOTE.sure), param(AT.era)), i32.eq(i32.load(to.get, NOTE.whose), used.get)),
        value.set(f64.add(f64.load(tables.get, AT.hour), ms.get)),
        when(
          i32.and(f64.notLess(value.get, f64.load(to.get)), f64.notLess(f64.load(tables.get, AT.gap), f64.sub(value.get, f64.load(to.get)))),
          jumpIf(turn, events.get),
          f64.store(to.get, value.get),
          i32.store(to.get, i32.add(i32.load(to.get, NOTE.count), i32.const(1)), NOTE.count),
          i32.store(to.get, i32.add(param(AT.line), count.get), NOTE.line),
          v128.store(to.get, v128.load(line.get), NOTE.head),
          v128.store(to.get, v128.load(line.get, 16), NOTE.head + 16),
          jump(counted),
        ),
      ),
      jumpIf(stop, i32.notLess(events.get, i32.const(EVENT.most))),
      to.set(at(i32.add(tables.get, i32.mul(events.get, i32.const(EVENT.size))), AT.happened)),
      i32.store(to.get, start.get, EVENT.line),
      i32.store(to.get, count.get, EVENT.count),
      i32.store(to.get, from.get, EVENT.place),
      i32.store(to.get, i32.or(used.get, i32.shl(param(AT.lastWhose), i32.const(1))), EVENT.whose),
      f64.store(to.get, ms.get, EVENT.ms),
      f64.store(to.get, last.get, EVENT.before),
      raise(events, 1),
    ]
  }
  return [
    limit.set(param(AT.limit)),
    most.set(param(AT.most)),
    length.set(param(AT.length)),
    whose.set(param(AT.whose)),
    version.set(param(AT.version)),
    last.set(f64.load(tables.get, AT.last)),
    block(
      stop,
      block(
        turn,
        block(
          differ,
          loop(
            lines,
            jumpIf(stop, i32.notLess(count.get, most.get)),
            line.set(i32.add(start.get, length.get)),
            jumpIf(stop, i32.notLess(at(line, HEAD.source + 8), limit.get)),
            isSame(),
            odd.set(i32.const(0)),
            readOwn(),
            ms.set(own.get),
            used.set(i32.const(WHOSE.own)),
            when(whose.get, readWrapping()),
            jumpIf(stop, isOdd),
            jumpIf(stop, i32.eqz(f64.notLess(ms.get, last.get))),
            jumpIf(stop, f64.notLess(f64.sub(ms.get, last.get), f64.const(MAX_STEP_MS))),
            newline.set(at(line, HEAD.source)),
            search(newline, { chunk, mark: to }, [NEWLINE]),
            jumpIf(stop, i32.notLess(newline.get, limit.get)),
            jumpIf(stop, i32.more(i32.sub(newline.get, start.get), i32.const(MAX_LINE))),
            readSource(),
            message.set(at(bracket, 1)),
            raise(message, byteIs(message, BLANK)),
            words.set(message.get),
            raise(message, byteIs(message, QUOTE)),
            end.set(i32.sub(newline.get, byteIs(at(newline, -1), 13))),
            severity.set(i32.load8(line.get)),
            kind.set(call(meaning, tables.get, message.get, end.get)),
            block(
              counted,
              jumpIf(counted, i32.and(i32.eqz(kind.get), i32.eq(severity.get, i32.const(73)))),
              // I, W, E and F.
              jumpIf(
                stop,
                i32.eqz(
                  i32.or(
                    i32.or(i32.eq(severity.get, i32.const(73)), i32.eq(severity.get, i32.const(87))),
                    i32.or(i32.eq(severity.get, i32.const(69)), i32.eq(severity.get, i32.const(70))),
                  ),
                ),
              ),
              tellKnown(),
            ),
            last.set(ms.get),
            i32.store(tables.get, used.get, AT.lastWhose),
            raise(count, 1),
            start.set(at(newline, 1)),
            jump(lines),
          ),
        ),
        i32.store(tables.get, i32.const(1), AT.differs),
        jump(stop),
      ),
      i32.store(tables.get, i32.const(1), AT.goesOn),
    ),
    i32.store(tables.get, count.get, AT.count),
    i32.store(tables.get, events.get, AT.events),
    f64.store(tables.get, last.get, AT.last),
    start.get,
  ]
})

export const klogKernel: readonly Func[] = [hashOf, lastWord, put, meaning, pass, formOf, leaveOut]
