/** All nights at a glance: what summary.json holds and the index page shows. Pure; nothing in it depends on when it was made. */
import { groupBy } from '../model/lists.js'
import type { Observed } from '../post-mortem/post-mortem.js'
import type { Facts, Recurrence } from './incidents.js'

export interface SummarizedIncident extends Facts {
  /** Below the out folder. */
  readonly report: string
  /** The first incident of its kind; its own id where it is the first. */
  readonly family: string
  readonly occurrence: number
  readonly previous: string | null
}

export interface Count {
  readonly name: string
  readonly incidents: number
  /** By month, 'yyyy-mm', oldest first; months without any are left out. */
  readonly months: readonly { readonly month: string; readonly incidents: number }[]
}

export interface Summary {
  readonly schema: 'faultline/nightly@1'
  readonly from: string | null
  readonly to: string | null
  readonly files: number
  readonly bytes: number
  /** By start. */
  readonly incidents: readonly SummarizedIncident[]
  /** Failures that people felt and that no incident tells of: nothing in the data explains them. By start. */
  readonly unexplained: readonly { readonly start: string; readonly told: string }[]
  /** What came more than once, most often first. */
  readonly recurrences: readonly { readonly family: string; readonly title: string; readonly incidents: readonly string[] }[]
  readonly trends: { readonly mechanisms: readonly Count[]; readonly nodes: readonly Count[]; readonly workloads: readonly Count[] }
  /** Of the incidents that an alert told of; null where none did. */
  readonly timeToDetect: { readonly incidents: number; readonly medianSeconds: number | null; readonly longestSeconds: number | null; readonly untold: number }
  /** Files that could not be read at all, or in part. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[]
}

export interface Coverage {
  readonly from: string | null
  readonly to: string | null
  readonly files: number
  readonly bytes: number
  readonly unreadable: Summary['unreadable']
}

export const reportPath = (id: string): string => `incidents/${id}.html`

export const summarize = (all: readonly Facts[], recurrences: ReadonlyMap<string, Recurrence>, failures: readonly Observed[], coverage: Coverage): Summary => {
  const incidents = all.map((facts): SummarizedIncident => {
    const recurrence = recurrences.get(facts.id)
    return {
      ...facts,
      report: reportPath(facts.id),
      family: recurrence?.family ?? facts.id,
      occurrence: recurrence?.times ?? 1,
      previous: recurrence?.last?.id ?? null,
    }
  })
  const families = groupBy(incidents, (incident) => incident.family)
  const delays = incidents.flatMap(({ detection }) => detection.delaySeconds ?? []).sort((a, b) => a - b)
  return {
    schema: 'faultline/nightly@1',
    from: coverage.from,
    to: coverage.to,
    files: coverage.files,
    bytes: coverage.bytes,
    incidents,
    unexplained: failures.map(({ start, told }) => ({ start, told })).sort((a, b) => compare(a.start, b.start) || compare(a.told, b.told)),
    recurrences: [...families]
      .filter(([, { length }]) => length > 1)
      .map(([family, members]) => ({ family, title: members[0]?.title ?? '', incidents: members.map(({ id }) => id) }))
      .sort((a, b) => b.incidents.length - a.incidents.length || compare(a.family, b.family)),
    trends: {
      mechanisms: counted(incidents, ({ mechanisms }) => mechanisms),
      nodes: counted(incidents, ({ nodes }) => nodes),
      workloads: counted(incidents, ({ workloads }) => workloads),
    },
    timeToDetect: {
      incidents: delays.length,
      medianSeconds: delays[Math.floor(delays.length / 2)] ?? null,
      longestSeconds: delays.at(-1) ?? null,
      untold: incidents.filter(({ detection }) => detection.firstAlert === null).length,
    },
    unreadable: coverage.unreadable,
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const counted = (incidents: readonly SummarizedIncident[], namesOf: (incident: SummarizedIncident) => readonly string[]): readonly Count[] => {
  const byName = new Map<string, Map<string, number>>()
  for (const incident of incidents) {
    for (const name of new Set(namesOf(incident))) {
      const months = byName.get(name) ?? new Map<string, number>()
      byName.set(name, months)
      const month = incident.start.slice(0, 7)
      months.set(month, (months.get(month) ?? 0) + 1)
    }
  }
  return [...byName]
    .map(([name, months]): Count => ({
      name,
      incidents: [...months.values()].reduce((sum, count) => sum + count, 0),
      months: [...months].sort(([a], [b]) => compare(a, b)).map(([month, count]) => ({ month, incidents: count })),
    }))
    .sort((a, b) => b.incidents - a.incidents || compare(a.name, b.name))
}
