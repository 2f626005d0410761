/** Of klog-kernel.ts: which of the lines that nobody knew before are too many like others, by what again.ts remembers of lines. */
import { at, block, byteIs, call, func, i32, jump, jumpIf, loop, raise, several, when, type Code, type Local } from '../src/read/wasm.js'
import { FORMS, KEPT, MANY, SEEN, SOURCES, WAYS } from './again.js'
import { AT, WORDS } from './klog-tables.js'

/** formOf(tables, from, end): as again.ts has it. */
export const formOf = func('formOf', { tables: 'i32', from: 'i32', end: 'i32' }, ['i32'], ({ tables, from, end }, local) => {
  const [form, word, byte, kind, kinds] = several(5, () => local('i32'))
  const [bytes, ended] = [Symbol('bytes'), Symbol('ended')]
  const endWord: Code = [
    when(
      i32.eq(i32.and(kinds.get, i32.const(14)), i32.const(12)),
      form.set(i32.xor(i32.mul(i32.xor(form.get, word.get), i32.const(0x9e3779b1)), i32.shiftRight(form.get, i32.const(11)))),
    ),
    word.set(i32.const(0)),
    kinds.set(i32.const(0)),
  ]
  return [
    block(
      ended,
      loop(
        bytes,
        jumpIf(ended, i32.notLess(from.get, end.get)),
        byte.set(i32.load8(from.get)),
        kind.set(i32.load8(i32.add(tables.get, byte.get), AT.words + WORDS.kinds)),
        raise(from, 1),
        when(kind.get, word.set(i32.mul(i32.xor(word.get, byte.get), i32.const(0x01000193))), kinds.set(i32.or(kinds.get, kind.get)), jump(bytes)),
        endWord,
        jump(bytes),
      ),
    ),
    endWord,
    i32.and(i32.xor(form.get, i32.shiftRight(form.get, i32.const(16))), i32.const(FORMS - 1)),
  ]
})

/**
 * leaveOut(tables, line, message, end, severity): 1 where the line was not seen before and there are too many like it (again.ts: `look` and
 * `tooMany`); it counts as seen then.
 */
export const leaveOut = func(
  'leaveOut',
  { tables: 'i32', line: 'i32', message: 'i32', end: 'i32', severity: 'i32' },
  ['i32'],
  ({ tables, line, message, end, severity }, local) => {
    const [stays, goes, mixed, words, bytes] = [Symbol('stays'), Symbol('goes'), Symbol('mixed'), Symbol('words'), Symbol('bytes')]
    const i = (): Local => local('i32')
    const [pid, from, word, one, two, place, ofForm, ofSource, gone] = [i(), i(), i(), i(), i(), i(), i(), i(), i()]
    return [
      block(
        stays,
        // Its last value goes on over the next lines.
        jumpIf(stays, byteIs(at(end, -1), 60)),
        pid.set(i32.add(line.get, i32.load(tables.get, AT.pid))),
        from.set(pid.get),
        one.set(severity.get),
        two.set(i32.sub(end.get, from.get)),
        block(
          mixed,
          loop(
            words,
            jumpIf(mixed, i32.more(at(from, 4), end.get)),
            word.set(i32.load(from.get)),
            one.set(i32.mul(i32.xor(one.get, word.get), i32.const(0x9e3779b1))),
            one.set(i32.xor(one.get, i32.shiftRight(one.get, i32.const(15)))),
            two.set(i32.add(i32.mul(two.get, i32.const(0x85ebca6b)), word.get)),
            two.set(i32.xor(two.get, i32.shiftRight(two.get, i32.const(13)))),
            raise(from, 4),
            jump(words),
          ),
        ),
        block(
          mixed,
          loop(
            bytes,
            jumpIf(mixed, i32.notLess(from.get, end.get)),
            word.set(i32.load8(from.get)),
            one.set(i32.mul(i32.xor(one.get, word.get), i32.const(0x01000193))),
            two.set(i32.add(i32.mul(two.get, i32.const(31)), word.get)),
            raise(from, 1),
            jump(bytes),
          ),
        ),
        two.set(i32.or(two.get, i32.const(1))),
        place.set(i32.add(tables.get, i32.shl(i32.and(i32.shiftRight(one.get, i32.const(3)), i32.const(KEPT - WAYS)), i32.const(2)))),
        Array.from({ length: WAYS }, (_, way) =>
          jumpIf(
            stays,
            i32.and(
              i32.eq(i32.load(place.get, AT.words + WORDS.ones + 4 * way), one.get),
              i32.eq(i32.load(place.get, AT.words + WORDS.twos + 4 * way), two.get),
            ),
          ),
        ),
        place.set(i32.add(tables.get, i32.shl(i32.and(one.get, i32.const(SEEN - 1)), i32.const(2)))),
        jumpIf(stays, i32.eq(i32.load(place.get, AT.words + WORDS.seen), two.get)),
        ofForm.set(call(formOf, tables.get, message.get, end.get)),
        ofForm.set(i32.load16(i32.add(tables.get, i32.shl(ofForm.get, i32.const(1))), AT.words + WORDS.lines)),
        block(
          goes,
          jumpIf(goes, i32.notLess(ofForm.get, i32.const(MANY))),
          from.set(pid.get),
          word.set(i32.const(0)),
          loop(
            bytes,
            word.set(i32.mul(i32.xor(word.get, i32.load8(from.get)), i32.const(0x01000193))),
            raise(from, 1),
            jumpIf(bytes, i32.less(from.get, message.get)),
          ),
          word.set(i32.and(i32.xor(word.get, i32.shiftRight(word.get, i32.const(16))), i32.const(SOURCES - 1))),
          ofSource.set(i32.load16(i32.add(tables.get, i32.shl(word.get, i32.const(1))), AT.words + WORDS.forms)),
          jumpIf(goes, i32.and(i32.eqz(ofForm.get), i32.notLess(ofSource.get, i32.const(MANY)))),
          jumpIf(goes, i32.and(i32.eqz(ofSource.get), i32.notLess(i32.load(tables.get, AT.words + WORDS.sources), i32.const(MANY)))),
          jump(stays),
        ),
        i32.store(place.get, two.get, AT.words + WORDS.seen),
        gone.set(i32.const(1)),
      ),
      gone.get,
    ]
  },
)
