/** The server behind one log: puts what its records mean into the sink, the same whichever format they came in. */
import { postgres, process, shortName, THIS_POSTGRES, type Entity } from '../src/model/entity.js'
import type { Attributes, Basis, Stamp } from '../src/model/extract.js'
import type { InputContext, Repeat, SignalDraft, Sink } from '../src/model/format.js'
import { remembering } from './postgres-bytes.js'
import { lockWaitIn, speak, waitingOf, withoutNumbers, type LockWait, type Voice } from './postgres-messages.js'
import { known, NOBODY, type PostgresRecord, type Session } from './postgres-record.js'
import { statements, type Counter } from './postgres-series.js'
import { sessions, type Changed } from './postgres-sessions.js'
import { sqlstateOf } from './postgres-sqlstate.js'

export interface PostgresServer {
  /** The pod that runs the server of what follows, where the line names it. */
  within(pod: Entity | null): void
  /** Counts a statement that took so long; true: it is the longest so far, to be told with `longest` unless it `sleeps`. */
  statement(ms: number, basis: Basis, milliseconds: number, database: string): boolean
  longest(ms: number, basis: Basis, milliseconds: number, database: string): void
  counter(database: string, basis: Basis): Counter
  /** bytes[start, end) is 'connection authorized: user=… database=…'. */
  authorized(ms: number, basis: Basis, pid: number, bytes: Buffer, start: number, end: number): Session
  /** As authorized with the bytes that it returned this session for. */
  authorizedAgain(ms: number, basis: Basis, pid: number, session: Session): void
  disconnected(ms: number, pid: number): void
  /** As authorizedAgain and disconnected, of many; those that began are known by their numbers. */
  changed(changed: Changed, basis: Basis, greeted: readonly (Session | undefined)[]): void
  sessionOf(pid: number): Session
  /** Whether any session is known. */
  readonly knowsSessions: boolean
  /** Returned is what says it again when its words come again; null where it may not be the same then. */
  say(record: PostgresRecord): Said | null
  /** What of these a record of this pid says, if it is written so; undefined: none of them. A FATAL is to be told with `died` besides. */
  saidBefore(all: readonly Said[], pid: number, names: Session): Said | undefined
  died(ms: number, pid: number): void
  /** An error of the program that runs the server. */
  manager(at: Stamp, app: string, message: string): void
  end(): void
}

/** Tools that look after a server rather than depend on it. */
const TOOLS: ReadonlySet<string> = new Set(['psql', 'pg_isready', 'pg_dump', 'pg_basebackup', 'pg_receivewal', 'walreceiver'])
export const isTool = (application: string): boolean => TOOLS.has(application)
/** Drivers that name themselves where nobody gave the application a name. */
const DRIVERS: ReadonlySet<string> = new Set(['PostgreSQL JDBC Driver', 'psycopg', 'psycopg2', 'node-postgres', 'pgbouncer', 'pgx', 'app'])
const MAX_CLIENTS = 500
const MAX_MET = 5_000
/** Messages remembered with what they said, for those whose words come again. */
const MAX_SAID = 1_000
const MAX_MESSAGE = 1_000

/** Whose program a session is: the application's name if somebody chose one, else the user. */
export const clientOf = ({ user, application }: Session): string => {
  const name = application === '' || DRIVERS.has(application) ? user : application
  // 'sidekiq 6.5 shop [0 of 5 busy]' says its state behind its name; a slash would end an entity's part.
  return name.split(' [')[0]?.replaceAll('/', '_').trim().slice(0, 80) ?? ''
}

/** What a record said that says nothing else whenever its words come again, of the same session's names and the same server. */
export interface Said {
  readonly severity: string
  readonly written: string
  readonly user: string
  readonly database: string
  readonly application: string
  readonly entity: Entity
  readonly repeats: readonly Repeat[]
}

/** The session of 'connection authorized: user=shop database=shop application_name=web SSL enabled (…)'. */
export const sessionOf = (message: string): Session => {
  const user = /user=([^ ]{1,200})/u.exec(message)?.[1] ?? ''
  const database = /database=([^ ]{1,200})/u.exec(message)?.[1] ?? (message.startsWith('replication') ? 'replication' : '')
  const from = message.indexOf('application_name=')
  const application = from < 0 ? '' : (message.slice(from + 17).split(/ SSL enabled| GSS \(/u)[0] ?? '')
  return { user: known(user), database: known(database), application: known(application) }
}

/** The same users come all day: their lines are read once. */
const sessionIn = remembering((bytes, start, end) => sessionOf(bytes.toString('utf8', start, end)))

export const postgresServer = (sink: Sink, context: InputContext): PostgresServer => {
  let entity: Entity = THIS_POSTGRES
  let pod: Entity | null = null
  let crashKnown = false
  let interruptedAt: number | null = null
  let vacuums = 0
  let current: PostgresRecord | null = null
  /** By their messages; none yet where one came once. */
  const said = new Map<string, Said[]>()
  /** What says that somebody waits for a lock of the server at hand, by the lock. */
  const locks = new Map<string, Repeat>()
  /** What the record at hand says, as long as that follows from its words alone. */
  let drafts: SignalDraft[] | null = null
  /** Sessions of the current server whose client is known: the objects, of which one session may have several, and who they are. */
  const met = new Set<Session>()
  const clients = new Set<string>()
  const counted = statements(sink)
  const open = sessions(sink)

  const take = (next: Entity | null): void => {
    if (next === pod) return
    pod = next
    met.clear()
    clients.clear()
    locks.clear()
    entity = next === null ? THIS_POSTGRES : postgres(shortName(next))
    if (next !== null) sink.fact({ fact: 'runs-as', of: entity, by: next })
  }
  take(context.pod)

  const voice: Voice = {
    get server() {
      return entity
    },
    signal(kind, { phase, since = 0, attributes, burst } = {}) {
      if (current === null) return
      if (kind === 'postgres.autovacuum') vacuums++
      const at: Stamp = since > 0 ? { ms: Math.round(current.at.ms - since), basis: current.at.basis } : current.at
      const draft: SignalDraft = {
        kind,
        entity,
        at,
        until: current.at,
        text: current.text,
        line: current.line,
        ...(phase === undefined ? {} : { phase }),
        ...(attributes === undefined ? {} : { attributes }),
        ...(burst === undefined ? {} : { burst }),
      }
      if (since > 0 || phase !== undefined) drafts = null
      else drafts?.push(draft)
      sink.signal(draft)
    },
    fact(fact) {
      drafts = null
      sink.fact(fact)
    },
    reset() {
      drafts = null
      if (current !== null) open.reset(current.at)
    },
    crashed(now) {
      drafts = null
      if (now !== undefined) crashKnown = now
      return crashKnown
    },
    interrupted(now) {
      drafts = null
      if (now !== undefined) interruptedAt = now ? (current?.at.ms ?? null) : null
      return interruptedAt === null || current === null ? null : current.at.ms - interruptedAt
    },
    vacuums() {
      drafts = null
      return vacuums
    },
  }

  /** With what is known of its session. */
  const named = (record: PostgresRecord): PostgresRecord => {
    const session = record.pid > 0 ? open.of(record.pid) : NOBODY
    return {
      ...record,
      user: record.user || session.user,
      database: record.database || session.database,
      application: record.application || session.application,
    }
  }

  /** The holder has lines of its own only if something else is said of it; who it is was said when it came. */
  const withHolder = (attributes: Attributes): Attributes => {
    const { user, database, application } = open.of(Number(attributes['holder'] ?? 0))
    return {
      ...attributes,
      ...(user === '' ? {} : { holderUser: user }),
      ...(database === '' ? {} : { holderDatabase: database }),
      ...(application === '' ? {} : { holderApplication: application }),
    }
  }

  /** As a signal of postgres-messages.ts, of which nothing is made but where it is the first of a burst. */
  const waits = (record: PostgresRecord, wait: LockWait): void => {
    const { at, line, text } = record
    const since = wait.milliseconds > 0 ? { ms: Math.round(at.ms - wait.milliseconds), basis: at.basis } : at
    let repeat = locks.get(wait.burst)
    if (repeat === undefined) {
      if (locks.size >= MAX_SAID) locks.clear()
      repeat = sink.repeat({ kind: 'postgres.lock-pileup', entity, at, text, burst: wait.burst })
      locks.set(wait.burst, repeat)
    }
    repeat(since, text, at, undefined, line, () => withHolder(waitingOf(wait, named(record))))
  }

  const authorized = (ms: number, basis: Basis, pid: number, session: Session): void => {
    open.opened(ms, basis, pid, session)
    if (met.has(session)) return
    if (met.size >= MAX_MET) met.clear()
    met.add(session)
    const who = `${session.user}\n${session.database}\n${session.application}`
    if (clients.has(who) || clients.size >= MAX_CLIENTS) return
    clients.add(who)
    const name = clientOf(session)
    if (name !== '' && !isTool(session.application)) sink.fact({ fact: 'client-of', client: process('-', name), server: entity })
  }

  return {
    within: (next) => take(next ?? context.pod),
    statement: (ms, basis, milliseconds, database) => counted.count(ms, basis, milliseconds, database),
    longest: (ms, basis, milliseconds, database) => counted.longest(ms, basis, milliseconds, database),
    counter: (database, basis) => counted.counter(database, basis),
    authorized(ms, basis, pid, bytes, start, end) {
      const session = sessionIn(bytes, start, Math.min(end, start + 1_000))
      authorized(ms, basis, pid, session)
      return session
    },
    authorizedAgain: authorized,
    disconnected: (ms, pid) => open.closed(ms, pid),
    changed: (changed, basis, greeted) => open.changed(changed, basis, greeted),
    sessionOf: (pid) => (pid > 0 ? open.of(pid) : NOBODY),
    get knowsSessions() {
      return open.any
    },
    died: (ms, pid) => open.died(ms, pid),
    saidBefore(all, pid, names) {
      const session = pid > 0 ? open.of(pid) : NOBODY
      const user = names.user || session.user
      const database = names.database || session.database
      const application = names.application || session.application
      for (const one of all) if (one.user === user && one.database === database && one.application === application && one.entity === entity) return one
      return undefined
    },
    say(record) {
      if (Number.isNaN(record.at.ms)) {
        sink.warn('records without a time are counted, but cannot be placed')
        return null
      }
      const wait = record.severity === 'LOG' ? lockWaitIn(record.message) : null
      if (wait !== null) {
        waits(record, wait)
        return null
      }
      const { at, line, severity, pid, message, detail, statement, text } = record
      const session = pid > 0 ? open.of(pid) : NOBODY
      const user = record.user || session.user
      const database = record.database || session.database
      const application = record.application || session.application
      const { sqlstate: written } = record
      const before = message.length < MAX_MESSAGE ? said.get(message) : undefined
      const same = before?.find(
        (one) =>
          one.severity === severity &&
          one.written === written &&
          one.user === user &&
          one.database === database &&
          one.application === application &&
          one.entity === entity,
      )
      if (severity === 'FATAL') open.died(at.ms, pid)
      if (same !== undefined) {
        for (const repeat of same.repeats) repeat(at, text, undefined, undefined, line)
        return same
      }
      let code: string | undefined
      current = {
        at,
        line,
        severity,
        // What rests on these is not said again where only the message is the same.
        get pid() {
          drafts = null
          return pid
        },
        message,
        get detail() {
          drafts = null
          return detail
        },
        get statement() {
          drafts = null
          return statement
        },
        text,
        user,
        database,
        application,
        get sqlstate() {
          return (code ??= sqlstateOf(written, message))
        },
      }
      drafts = []
      speak(current, voice)
      current = null
      if (said.size >= MAX_SAID) said.clear()
      if (before === undefined) {
        if (message.length < MAX_MESSAGE) said.set(message, [])
      } else if (drafts !== null && before.length < MAX_CLIENTS) {
        const now: Said = { severity, written, user, database, application, entity, repeats: drafts.map((draft) => sink.repeat(draft)) }
        before.push(now)
        return now
      }
      return null
    },
    manager(at, app, message) {
      sink.signal({ kind: 'log.error', entity: pod ?? entity, at, attributes: { app }, burst: withoutNumbers(message), text: message })
    },
    end() {
      counted.end()
      open.end()
    },
  }
}
