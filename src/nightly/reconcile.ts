/** What the windows show, brought together with what was known: who is who, and what has changed. */
import { createHash } from 'node:crypto'
import type { Incident } from '../model/analysis.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { within, type Database } from './database.js'
import { endOf, factsOf, grouped, isCut, isSame, startOf, type Facts, type View } from './incidents.js'
import { conclusionsOf, inputStates, pack, unpack, windowStates, type InputState } from './state.js'
import { AFTER_MS, BEFORE_MS, concludeDays, concludeWindows, DAY_MS, distinctInputs, dropOthers, type Conclude, type Window } from './windows.js'

/** An incident that outgrew its window is looked at anew in one three times as long as it is known to be; so often, a day becomes months. */
const MAX_WIDENINGS = 6
const MAX_WIDE_MS = 120 * DAY_MS

const WIDE = 'wide '

const viewsOf = (database: Database, names: ReadonlySet<string>): readonly View[] =>
  windowStates(database)
    .filter(({ name }) => names.has(name))
    .flatMap(({ name, sinceMs, untilMs }) =>
      conclusionsOf(database, name).flatMap((postMortem): View[] => {
        const [incident] = postMortem.analysis.incidents
        const wide = name.startsWith(WIDE)
        return incident === undefined
          ? []
          : [{ postMortem, incident, wide, sinceMs, untilMs, ownFromMs: wide ? sinceMs : sinceMs + BEFORE_MS, ownToMs: wide ? untilMs : untilMs - AFTER_MS }]
      }),
    )

/** The windows' incidents, each once and whole. */
const concludeAll = async (out: string, database: Database, circumstances: string, conclude: Conclude, keepFrom: number) => {
  const days = await concludeDays(out, database, circumstances, conclude, keepFrom)
  const names = new Set(days.names)
  let { concluded } = days
  const inputs = distinctInputs(inputStates(database))
  let groups = grouped(viewsOf(database, names))
  for (let round = 0; round < MAX_WIDENINGS; round++) {
    const stretches = groups.flatMap((group): Stretch[] => {
      const [best] = group
      if (best === undefined || !isCut(best)) return []
      const stretch = around(Math.min(...group.map(({ incident }) => startOf(incident))), Math.max(...group.map(({ incident }) => endOf(incident))), inputs)
      return hasMore(inputs, best, stretch) ? [stretch] : []
    })
    const windows = joined(stretches)
      .map(wideWindow)
      .filter(({ name }) => !names.has(name))
    if (windows.length === 0) break
    concluded += (await concludeWindows(out, database, inputs, windows, circumstances, conclude)).concluded
    for (const { name } of windows) names.add(name)
    groups = grouped(viewsOf(database, names))
  }
  dropOthers(database, [...names])
  return { groups, concluded }
}

type Stretch = Pick<Window, 'sinceMs' | 'untilMs'>

/** As long again before it and after it, as far as there are data, and not more than may be. */
const around = (fromMs: number, toMs: number, inputs: readonly InputState[]): Stretch => {
  const room = Math.max(0, MAX_WIDE_MS - (toMs - fromMs)) / 2
  const long = toMs - fromMs
  const sinceMs = Math.max(fromMs - Math.min(room, Math.max(BEFORE_MS, long)), firstDay(inputs) * DAY_MS - BEFORE_MS)
  const untilMs = Math.min(toMs + Math.min(room, Math.max(AFTER_MS, long)), (lastDay(inputs) + 1) * DAY_MS + AFTER_MS)
  return { sinceMs: Math.floor(sinceMs / DAY_MS) * DAY_MS, untilMs: Math.ceil(untilMs / DAY_MS) * DAY_MS }
}

const firstDay = (inputs: readonly InputState[]): number => inputs.reduce((first, { days }) => Math.min(first, days[0] ?? Infinity), Infinity)
const lastDay = (inputs: readonly InputState[]): number => inputs.reduce((last, { days }) => Math.max(last, days.at(-1) ?? -Infinity), -Infinity)

/** Stretches that overlap as one, so that no day is looked at once for each of its incidents. */
const joined = (stretches: readonly Stretch[]): readonly Stretch[] => {
  const result: Stretch[] = []
  for (const stretch of [...stretches].sort((a, b) => a.sinceMs - b.sinceMs || a.untilMs - b.untilMs)) {
    const last = result.at(-1)
    if (last === undefined || stretch.sinceMs >= last.untilMs) result.push(stretch)
    else result[result.length - 1] = { sinceMs: last.sinceMs, untilMs: Math.max(last.untilMs, stretch.untilMs) }
  }
  return result
}

const wideWindow = ({ sinceMs: from, untilMs }: Stretch): Window => {
  const sinceMs = Math.max(from, untilMs - MAX_WIDE_MS)
  return { name: `${WIDE}${new Date(sinceMs).toISOString().slice(0, 10)} ${new Date(untilMs).toISOString().slice(0, 10)}`, sinceMs, untilMs }
}

/** Whether anything happens in the wider stretch that the view could not see. */
const hasMore = (inputs: readonly { readonly days: readonly number[] }[], view: View, { sinceMs, untilMs }: Stretch): boolean =>
  inputs.some(({ days }) =>
    days.some((day) => {
      const [from, to] = [day * DAY_MS, (day + 1) * DAY_MS]
      return (from < view.sinceMs && to > sinceMs) || (to > view.untilMs && from < untilMs)
    }),
  )

export interface Reconciled {
  readonly concluded: number
  readonly fresh: readonly string[]
  readonly changed: readonly string[]
  readonly withdrawn: readonly string[]
}

/** Incidents from before `keepFrom` stay as they are: what they were concluded from is gone. */
export const reconcile = async (out: string, database: Database, circumstances: string, conclude: Conclude, keepFrom: number): Promise<Reconciled> => {
  const { groups, concluded } = await concludeAll(out, database, circumstances, conclude, keepFrom)
  const known = knownIncidents(database)
  const taken = new Set<string>()
  const fresh: string[] = []
  const changed: string[] = []
  const writes: (() => void)[] = []
  for (const [view] of groups) {
    if (view === undefined) continue
    const before = known.find(({ facts, incident }) => !taken.has(facts.id) && incident !== undefined && isSame(incident, view.incident))
    const id = before?.facts.id ?? unusedId(view.incident.id, new Set([...taken, ...known.map(({ facts }) => facts.id)]))
    taken.add(id)
    const postMortem = renamed(view.postMortem, id)
    const facts = factsOf(id, postMortem)
    if (facts === null) continue
    const blob = pack(postMortem)
    if (before !== undefined && digestOf(before.postMortem) === digestOf(postMortem)) continue
    // What surrounds it may change (one more input that has nothing to do with it): that is worth a report, but no message.
    const same = before !== undefined && digestOf(before.incident) === digestOf(postMortem.analysis.incidents[0])
    if (before === undefined) fresh.push(id)
    else if (!same) changed.push(id)
    writes.push(() =>
      database
        .prepare('insert or replace into incidents (id, start_ms, facts, post_mortem, published) values (?, ?, ?, ?, null)')
        .run(id, startOf(view.incident), JSON.stringify(facts), blob),
    )
    if (same) continue
    writes.push(() =>
      database
        .prepare('insert or ignore into deliveries (incident, event, body) values (?, ?, ?)')
        .run(id, before === undefined ? 'incident.new' : 'incident.updated', JSON.stringify(facts)),
    )
  }
  const withdrawn = known.filter(({ facts }) => !taken.has(facts.id) && Date.parse(facts.start) >= keepFrom).map(({ facts }) => facts.id)
  for (const id of withdrawn) writes.push(() => database.prepare('delete from incidents where id = ?').run(id))
  if (writes.length > 0) within(database, () => writes.forEach((write) => write()))
  return { concluded, fresh, changed, withdrawn }
}

const digestOf = (value: PostMortem | Incident | undefined): string =>
  createHash('sha256')
    .update(JSON.stringify(value) ?? '')
    .digest('hex')

const unusedId = (id: string, used: ReadonlySet<string>): string => {
  if (!used.has(id)) return id
  for (let count = 2; ; count++) if (!used.has(`${id}-${count}`)) return `${id}-${count}`
}

const renamed = (postMortem: PostMortem, id: string): PostMortem => ({
  ...postMortem,
  analysis: { ...postMortem.analysis, incidents: postMortem.analysis.incidents.map((incident) => ({ ...incident, id })) },
  incidents: postMortem.incidents.map((detail) => ({ ...detail, incident: id })),
})

/** Failures that people felt and nothing explains, by time: each as the day on which it began tells it. What an incident tells of, seen from further off, is explained. */
export const unexplainedFailures = (database: Database, known: ReturnType<typeof knownIncidents>): readonly PostMortem[] => {
  const explained = new Set(known.flatMap(({ incident }) => incident?.findings.map(({ start, summary }) => `${start} ${summary}`) ?? []))
  return windowStates(database)
    .filter(({ name }) => !name.startsWith(WIDE))
    .flatMap(({ name, sinceMs, untilMs }) => {
      const isOwn = (ms: number): boolean => ms >= sinceMs + BEFORE_MS && ms < untilMs - AFTER_MS
      return conclusionsOf(database, name)
        .filter(({ analysis }) => analysis.incidents.length === 0)
        .map((failed) => ({
          ...failed,
          observed: failed.observed.filter(({ start, summary }) => isOwn(Date.parse(start)) && !explained.has(`${start} ${summary}`)),
        }))
    })
    .filter(({ observed }) => observed.length > 0)
}

export const knownIncidents = (database: Database) =>
  database
    .prepare('select facts, post_mortem, published from incidents order by start_ms, id')
    .all()
    .map((row) => {
      const postMortem = unpack(row['post_mortem'])
      return {
        facts: JSON.parse(String(row['facts'])) as Facts, // as reconcile wrote it
        postMortem,
        incident: postMortem.analysis.incidents[0],
        published: typeof row['published'] === 'string' ? row['published'] : null,
      }
    })
