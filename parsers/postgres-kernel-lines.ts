/** The loop over lines of stderr: postgres-kernel.ts has what it is made of. */
import {
  at,
  block,
  byteIs,
  either,
  f64,
  func,
  i32,
  isDigit,
  jump,
  jumpIf,
  loop,
  raise,
  readDecimal,
  several,
  v128,
  when,
  within,
  type Code,
  type Local,
} from '../src/read/wasm.js'
import {
  AT,
  BLANK,
  COLON,
  DATABASE,
  ENDED,
  EVENT,
  GREETINGS,
  KIND,
  MEANING,
  MIN_LINE,
  NAMES,
  NAMES_VALUE,
  NEWLINE,
  PIDS,
  QUOTE,
  recordParts,
  RETURN,
  SHARED,
  WORDS,
} from './postgres-kernel.js'

/** Longer lines, and prefixes, are read one by one. */
const MAX_LINE = 65_536
const MAX_PREFIX = 590
const MAX_DIGITS = 9
/** What longer lines say is not remembered, nor of pids that are not written as numbers are. */
const MAX_WORDS = 1_000

const TAB = 9
const ZERO = 48
const EQUALS = 61
const OPEN = 91
const CLOSE = 93

/** Letters as one number, as they are loaded. */
const four = (letters: string): Code => i32.const(Buffer.from(letters.padEnd(4, ':')).readInt32LE(0))

/** pass(tables, start): where the first line begins that has to be read, of those from `start` on. */
export const passLines = func('passLines', { tables: 'i32', start: 'i32' }, ['i32'], ({ tables, start }, local) => {
  const [stop, differ, next, emit, piece, passed] = [Symbol('stop'), Symbol('differ'), Symbol('next'), Symbol('emit'), Symbol('piece'), Symbol('passed')]
  const [quiet, told] = [Symbol('quiet'), Symbol('told')]
  const word = (): Local => local('i32')
  const [limit, count, own, free, many] = several(5, word)
  const [newline, to, colon, close, digits, behind] = several(6, word)
  // A statement that would be the longest if its further lines do not call pg_sleep: its database, and how far it goes; where an event's lines end.
  const [slow, slowFrom, until, goesOn] = several(4, word)
  const [slowTook, slowMs] = [local('f64'), local('f64')]
  const parts = recordParts(tables, start, stop, local)
  const { from, message, end, byte, kind, names, event, mark, chunk, ms, value, lines, records, pid, isFar, database } = parts
  const { param, differsFrom, find, readTime, look, readDuration, beginHash, hashOn, remember, put, step, change, isFull, reach, countStatement, isAwake } =
    parts

  /** '[22077]', the first of all brackets behind the time; `close` is its end. */
  const readPid = (): Code => [
    // A number in that place would be the pid.
    jumpIf(stop, i32.and(byteIs(from, BLANK), isDigit(i32.load8(from.get, 1)))),
    jumpIf(stop, i32.eqz(i32.or(byteIs(from, BLANK), byteIs(from, COLON)))),
    close.set(from.get),
    find(close, OPEN, CLOSE, EQUALS, QUOTE, NEWLINE),
    jumpIf(stop, i32.eqz(byteIs(close, OPEN))),
    raise(close, 1),
    digits.set(close.get),
    readDecimal(close, pid, byte),
    jumpIf(stop, i32.eqz(pid.get)),
    jumpIf(stop, i32.more(i32.sub(close.get, digits.get), i32.const(MAX_DIGITS))),
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
  const readNames = (): Code => [
    behind.set(at(close, 1)),
    // Next to a pid that stands right behind the time nobody is named.
    when(i32.and(i32.more(close.get, at(to, -5)), i32.eqz(byteIs(from, OPEN, 1))), behind.set(from.get)),
    when(
      i32.less(close.get, at(to, -4)),
      // Another bracket right before the severity: what counts as the names then is not what is hashed here.
      jumpIf(stop, i32.or(i32.or(byteIs(at(to, -1), CLOSE), byteIs(at(to, -2), CLOSE)), i32.or(byteIs(at(to, -3), CLOSE), byteIs(at(to, -4), CLOSE)))),
    ),
    beginHash(i32.sub(to.get, behind.get)),
    hashOn(behind, to),
    remember(AT.names, NAMES),
  ]
  /** What the line says, but for its time and pid; `names` stays 0 where that is too long to be remembered. */
  const readWords = (): Code => [
    names.set(i32.const(0)),
    when(
      i32.and(i32.less(i32.sub(end.get, start.get), i32.const(MAX_WORDS)), i32.ne(i32.load8(digits.get), i32.const(ZERO))),
      behind.set(from.get),
      beginHash(i32.add(i32.mul(kind.get, i32.const(0x10000)), i32.sub(end.get, close.get))),
      hashOn(behind, digits),
      behind.set(close.get),
      hashOn(behind, end),
      remember(AT.words, WORDS),
      // 0 is none.
      names.set(i32.add(names.get, either(i32.less(names.get, i32.const(0)), i32.const(-1), i32.const(1)))),
    ),
  ]
  /** `newline` becomes where the last of the lines from `start` on ends that begin with a tab. */
  const continued = (): Code => {
    const [chunks, ended] = [Symbol('chunks'), Symbol('ended')]
    return [
      jumpIf(stop, i32.eqz(free.get)),
      newline.set(start.get),
      many.set(i32.const(0)),
      block(
        ended,
        loop(
          chunks,
          chunk.set(v128.load(newline.get)),
          mark.set(v128.bits(v128.eq(chunk.get, v128.each(NEWLINE)))),
          byte.set(i32.and(mark.get, i32.xor(v128.bits(v128.eq(v128.load(newline.get, 1), v128.each(TAB))), i32.const(0xffff)))),
          // What stands behind the last line is not these.
          when(i32.notLess(at(newline, 16), limit.get), byte.set(i32.or(byte.get, i32.shl(i32.const(1), i32.sub(at(limit, -1), newline.get))))),
          when(
            byte.get,
            raise(newline, i32.ctz(byte.get)),
            raise(many, i32.popcnt(i32.and(mark.get, i32.xor(byte.get, i32.sub(byte.get, i32.const(1)))))),
            jump(ended),
          ),
          raise(many, i32.popcnt(mark.get)),
          raise(newline, 16),
          jump(chunks),
        ),
      ),
      when(i32.more(i32.add(count.get, many.get), param(AT.most)), newline.set(start.get), find(newline, NEWLINE), many.set(i32.const(1))),
      when(own.get, until.set(newline.get), when(goesOn.get, i32.store(goesOn.get, newline.get, EVENT.until))),
      raise(lines, many.get),
      raise(count, at(many, -1)),
      jump(passed),
    ]
  }
  /** The statement before has all its lines: if it did not call pg_sleep, none was longer. */
  const settle = (): Code => [isAwake(slowFrom, until.get), when(mark.get, f64.store(slow.get, slowTook.get, DATABASE.longest)), slow.set(i32.const(0))]
  const heldAt = i32.add(tables.get, i32.shl(i32.and(pid.get, i32.const(PIDS - 1)), i32.const(2)))
  const heldPid = i32.load(heldAt, AT.held)
  const isHeld = i32.or(i32.eq(heldPid, pid.get), i32.eq(heldPid, i32.const(SHARED)))
  const setHeld = (): Code => i32.store(heldAt, either(i32.or(i32.eqz(heldPid), i32.eq(heldPid, pid.get)), pid.get, i32.const(SHARED)), AT.held)
  /** What was held of the pid is given out when it is told. */
  const given = (): Code => when(i32.eq(heldPid, pid.get), i32.store(heldAt, i32.const(0), AT.held))
  const circumstances = i32.or(i32.mul(isFar.get, i32.const(KIND.far)), i32.mul(isHeld, i32.const(KIND.held)))
  const comesOrGoes = (who: Code): Code => [step(), jumpIf(emit, i32.or(isFar.get, isHeld)), change(who), jump(quiet)]
  /** A LOG: `kind` becomes what it means; what is only counted goes to `quiet`, what is told to `emit`. */
  const readLog = (): Code => [
    look(),
    when(
      i32.eq(kind.get, i32.const(MEANING.duration)),
      readDuration(),
      jumpIf(quiet, i32.eqz(kind.get)),
      readNames(),
      jumpIf(emit, i32.less(names.get, i32.const(0))),
      database.set(i32.load(mark.get, NAMES_VALUE)),
      jumpIf(emit, i32.eqz(database.get)),
      jumpIf(emit, i32.and(i32.eq(database.get, i32.const(DATABASE.unnamed)), i32.ne(param(AT.sessions), i32.const(0)))),
      countStatement([slow.set(database.get), slowFrom.set(message.get), slowTook.set(value.get), slowMs.set(ms.get)]),
      jump(quiet),
    ),
    jumpIf(quiet, i32.eqz(kind.get)),
    when(
      i32.eq(kind.get, i32.const(MEANING.authorized)),
      i32.store(tables.get, i32.const(1), AT.sessions),
      behind.set(message.get),
      beginHash(i32.sub(end.get, message.get)),
      hashOn(behind, end),
      remember(AT.greetings, GREETINGS),
      jumpIf(emit, i32.less(names.get, i32.const(0))),
      comesOrGoes(names.get),
    ),
    when(i32.eq(kind.get, i32.const(MEANING.disconnection)), comesOrGoes(i32.const(ENDED))),
    when(i32.eq(kind.get, i32.const(MEANING.wait)), names.set(i32.const(0)), jump(emit)),
    jumpIf(emit, i32.ne(kind.get, i32.const(MEANING.something))),
  ]

  return [
    limit.set(param(AT.limit)),
    free.set(param(AT.free)),
    parts.begin(),
    block(
      stop,
      block(
        differ,
        loop(
          next,
          jumpIf(stop, i32.notLess(count.get, param(AT.most))),
          jumpIf(stop, i32.notLess(start.get, limit.get)),
          jumpIf(stop, isFull),
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
            when(slow.get, settle()),
            block(
              piece,
              block(
                told,
                block(
                  quiet,
                  block(
                    emit,
                    when(wordIs('LOG'), readLog(), readWords(), jump(emit)),
                    ...(['STATEMENT', 'HINT', 'CONTEXT'] as const).map((letters) => jumpIf(piece, wordIs(letters))),
                    when(
                      wordIs('DETAIL'),
                      jumpIf(piece, i32.eqz(isHeld)),
                      put(i32.const(KIND.detail), start, to, at(lines, 1)),
                      own.set(i32.const(0)),
                      goesOn.set(i32.const(0)),
                      free.set(i32.const(1)),
                      jump(told),
                    ),
                    ...(
                      [
                        ['ERROR', KIND.error],
                        ['FATAL', KIND.fatal],
                        ['WARNING', KIND.warning],
                        ['PANIC', KIND.panic],
                      ] as const
                    ).map(([letters, code]) => when(wordIs(letters), kind.set(i32.const(code)), readWords(), jump(emit))),
                    ...(['NOTICE', 'INFO', 'DEBUG'] as const).map((letters) => when(wordIs(letters), kind.set(i32.const(MEANING.nothing)), jump(quiet))),
                    jump(stop),
                  ),
                  // A record that is told.
                  step(),
                  goesOn.set(i32.const(0)),
                  put(i32.or(kind.get, circumstances), start, to, at(lines, 1)),
                  when(i32.eq(kind.get, i32.const(MEANING.duration)), goesOn.set(event.get)),
                  reach(),
                  free.set(i32.less(kind.get, i32.const(MEANING.something))),
                  given(),
                  when(i32.eqz(free.get), setHeld()),
                  own.set(i32.const(1)),
                  until.set(end.get),
                  jump(told),
                ),
                // A record that is counted, and told only of if somebody waits for it.
                step(),
                goesOn.set(i32.const(0)),
                raise(lines, 1),
                own.set(i32.const(1)),
                free.set(i32.const(1)),
                until.set(end.get),
                when(i32.or(isFar.get, isHeld), put(i32.or(i32.const(KIND.seen), circumstances), start, to, lines.get), given(), reach(), jump(told)),
                raise(records, 1),
                reach(),
              ),
              jump(passed),
            ),
            raise(lines, 1),
            own.set(i32.const(0)),
            goesOn.set(i32.const(0)),
            free.set(i32.const(1)),
          ),
          raise(count, 1),
          start.set(at(newline, 1)),
          jump(next),
        ),
      ),
      i32.store(tables.get, i32.const(1), AT.differs),
    ),
    parts.finish(),
    i32.store(tables.get, slow.get, AT.slow),
    i32.store(tables.get, slowFrom.get, AT.slowFrom),
    i32.store(tables.get, until.get, AT.slowUntil),
    f64.store(tables.get, slowTook.get, AT.slowTook),
    f64.store(tables.get, slowMs.get, AT.slowMs),
    i32.store(tables.get, goesOn.get, AT.goesOn),
    i32.store(tables.get, free.get, AT.free),
    start.get,
  ]
})
