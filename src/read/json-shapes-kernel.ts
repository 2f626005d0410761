/**
 * What json-shapes.ts follows an object along its shapes with, as WebAssembly: sixteen bytes at once of what stands between the values, and of strings. The
 * tree of shapes lies in a piece of wasm-memory.ts' memory, where the object lies, too.
 */
import { block, func, i32, isDigit, jump, jumpIf, loop, raise, several, v128, when, type Code, type Func, type Local } from './wasm.js'

/** What stands where in the piece, in bytes: of 32 slots where their values begin and end, counted from `base`; what else is known of the last object. */
export const AT = { starts: 0, ends: 128, end: 256, lines: 260, lastNewline: 264, escaped: 268, first: 272, pieces: 512 } as const
/**
 * A piece of a shape: its length, what follows it, its slot (-1: none), whether escapes may follow, the newlines in it and the last of them, the pieces that
 * may come after its value (the first of them), the next of those that may stand in its place; which of its last bytes count, short of sixteen; its bytes.
 */
export const PIECE = { length: 0, follows: 4, slot: 8, escapes: 12, newlines: 16, lastNewline: 20, child: 24, sibling: 28, mask: 32, bytes: 48 } as const
export const FOLLOWS = { string: 0, number: 1, end: 2 } as const

const QUOTE = 34
const BACKSLASH = 92
const BLANK = 32
const MAX_DIGITS = 15

const slotAt = (tables: Local, slot: Local): Code => i32.add(tables.get, i32.shl(slot.get, i32.const(2)))

/** match(tables, start, end, base): 1 where the object at `start` has a known shape and ends before `end`. */
export const match = func('match', { tables: 'i32', start: 'i32', end: 'i32', base: 'i32' }, ['i32'], ({ tables, start, end, base }, local) => {
  const word = (): Local => local('i32')
  const [piece, length, index, slot, follows, escaped, lines, lastNewline, mark, from, result] = several(11, word)
  const chunk = local('v128')
  const [done, pieces, found, siblings] = [Symbol('done'), Symbol('pieces'), Symbol('found'), Symbol('siblings')]
  const clear = Array.from({ length: 16 }, (_, part) => v128.store(i32.add(tables.get, i32.const(16 * part)), v128.each(255)))
  const differs = v128.xor(v128.load(i32.add(start.get, index.get)), v128.load(i32.add(piece.get, index.get), PIECE.bytes))

  const findPiece = (): Code => {
    const [next, sixteens, compared] = [Symbol('next'), Symbol('sixteens'), Symbol('compared')]
    return block(
      found,
      loop(
        siblings,
        jumpIf(done, i32.eqz(piece.get)),
        length.set(i32.load(piece.get, PIECE.length)),
        block(
          next,
          jumpIf(next, i32.more(i32.add(start.get, length.get), end.get)),
          index.set(i32.const(0)),
          block(
            compared,
            loop(
              sixteens,
              jumpIf(compared, i32.more(i32.add(index.get, i32.const(16)), length.get)),
              jumpIf(next, v128.any(differs)),
              raise(index, 16),
              jump(sixteens),
            ),
          ),
          jumpIf(next, v128.any(v128.and(differs, v128.load(piece.get, PIECE.mask)))),
          jump(found),
        ),
        piece.set(i32.load(piece.get, PIECE.sibling)),
        jump(siblings),
      ),
    )
  }
  const readString = (): Code => {
    const [again, read] = [Symbol('again'), Symbol('read')]
    return block(
      read,
      loop(
        again,
        jumpIf(done, i32.notLess(start.get, end.get)),
        chunk.set(v128.load(start.get)),
        mark.set(
          v128.bits(
            v128.or(v128.or(v128.eq(chunk.get, v128.each(QUOTE)), v128.eq(chunk.get, v128.each(BACKSLASH))), v128.lessUnsigned(chunk.get, v128.each(BLANK))),
          ),
        ),
        when(i32.eqz(mark.get), raise(start, 16), jump(again)),
        raise(start, i32.ctz(mark.get)),
        jumpIf(done, i32.notLess(start.get, end.get)),
        mark.set(i32.load8(start.get)),
        jumpIf(read, i32.eq(mark.get, i32.const(QUOTE))),
        jumpIf(done, i32.ne(mark.get, i32.const(BACKSLASH))),
        jumpIf(done, i32.eqz(i32.load(piece.get, PIECE.escapes))),
        when(i32.notLess(slot.get, i32.const(0)), escaped.set(i32.or(escaped.get, i32.shl(i32.const(1), slot.get)))),
        raise(start, 2),
        jump(again),
      ),
    )
  }
  const readNumber = (): Code => {
    const [digits, read] = [Symbol('digits'), Symbol('read')]
    return [
      from.set(start.get),
      block(
        read,
        loop(digits, jumpIf(read, i32.notLess(start.get, end.get)), jumpIf(read, i32.eqz(isDigit(i32.load8(start.get)))), raise(start, 1), jump(digits)),
      ),
      length.set(i32.sub(start.get, from.get)),
      jumpIf(done, i32.eqz(length.get)),
      jumpIf(done, i32.more(length.get, i32.const(MAX_DIGITS))),
      jumpIf(done, i32.and(i32.eq(i32.load8(from.get), i32.const(48)), i32.more(length.get, i32.const(1)))),
    ]
  }

  return [
    ...clear,
    lastNewline.set(i32.const(-1)),
    piece.set(i32.load(tables.get, AT.first)),
    block(
      done,
      loop(
        pieces,
        findPiece(),
        when(
          i32.load(piece.get, PIECE.newlines),
          raise(lines, i32.load(piece.get, PIECE.newlines)),
          lastNewline.set(i32.sub(i32.add(start.get, i32.load(piece.get, PIECE.lastNewline)), base.get)),
        ),
        raise(start, length.get),
        slot.set(i32.load(piece.get, PIECE.slot)),
        follows.set(i32.load(piece.get, PIECE.follows)),
        when(
          i32.eq(follows.get, i32.const(FOLLOWS.end)),
          i32.store(tables.get, i32.sub(start.get, base.get), AT.end),
          i32.store(tables.get, lines.get, AT.lines),
          i32.store(tables.get, lastNewline.get, AT.lastNewline),
          i32.store(tables.get, escaped.get, AT.escaped),
          result.set(i32.const(1)),
          jump(done),
        ),
        when(i32.notLess(slot.get, i32.const(0)), i32.store(slotAt(tables, slot), i32.sub(start.get, base.get), AT.starts)),
        when(i32.eqz(follows.get), readString()),
        when(follows.get, readNumber()),
        when(i32.notLess(slot.get, i32.const(0)), i32.store(slotAt(tables, slot), i32.sub(start.get, base.get), AT.ends)),
        piece.set(i32.load(piece.get, PIECE.child)),
        jump(pieces),
      ),
    ),
    result.get,
  ]
})

export const shapesKernel: readonly Func[] = [match]
