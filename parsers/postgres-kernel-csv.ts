/** The loop over records of csvlog: postgres-kernel.ts has what it is made of. */
import {
  at,
  block,
  byteIs,
  either,
  f64,
  func,
  i32,
  jump,
  jumpIf,
  loop,
  raise,
  readDecimal,
  search,
  several,
  v128,
  when,
  type Code,
  type Func,
  type Label,
  type Local,
} from '../src/read/wasm.js'
import {
  AT,
  COMMA,
  DATABASE,
  ENDED,
  GREETINGS,
  KIND,
  MEANING,
  MIN_LINE,
  NAMES,
  NAMES_VALUE,
  NEWLINE,
  QUOTE,
  recordParts,
  RETURN,
  WORDS,
} from './postgres-kernel.js'

const NAME = 2
const PID = 3
const SEVERITY = 11
const MESSAGE = 13
const APPLICATION = 22
/** What longer records say is not remembered. */
const MAX_WORDS = 4_000
const MAX_DIGITS = 9
/** A text that goes on for longer is read on its own. */
const MAX_TEXT = 524_288

/** passCsv(tables, start): where the first record begins that has to be read, of those from `start` on. */
export const passCsv: Func = func('passCsv', { tables: 'i32', start: 'i32' }, ['i32'], ({ tables, start }, local) => {
  const [stop, differ, again, quiet, emit, told] = [Symbol('stop'), Symbol('differ'), Symbol('again'), Symbol('quiet'), Symbol('emit'), Symbol('told')]
  const word = (): Local => local('i32')
  const [limit, column, next, who, named, after, severity, quotes, inner, marked] = several(10, word)
  const parts = recordParts(tables, start, stop, local)
  const { from, message, end, byte, kind, names, mark, chunk, value, lines, records, pid, isFar, database } = parts
  const { param, differsFrom, find, readTime, look, readDuration, beginHash, hashOn, remember, put, step, change, isFull, reach, countStatement, isAwake } =
    parts

  /** `next` goes from a column's beginning to that of the one after it. */
  const skip = (): Code => {
    const done = Symbol('done')
    return block(
      done,
      when(
        byteIs(next, QUOTE),
        raise(next, 1),
        find(next, QUOTE, NEWLINE),
        jumpIf(stop, i32.eqz(byteIs(next, QUOTE))),
        raise(next, 1),
        jumpIf(stop, i32.eqz(byteIs(next, COMMA))),
        raise(next, 1),
        jump(done),
      ),
      find(next, COMMA, QUOTE, NEWLINE),
      jumpIf(stop, i32.eqz(byteIs(next, COMMA))),
      raise(next, 1),
    )
  }
  const readPid = (): Code => [
    from.set(next.get),
    readDecimal(next, pid, byte),
    jumpIf(stop, i32.eqz(byteIs(next, COMMA))),
    jumpIf(stop, i32.eq(next.get, from.get)),
    jumpIf(stop, i32.more(i32.sub(next.get, from.get), i32.const(MAX_DIGITS))),
    raise(next, 1),
  ]
  /** The columns between the time and the message. */
  const readColumns = (): Code => {
    const columns = Symbol('columns')
    return [
      next.set(at(from, 1)),
      column.set(i32.const(1)),
      loop(
        columns,
        when(i32.eq(column.get, i32.const(NAME)), named.set(next.get)),
        when(i32.eq(column.get, i32.const(PID)), after.set(next.get)),
        when(i32.eq(column.get, i32.const(SEVERITY)), severity.set(next.get)),
        when(i32.eq(column.get, i32.const(PID)), readPid(), raise(column, 1), jump(columns)),
        skip(),
        raise(column, 1),
        jumpIf(columns, i32.less(column.get, i32.const(MESSAGE))),
      ),
      message.set(i32.add(next.get, byteIs(next, QUOTE))),
    ]
  }
  /** `next` goes from the message to the newline that ends the record: the first one behind an even number of quotes. `inner` counts those before it. */
  const readEnd = (): Code => {
    const [chunks, newlines, found] = [Symbol('chunks'), Symbol('newlines'), Symbol('found')]
    const first = i32.load8(column.get, 1)
    const quotesBefore = i32.popcnt(i32.and(marked.get, i32.sub(i32.shl(i32.const(1), byte.get), i32.const(1))))
    return [
      from.set(next.get),
      quotes.set(i32.const(0)),
      inner.set(i32.const(0)),
      block(
        found,
        loop(
          chunks,
          jumpIf(stop, i32.notLess(next.get, limit.get)),
          chunk.set(v128.load(next.get)),
          marked.set(v128.bits(v128.eq(chunk.get, v128.each(QUOTE)))),
          mark.set(v128.bits(v128.eq(chunk.get, v128.each(NEWLINE)))),
          when(
            mark.get,
            loop(
              newlines,
              byte.set(i32.ctz(mark.get)),
              column.set(i32.add(next.get, byte.get)),
              jumpIf(stop, i32.notLess(column.get, limit.get)),
              jumpIf(found, i32.eqz(i32.and(i32.add(quotes.get, quotesBefore), i32.const(1)))),
              jumpIf(stop, i32.more(i32.sub(column.get, from.get), i32.const(MAX_TEXT))),
              jumpIf(stop, i32.notLess(at(column, 1), limit.get)),
              // The first byte of a year, or of one in quotes: it may be another record.
              jumpIf(stop, i32.or(i32.or(i32.eq(first, i32.const(49)), i32.eq(first, i32.const(50))), i32.eq(first, i32.const(QUOTE)))),
              raise(inner, 1),
              mark.set(i32.and(mark.get, i32.sub(mark.get, i32.const(1)))),
              jumpIf(newlines, mark.get),
            ),
          ),
          raise(quotes, i32.popcnt(marked.get)),
          raise(next, 16),
          jump(chunks),
        ),
      ),
      next.set(column.get),
      end.set(i32.sub(next.get, byteIs(at(next, -1), RETURN))),
    ]
  }

  /** The whole of the column. */
  const severityIs = (letters: string): Code => {
    const bytes = Buffer.from(`${letters},`)
    const four = (offset: number): Code => i32.eq(i32.load(severity.get, offset), i32.const(bytes.readInt32LE(offset)))
    return i32.and(four(0), four(bytes.length - 4))
  }
  /** `column` goes to where a column of the record ends that begins there, or somewhere odd where none does; quotes in it are doubled, and it may go on over lines. */
  const toEnd = (odd: Label): Code => {
    const [quoted, done] = [Symbol('quoted'), Symbol('done')]
    return block(
      done,
      when(
        byteIs(column, QUOTE),
        loop(quoted, raise(column, 1), search(column, { chunk, mark }, [QUOTE], end.get, odd), raise(column, 1), jumpIf(quoted, byteIs(column, QUOTE))),
        jump(done),
      ),
      find(column, COMMA, NEWLINE),
    )
  }
  /** What the record says, but for its time, its pid and what is left out of its evidence; `names` stays 0 where that is not to be remembered. */
  const readWords = (): Code => {
    const [none, columns] = [Symbol('none'), Symbol('columns')]
    return [
      names.set(i32.const(0)),
      block(
        none,
        jumpIf(none, i32.more(i32.sub(end.get, start.get), i32.const(MAX_WORDS))),
        column.set(i32.sub(message.get, byteIs(at(message, -1), QUOTE))),
        toEnd(none),
        beginHash(
          i32.add(i32.mul(i32.add(i32.mul(kind.get, i32.const(4_096)), i32.sub(after.get, who.get)), i32.const(4_096)), i32.sub(column.get, severity.get)),
        ),
        hashOn(who, after),
        hashOn(severity, column),
        from.set(i32.const(APPLICATION - MESSAGE)),
        loop(
          columns,
          jumpIf(none, i32.eqz(byteIs(column, COMMA))),
          raise(column, 1),
          who.set(column.get),
          toEnd(none),
          raise(from, -1),
          jumpIf(columns, from.get),
        ),
        jumpIf(none, i32.more(column.get, end.get)),
        hashOn(who, column),
        remember(AT.words, WORDS),
        // 0 is none.
        names.set(i32.add(names.get, either(i32.less(names.get, i32.const(0)), i32.const(-1), i32.const(1)))),
      ),
    ]
  }
  const comesOrGoes = (who: Code): Code => [step(), jumpIf(emit, isFar.get), change(who), jump(quiet)]
  /** A LOG: what is only counted goes to `quiet`, what is told to `emit`. */
  const readLog = (): Code => [
    look(),
    when(
      i32.eq(kind.get, i32.const(MEANING.duration)),
      readDuration(),
      jumpIf(quiet, i32.eqz(kind.get)),
      column.set(named.get),
      beginHash(i32.sub(after.get, named.get)),
      hashOn(column, after),
      remember(AT.names, NAMES),
      jumpIf(emit, i32.less(names.get, i32.const(0))),
      database.set(i32.load(mark.get, NAMES_VALUE)),
      jumpIf(emit, i32.eqz(database.get)),
      countStatement([column.set(message.get), isAwake(column, end.get), when(mark.get, f64.store(database.get, value.get, DATABASE.longest))]),
      jump(quiet),
    ),
    jumpIf(quiet, i32.eqz(kind.get)),
    when(
      i32.eq(kind.get, i32.const(MEANING.authorized)),
      column.set(message.get),
      beginHash(i32.sub(end.get, message.get)),
      hashOn(column, end),
      remember(AT.greetings, GREETINGS),
      jumpIf(emit, i32.less(names.get, i32.const(0))),
      comesOrGoes(names.get),
    ),
    when(i32.eq(kind.get, i32.const(MEANING.disconnection)), comesOrGoes(i32.const(ENDED))),
  ]

  return [
    limit.set(param(AT.limit)),
    parts.begin(),
    block(
      stop,
      block(
        differ,
        loop(
          again,
          jumpIf(stop, isFull),
          jumpIf(stop, i32.more(at(start, MIN_LINE), limit.get)),
          jumpIf(differ, differsFrom(start.get, AT.hourBytes, AT.hourMask)),
          readTime(),
          jumpIf(stop, i32.eqz(byteIs(from, COMMA))),
          who.set(from.get),
          readColumns(),
          readEnd(),
          names.set(i32.const(0)),
          block(
            told,
            block(
              quiet,
              block(
                emit,
                when(severityIs('LOG'), readLog(), when(i32.eq(kind.get, i32.const(MEANING.something)), readWords()), jump(emit)),
                ...(
                  [
                    ['ERROR', KIND.error],
                    ['FATAL', KIND.fatal],
                    ['WARNING', KIND.warning],
                    ['PANIC', KIND.panic],
                  ] as const
                ).map(([letters, code]) => when(severityIs(letters), kind.set(i32.const(code)), readWords(), jump(emit))),
                ...(['NOTICE', 'INFO', 'DEBUG'] as const).map((letters) => jumpIf(quiet, severityIs(letters))),
                jump(stop),
              ),
              step(),
              put(either(isFar.get, i32.or(kind.get, i32.const(KIND.far)), kind.get), start, named, lines.get),
              reach(),
              jump(told),
            ),
            // A record that is counted.
            step(),
            when(isFar.get, put(i32.const(KIND.seen | KIND.far), start, named, lines.get), reach(), jump(told)),
            raise(records, 1),
            reach(),
          ),
          raise(lines, at(inner, 1)),
          start.set(at(next, 1)),
          jump(again),
        ),
      ),
      i32.store(tables.get, i32.const(1), AT.differs),
    ),
    parts.finish(),
    i32.store(tables.get, either(lines.get, at(inner, 1), i32.const(0)), AT.rest),
    i32.store(tables.get, i32.const(0), AT.goesOn),
    i32.store(tables.get, i32.const(0), AT.slow),
    start.get,
  ]
})
