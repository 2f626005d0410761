/** What is said of a Postgres server beside the bare fact: who waited for whom, and why it did not start. */
import type { Entity } from '../model/entity.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import { signalsOf } from './lookup.js'
import type { Stretch } from './stretches.js'
import { duration, times } from './words.js'

const MINUTE = 60_000

/** Who holds a lock and is no process: a prepared transaction outlives its session. https://www.postgresql.org/docs/current/sql-prepare-transaction.html */
const NO_PROCESS = 0

/** 'process 4471 (bi@shop, metabase: SELECT …)' */
export const session = ({ pid, user, database, application, statement }: TimedSignal['attributes']): string => {
  if (pid === NO_PROCESS) return 'a prepared transaction that nobody had finished'
  const who = [user === undefined ? '' : `${String(user)}${database === undefined ? '' : `@${String(database)}`}`, String(application ?? '')].filter(
    (one) => one !== '',
  )
  const words = `${who.join(', ')}${statement === undefined ? '' : `${who.length > 0 ? ': ' : ''}${String(statement)}`}`
  return `process ${String(pid ?? '?')}${words === '' ? '' : ` (${words})`}`
}

/** A role or a database may have a limit of its own, and the server room for others. */
export const takenBy = ({ signals }: Stretch): string => {
  const [own] = signals.filter(({ attributes: { scope } }) => scope === 'role' || scope === 'database')
  if (own === undefined || signals.some(({ attributes: { scope } }) => scope === 'server')) return 'all connection slots were taken'
  const { scope, limited = '' } = own.attributes
  return `the ${String(scope)}${limited === '' ? '' : ` ${String(limited)}`} had all the connections that it may have`
}

/** Who waited first, for which lock, and who had it, as far as the log tells. */
export const queueOf = (entity: Entity, { signals, start, last }: Stretch, timeline: Timeline): string => {
  const told = signals.find(({ attributes }) => attributes['first'] !== undefined)?.attributes
  if (told === undefined) return ''
  const first = signals.find(({ attributes }) => attributes['pid'] === told['first'])?.attributes
  const lock = first?.['lock'] === undefined ? '' : ` for ${String(first['lock'])}`
  const holder = signalsOf(timeline, entity).find(
    ({ kind, at, attributes }) => kind === 'action.session-ended' && attributes['pid'] === told['holder'] && at >= start && at <= last + MINUTE,
  )
  const { holder: pid, holderUser: user, holderDatabase: database, holderApplication: application } = told
  const known = Object.fromEntries(
    Object.entries({ pid, user, database, application }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  const vacuum = signalsOf(timeline, entity).find(
    ({ kind, at, until, attributes }) => kind === 'postgres.autovacuum' && pid !== undefined && attributes['pid'] === pid && at <= start && until >= start,
  )
  const held =
    pid === undefined
      ? ''
      : vacuum === undefined
        ? `, behind ${session(holder?.attributes ?? known)}`
        : `, behind the ${vacuumOf(vacuum)} (process ${String(pid)})`
  return `; the first to wait${lock} was ${session(first ?? { pid: told['first'] ?? '' })}${held}`
}

/** An ordinary one gives way to who waits for its table; one that keeps transaction ids from wrapping around does not. src/backend/storage/lmgr/proc.c, ProcSleep */
const vacuumOf = ({ attributes }: Pick<TimedSignal, 'attributes'>): string =>
  `automatic vacuum${attributes['wraparound'] === 'yes' ? ' to prevent wraparound' : ''} of ${String(attributes['table'] ?? 'a table')}`

/** 'shutting down due to startup process failure': it was not there any more until somebody started it. */
export const hasGivenUp = (entity: Entity, { start, end }: Stretch, timeline: Timeline): boolean =>
  signalsOf(timeline, entity).some(
    ({ kind, at, attributes }) => kind === 'postgres.crashed' && attributes['reason'] === 'startup-failed' && at > start && at < (end ?? timeline.to),
  )

/** A server that is started while it is down and says why it does not start: that is why it was down for so long. What the file has was said at a reload before, maybe. */
export const refusals = (entity: Entity, { start, end }: Stretch, timeline: Timeline): readonly TimedSignal[] => {
  const all = signalsOf(timeline, entity).filter(({ kind, at }) => kind === 'postgres.start-refused' && at <= (end ?? timeline.to) && at >= start - RELOADED_MS)
  const starts = all.filter(({ attributes, at }) => attributes['of'] === 'start' && at >= start)
  return starts.length === 0 ? [] : all.filter((one) => one.attributes['of'] !== 'start' || starts.includes(one))
}
const RELOADED_MS = 24 * 60 * MINUTE

export const startsRefused = (entity: Entity, stretch: Stretch, timeline: Timeline): string => {
  const all = refusals(entity, stretch, timeline)
  const of = (what: string): readonly TimedSignal[] => all.filter(({ attributes }) => attributes['of'] === what)
  const saidOf = (one: TimedSignal | undefined): string => String(one?.attributes['said'] ?? '')
  const starts = of('start')
  if (starts.length === 0) return ''
  const wrong = saidOf(of('file').at(-1))
  const reload = of('reload').findLast(({ at }) => at < stretch.start)
  const before = reload === undefined ? '' : `; ${duration(stretch.start - reload.at)} before that, ${saidOf(reload)}`
  return `; it was started again ${times(starts.reduce((sum, { count }) => sum + count, 0))} and refused: ${saidOf(starts[0])}${wrong === '' ? '' : ` (${wrong})`}${before}`
}
