/** Evidence that ends too late, began too early, or has holes, measured against an incident: what that hides. */
import type { Incident, Input } from '../model/analysis.js'
import { once } from '../model/once.js'
import type { Timeline } from '../timeline/timeline.js'

type Add = (what: string, hides: string) => void

const MINUTE = 60_000
const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 19)

/** Logs that one program of a machine writes as long as it runs. */
const LASTING: ReadonlySet<string> = new Set([
  'kubelet',
  'kernel',
  'containerd',
  'control-plane',
  'etcd',
  'postgres',
  'pgbouncer',
  'patroni',
  'redis',
  'access-log',
  'coredns',
])
/** What a log begins with when its program does: then nothing came before. */
const BEGINS: ReadonlySet<string> = new Set([
  'node.rebooted',
  'kubelet.started',
  'postgres.started',
  'postgres.ready',
  'container.started',
  'pod.started',
  'change.node-added',
])
const MAX_TOLD = 5

/** 'kubelet.log' of 'kubelet.log.2.gz' and 'kubelet.log-20261121': a rotated set is one log. */
const unrotated = (path: string): string => path.replace(/(?:[-._]\d{1,14}|\.gz|\.xz|\.zst|\.bz2|\.old)+$/u, '')

const startOf = once(({ inputs }: Timeline): ReadonlyMap<string, number> => {
  const starts = new Map<string, number>()
  for (const { path, from } of inputs) {
    if (from === null) continue
    const set = unrotated(path)
    starts.set(set, Math.min(starts.get(set) ?? Infinity, Date.parse(from)))
  }
  return starts
})

/** Logs that begin without their program having started then: their first hours were rotated away. The same for every incident. */
const midway = once((timeline: Timeline): readonly Input[] => {
  const starts = startOf(timeline)
  const late = new Map(
    timeline.inputs.flatMap((input): [string, Input][] =>
      input.from !== null && LASTING.has(input.format) && Date.parse(input.from) === starts.get(unrotated(input.path)) ? [[input.path, input]] : [],
    ),
  )
  for (const { input, at, kind } of timeline.signals) if (BEGINS.has(kind) && at <= Date.parse(late.get(input)?.from ?? '') + MINUTE) late.delete(input)
  return [...late.values()]
})

const rotatedAway = (incident: Incident, timeline: Timeline, add: Add): void => {
  const begin = Date.parse(incident.start)
  const end = incident.end === null ? timeline.to : Date.parse(incident.end)
  const late = midway(timeline).filter(({ from }) => {
    const first = Date.parse(from ?? '')
    return first > begin + MINUTE && first <= end
  })
  for (const { path, from } of late.slice(0, MAX_TOLD))
    add(
      `${path} begins at ${clock(Date.parse(from ?? ''))} UTC, after the incident (${clock(begin)})`,
      'what it had said before: rotated away, or not collected',
    )
}

/** A list of events that reaches back less far than the incident: they expire an hour after they were last seen. */
const expiredEvents = (incident: Incident, { inputs, keptFrom }: Timeline, add: Add): void => {
  const begin = Date.parse(incident.start)
  const lists = keptFrom.filter(({ at }) => at > begin + MINUTE)
  const forgets = new Set(keptFrom.map(({ input }) => input))
  // A log of events, or an older list, tells what a list has forgotten.
  const covered =
    keptFrom.some(({ at }) => at <= begin + MINUTE) ||
    inputs.some(({ path, format, from }) => format === 'kubernetes-events' && !forgets.has(path) && from !== null && Date.parse(from) <= begin)
  if (covered) return
  const [earliest] = [...lists].sort((a, b) => a.at - b.at)
  if (earliest !== undefined)
    add(
      `Events from before ${clock(earliest.at)} UTC, which had expired when they were listed`,
      `what the control plane and the kubelets reported as the incident began at ${clock(begin)}: events are kept for an hour by default`,
    )
}

const BIN_MS = 15_000
const GAP_MS = 3 * MINUTE
const LEAD_MS = 10 * MINUTE
/** The longest series tell when anything was scraped at all. */
const MAX_SERIES = 200

const longestSeries = once(({ series }: Timeline) =>
  series
    .filter(({ name, times }) => !name.startsWith('faultline_') && times.length > 20)
    .sort((a, b) => b.times.length - a.times.length)
    .slice(0, MAX_SERIES),
)

/** A stretch of BIN_MS in which anything was scraped, with the first and the last time. */
interface Bin {
  readonly bin: number
  first: number
  last: number
}

const scrapes = once((timeline: Timeline): { readonly step: number; readonly bins: readonly Bin[] } => {
  const bins = new Map<number, Bin>()
  let step = BIN_MS
  for (const { times } of longestSeries(timeline)) {
    step = Math.max(step, ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1))
    for (const at of times) {
      const bin = Math.floor(at / BIN_MS)
      const known = bins.get(bin)
      if (known === undefined) bins.set(bin, { bin, first: at, last: at })
      else if (at < known.first) known.first = at
      else if (at > known.last) known.last = at
    }
  }
  return { step, bins: [...bins.values()].sort((a, b) => a.bin - b.bin) }
})

/** Times within the incident at which no series has a sample, though there are some before and after. */
const scrapeGaps = (incident: Incident, timeline: Timeline, add: Add): void => {
  const begin = Date.parse(incident.start) - LEAD_MS
  const end = (incident.end === null ? timeline.to : Date.parse(incident.end)) + LEAD_MS
  const { step, bins } = scrapes(timeline)
  const filled = bins.filter(({ first, last }) => last >= begin - GAP_MS && first <= end + GAP_MS).map(({ bin }) => bin)
  let told = 0
  filled.forEach((bin, index) => {
    const before = filled[index - 1]
    if (before === undefined || told >= MAX_TOLD || (bin - before) * BIN_MS < Math.max(GAP_MS, 5 * step)) return
    told++
    add(
      `No metrics at all from ${clock((before + 1) * BIN_MS)} to ${clock(bin * BIN_MS)} UTC`,
      'load, memory and latency in that time: nothing was scraped, or Prometheus itself was down',
    )
  })
}

/** What is absent when it is held against this incident. */
export const absentFor = (incident: Incident, timeline: Timeline, add: Add): void => {
  rotatedAway(incident, timeline, add)
  expiredEvents(incident, timeline, add)
  scrapeGaps(incident, timeline, add)
}

/** Files that were collected and hold nothing. */
export const emptyFiles = ({ inputs }: Timeline, add: Add): void => {
  const empty = inputs.filter(({ format }) => format === 'empty')
  for (const { path } of empty.slice(0, MAX_TOLD)) add(`${path} is empty`, 'what should have been collected in it')
  if (empty.length > MAX_TOLD) add(`${empty.length - MAX_TOLD} more files are empty`, 'what should have been collected in them')
}
