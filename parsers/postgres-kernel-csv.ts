/** The loop over records of csvlog: postgres-kernel.ts has what it is made of. */
import { at, block, byteIs, func, i32, jump, jumpIf, loop, raise, readDecimal, when, type Code, type Func, type Local } from '../src/read/wasm.js'
import { AT, COMMA, EVENT, MEANING, MIN_LINE, NEWLINE, QUOTE, recordParts, RETURN } from './postgres-kernel.js'

const DATABASE = 2
const PID = 3
const SEVERITY = 11
const MESSAGE = 13
const MAX_DIGITS = 9
/** A text that goes on for longer is read on its own. */
const MAX_TEXT = 524_288
const LOG = Buffer.from('LOG,').readInt32LE(0)

/** passCsv(tables, start): where the first record begins that has to be read, of those from `start` on. */
export const passCsv: Func = func('passCsv', { tables: 'i32', start: 'i32' }, ['i32'], ({ tables, start }, local) => {
  const [stop, differ, records, counted] = [Symbol('stop'), Symbol('differ'), Symbol('records'), Symbol('counted')]
  const word = (): Local => local('i32')
  const [limit, events, pending, column, next, database, after, severity, pid, inQuotes, inner] = [
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
    word(),
  ]
  const { from, message, end, byte, kind, names, event, param, differsFrom, find, readTime, look, readDuration, remember, put } = recordParts(
    tables,
    start,
    stop,
    local,
  )

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
        when(i32.eq(column.get, i32.const(DATABASE)), database.set(next.get)),
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
  /** `next` goes from the message to the newline that ends the record; `inner` counts those before it. */
  const readEnd = (): Code => {
    const [again, found] = [Symbol('again'), Symbol('found')]
    const first = i32.load8(next.get)
    return [
      from.set(next.get),
      inQuotes.set(i32.const(0)),
      inner.set(i32.const(0)),
      block(
        found,
        loop(
          again,
          jumpIf(stop, i32.notLess(next.get, limit.get)),
          find(next, QUOTE, NEWLINE),
          jumpIf(stop, i32.notLess(next.get, limit.get)),
          when(byteIs(next, QUOTE), inQuotes.set(i32.eqz(inQuotes.get)), raise(next, 1), jump(again)),
          jumpIf(found, i32.eqz(inQuotes.get)),
          jumpIf(stop, i32.more(i32.sub(next.get, from.get), i32.const(MAX_TEXT))),
          raise(next, 1),
          jumpIf(stop, i32.notLess(next.get, limit.get)),
          // The first byte of a year, or of one in quotes: it may be another record.
          jumpIf(stop, i32.or(i32.or(i32.eq(first, i32.const(49)), i32.eq(first, i32.const(50))), i32.eq(first, i32.const(QUOTE)))),
          raise(inner, 1),
          jump(again),
        ),
      ),
      end.set(i32.sub(next.get, byteIs(at(next, -1), RETURN))),
    ]
  }

  return [
    limit.set(param(AT.limit)),
    event.set(at(tables, AT.happened - EVENT.size)),
    block(
      stop,
      block(
        differ,
        loop(
          records,
          jumpIf(stop, i32.notLess(events.get, i32.const(EVENT.most))),
          jumpIf(stop, i32.more(at(start, MIN_LINE), limit.get)),
          jumpIf(differ, differsFrom(start.get, AT.hourBytes, AT.hourMask)),
          readTime(),
          jumpIf(stop, i32.eqz(byteIs(from, COMMA))),
          readColumns(),
          readEnd(),
          names.set(i32.const(0)),
          kind.set(i32.const(MEANING.something)),
          block(
            counted,
            jumpIf(counted, i32.ne(i32.load(severity.get), i32.const(LOG))),
            look(),
            jumpIf(counted, i32.ne(kind.get, i32.const(MEANING.duration))),
            column.set(database.get),
            remember(column, after),
            readDuration(),
          ),
          put(pending.get, pid, database),
          raise(events, 1),
          pending.set(at(inner, 1)),
          start.set(at(next, 1)),
          jump(records),
        ),
      ),
      i32.store(tables.get, i32.const(1), AT.differs),
    ),
    i32.store(tables.get, events.get, AT.events),
    i32.store(tables.get, pending.get, AT.trailing),
    i32.store(tables.get, i32.const(0), AT.own),
    start.get,
  ]
})
