/** The loop over lines of stderr: postgres-kernel.ts has what it is made of. */
import { at, block, byteIs, func, i32, isDigit, jump, jumpIf, loop, raise, readDecimal, v128, when, within, type Code, type Local } from '../src/read/wasm.js'
import { AT, BLANK, COLON, EVENT, KIND, MEANING, MIN_LINE, NEWLINE, QUOTE, recordParts, RETURN } from './postgres-kernel.js'

/** Longer lines, and prefixes, are read one by one. */
const MAX_LINE = 65_536
const MAX_PREFIX = 590
const MAX_DIGITS = 9

const TAB = 9
const EQUALS = 61
const OPEN = 91
const CLOSE = 93

/** Letters as one number, as they are loaded. */
const four = (letters: string): Code => i32.const(Buffer.from(letters.padEnd(4, ':')).readInt32LE(0))

/** pass(tables, start): where the first line begins that has to be read, of those from `start` on. */
export const passLines = func('passLines', { tables: 'i32', start: 'i32' }, ['i32'], ({ tables, start }, local) => {
  const [stop, differ, lines, emit, piece, passed] = [Symbol('stop'), Symbol('differ'), Symbol('lines'), Symbol('emit'), Symbol('piece'), Symbol('passed')]
  const word = (): Local => local('i32')
  const [limit, count, events, pending, own, free] = [word(), word(), word(), word(), word(), word()]
  const [newline, to, colon, close, pid, behind] = [word(), word(), word(), word(), word(), word()]
  const { from, message, end, byte, kind, names, event, mark, chunk, param, differsFrom, find, readTime, look, readDuration, remember, put } = recordParts(
    tables,
    start,
    stop,
    local,
  )

  /** '[22077]', the first of all brackets behind the time; `close` is its end. */
  const readPid = (): Code => [
    // A number in that place would be the pid.
    jumpIf(stop, i32.and(byteIs(from, BLANK), isDigit(i32.load8(from.get, 1)))),
    jumpIf(stop, i32.eqz(i32.or(byteIs(from, BLANK), byteIs(from, COLON)))),
    close.set(from.get),
    find(close, OPEN, CLOSE, EQUALS, QUOTE, NEWLINE),
    jumpIf(stop, i32.eqz(byteIs(close, OPEN))),
    raise(close, 1),
    to.set(close.get),
    readDecimal(close, pid, byte),
    jumpIf(stop, i32.eqz(pid.get)),
    jumpIf(stop, i32.more(i32.sub(close.get, to.get), i32.const(MAX_DIGITS))),
    jumpIf(stop, i32.eqz(byteIs(close, CLOSE))),
  ]
  /** A to Z, digits, and what is part of a letter. */
  const isWordByte = (address: Code): Code =>
    i32.or(i32.or(within(i32.load8(address), 65, 26), isDigit(i32.load8(address))), i32.notLess(i32.load8(address), i32.const(0x80)))
  /** The first ': ' behind a capital; `to` is where the word before it begins. */
  const readWord = (): Code => {
    const [again, back, begun] = [Symbol('again'), Symbol('back'), Symbol('begun')]
    return [
      colon.set(from.get),
      loop(
        again,
        chunk.set(v128.load(colon.get)),
        mark.set(
          v128.bits(
            v128.or(
              v128.and(v128.eq(chunk.get, v128.each(COLON)), v128.eq(v128.load(colon.get, 1), v128.each(BLANK))),
              v128.or(v128.eq(chunk.get, v128.each(QUOTE)), v128.eq(chunk.get, v128.each(NEWLINE))),
            ),
          ),
        ),
        when(i32.eqz(mark.get), raise(colon, 16), jump(again)),
        raise(colon, i32.ctz(mark.get)),
        jumpIf(stop, i32.eqz(byteIs(colon, COLON))),
        when(i32.eqz(isWordByte(at(colon, -1))), raise(colon, 1), jump(again)),
      ),
      jumpIf(stop, i32.less(colon.get, close.get)),
      jumpIf(stop, i32.more(i32.sub(colon.get, start.get), i32.const(MAX_PREFIX))),
      jumpIf(stop, i32.eqz(byteIs(colon, BLANK, 2))),
      to.set(colon.get),
      block(begun, loop(back, jumpIf(begun, i32.eqz(isWordByte(at(to, -1)))), raise(to, -1), jumpIf(back, i32.more(to.get, close.get)))),
      message.set(at(colon, 3)),
    ]
  }
  const wordIs = (letters: string): Code =>
    i32.and(
      i32.and(i32.eq(i32.sub(colon.get, to.get), i32.const(letters.length)), i32.eq(i32.load(to.get), four(letters.slice(0, 4)))),
      letters.length < 4
        ? i32.const(1)
        : i32.and(i32.eq(i32.load(at(colon, -4)), four(letters.slice(-4))), byteIs(to, letters.charCodeAt(letters.length >> 1), letters.length >> 1)),
    )
  /** Which names stand before the severity: behind the pid, or, where that stands next to it, behind the time. */
  const readNames = (): Code => {
    return [
      behind.set(at(close, 1)),
      // Next to a pid that stands right behind the time nobody is named.
      when(i32.and(i32.more(close.get, at(to, -5)), i32.eqz(byteIs(from, OPEN, 1))), behind.set(from.get)),
      when(
        i32.less(close.get, at(to, -4)),
        // Another bracket right before the severity: what counts as the names then is not what is hashed here.
        jumpIf(stop, i32.or(i32.or(byteIs(at(to, -1), CLOSE), byteIs(at(to, -2), CLOSE)), i32.or(byteIs(at(to, -3), CLOSE), byteIs(at(to, -4), CLOSE)))),
      ),
      remember(behind, to),
    ]
  }
  const continued = (): Code => [
    jumpIf(stop, i32.eqz(free.get)),
    newline.set(start.get),
    find(newline, NEWLINE),
    when(own.get, i32.store(event.get, newline.get, EVENT.until)),
    raise(pending, 1),
    jump(passed),
  ]

  return [
    limit.set(param(AT.limit)),
    free.set(param(AT.free)),
    event.set(at(tables, AT.happened - EVENT.size)),
    block(
      stop,
      block(
        differ,
        loop(
          lines,
          jumpIf(stop, i32.notLess(count.get, param(AT.most))),
          jumpIf(stop, i32.notLess(start.get, limit.get)),
          jumpIf(stop, i32.notLess(events.get, i32.const(EVENT.most))),
          block(
            passed,
            when(byteIs(start, TAB), continued()),
            jumpIf(stop, i32.more(at(start, MIN_LINE), limit.get)),
            jumpIf(differ, differsFrom(start.get, AT.hourBytes, AT.hourMask)),
            readTime(),
            readPid(),
            readWord(),
            newline.set(message.get),
            find(newline, NEWLINE),
            jumpIf(stop, i32.notLess(newline.get, limit.get)),
            jumpIf(stop, i32.more(i32.sub(newline.get, start.get), i32.const(MAX_LINE))),
            end.set(i32.sub(newline.get, byteIs(at(newline, -1), RETURN))),
            names.set(i32.const(0)),
            block(
              piece,
              block(
                emit,
                when(wordIs('LOG'), look(), when(i32.eq(kind.get, i32.const(MEANING.duration)), readNames(), readDuration()), jump(emit)),
                ...(['STATEMENT', 'HINT', 'CONTEXT'] as const).map((letters) => jumpIf(piece, wordIs(letters))),
                ...(
                  [
                    ['ERROR', KIND.error],
                    ['DETAIL', KIND.detail],
                    ['FATAL', KIND.fatal],
                    ['WARNING', KIND.warning],
                    ['PANIC', KIND.panic],
                    ['NOTICE', MEANING.nothing],
                    ['INFO', MEANING.nothing],
                    ['DEBUG', MEANING.nothing],
                  ] as const
                ).map(([letters, code]) => when(wordIs(letters), kind.set(i32.const(code)), jump(emit))),
                jump(stop),
              ),
              put(at(pending, 1), pid, to),
              raise(events, 1),
              pending.set(i32.const(0)),
              // What comes below a record that says something goes on with it; below a DETAIL nobody asks.
              own.set(i32.ne(kind.get, i32.const(KIND.detail))),
              free.set(i32.or(i32.less(kind.get, i32.const(MEANING.something)), i32.eq(kind.get, i32.const(KIND.detail)))),
              jump(passed),
            ),
            raise(pending, 1),
            own.set(i32.const(0)),
            free.set(i32.const(1)),
          ),
          raise(count, 1),
          start.set(at(newline, 1)),
          jump(lines),
        ),
      ),
      i32.store(tables.get, i32.const(1), AT.differs),
    ),
    i32.store(tables.get, events.get, AT.events),
    i32.store(tables.get, pending.get, AT.trailing),
    i32.store(tables.get, own.get, AT.own),
    i32.store(tables.get, free.get, AT.free),
    start.get,
  ]
})
