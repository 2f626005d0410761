/** Everything on one clock, in one order, under one set of names. Pure: the same extracts in any order give the same timeline. */
import { nameOf, node, THIS_NODE, THIS_POSTGRES, typeOf, type Entity } from '../model/entity.js'
import type { Fact, InputExtract, Labels, Series, Signal, Stamp } from '../model/extract.js'
import type { Input } from '../model/analysis.js'
import { addTo } from '../model/lists.js'
import { FINE_MS } from './ages.js'
import type { ClockOptions, InputClock } from './clock.js'
import { commonClock } from './common-clock.js'
import { withoutCopies } from './copies.js'
import { joinParts } from './parts.js'
import { joinRotated } from './rotated.js'
import { todaysLabels, todaysName } from './metric-names.js'
import { senderOf } from './senders.js'
import { countedIn } from './servers.js'
import { nameLoggers } from './loggers.js'
import { makeNames, type Names } from './names.js'
import type { TimedSeries, TimedSignal, TimedSilence } from './timed.js'
import { makeTopology, type TimedFact, type Topology } from './topology.js'
import { nameVictims } from './victims.js'

export type { TimedSeries, TimedSignal, TimedSilence }

export interface Missing {
  readonly what: string
  readonly hides: string
}

export interface Timeline {
  readonly inputs: readonly Input[]
  readonly signals: readonly TimedSignal[]
  readonly series: readonly TimedSeries[]
  readonly silences: readonly TimedSilence[]
  /** By path, of inputs that one machine wrote and names: which. */
  readonly writtenOn: ReadonlyMap<string, Entity>
  readonly topology: Topology
  readonly names: Names
  /** First and last moment of any data; NaN where there is none. */
  readonly from: number
  readonly to: number
  /** From when on somebody wrote or measured. Events and objects tell of what began long before. */
  readonly watchedFrom: number
  readonly missing: readonly Missing[]
  /** Lists of events reach back to this, milliseconds since the epoch: what was last seen before has expired. */
  readonly keptFrom: readonly { readonly input: string; readonly at: number }[]
  readonly clockNotes: readonly string[]
  /** By path, of inputs whose clock was corrected: how sure that is, in milliseconds. Order within it is undecided. */
  readonly clockUncertainty: ReadonlyMap<string, number>
}

export interface TimelineOptions extends ClockOptions {
  /** The window to look at, milliseconds since the epoch; null: all. */
  readonly since: number | null
  readonly until: number | null
}

export const iso = (ms: number): string => new Date(Math.round(ms)).toISOString()

export const buildTimeline = (unordered: readonly InputExtract[], options: TimelineOptions): Timeline => {
  const extracts = joinRotated([...joinParts(unordered)].sort((a, b) => compare(a.path, b.path)))
  const names = makeNames(extracts)
  const clocks = commonClock(extracts, options, names)
  const senderOfSignal = clocks.some(({ senders }) => senders !== undefined) ? senderOf(extracts, names) : () => null
  const signals: TimedSignal[] = []
  const byAge: AgedSignal[] = []
  const facts: TimedFact[] = []
  const series = new Map<string, TimedSeries>()
  const silences: TimedSilence[] = []
  const writtenOn = new Map<string, Entity>()
  const missing = new Map<string, Missing>()
  const keptFrom: { input: string; at: number }[] = []
  extracts.forEach((extract, index) => {
    const clock = clocks[index]
    if (clock === undefined) return
    // Too many to be arguments.
    for (const [signal, { ms, basis }] of timedSignals(extract, clock, names.resolver(index), options, senderOfSignal)) {
      if (basis === 'ago') byAge.push({ signal, isFine: ms >= -FINE_MS && signal.phase !== 'point' })
      else signals.push(signal)
    }
    for (const fact of extract.facts) {
      if (fact.fact === 'missing') missing.set(fact.what, { what: fact.what, hides: fact.hides })
      else if (fact.fact === 'kept-from') keptFrom.push({ input: extract.path, at: clock.at(fact.at) })
      else if (fact.fact === 'runs-as' && typeOf(fact.by) === 'node' && fact.by !== THIS_NODE) {
        // An address that a member of a cluster is reached at may be a machine's or a pod's.
        const by = names.machineOrPod(nameOf(fact.by))
        if (by !== null) facts.push({ ...fact, of: names.resolver(index)(fact.of), by })
      } else if (fact.fact !== 'collected' && fact.fact !== 'zone' && fact.fact !== 'clock-stepped') facts.push(timedFact(fact, clock, names.resolver(index)))
    }
    if (extract.spans.some(({ basis }) => basis === 'ago') && Number.isNaN(clock.at({ ms: 0, basis: 'ago' })))
      missing.set(extract.path, { what: `the times of ${extract.path}`, hides: 'when its events happened: it tells ages, and nothing tells when it was made' })
    if (extract.facts.some(({ fact }) => fact === 'input-node')) writtenOn.set(extract.path, names.resolver(index)(THIS_NODE))
    for (const { basis, from, to, line, host } of extract.silences)
      silences.push({
        input: extract.path,
        node: names.resolver(index)(host === undefined ? THIS_NODE : node(host)),
        from: clock.at({ ms: from, basis }),
        to: clock.at({ ms: to, basis }),
        line,
      })
    const server = names.resolver(index)(THIS_POSTGRES)
    for (const one of extract.series)
      addSeries(
        series,
        countedIn(one, server, (labels) => names.serverOf(labels)),
        extract.path,
        clock,
        options,
      )
  })
  for (const { of, by } of names.serverPods) facts.push({ fact: 'runs-as', of, by })
  for (const signal of unknownIn(signals, byAge)) signals.push(signal)
  signals.sort(bySignal)
  const told = withoutCopies(signals)
  const inputs = extracts.map((extract, index) => describeInput(extract, clocks[index]))
  const times = bounds(inputs, [...series.values()])
  const topology = makeTopology(facts, told, names.canonical)
  return {
    inputs,
    signals: nameVictims(nameLoggers(told, series.values()), topology),
    series: [...series].sort(([aKey, a], [bKey, b]) => compare(a.name, b.name) || compare(aKey, bKey)).map(([, one]) => one),
    silences: silences.sort((a, b) => a.from - b.from || compare(a.input, b.input)),
    writtenOn,
    topology,
    names,
    ...times,
    missing: [...missing.values()].sort((a, b) => compare(a.what, b.what)),
    keptFrom: keptFrom.filter(({ at }) => Number.isFinite(at)),
    clockNotes: notesOf(extracts, clocks),
    clockUncertainty: new Map(inputs.flatMap(({ path, clockUncertaintyMs: ms }) => (ms === undefined ? [] : [[path, ms] as const]))),
  }
}

export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const bySignal = (a: TimedSignal, b: TimedSignal): number =>
  a.at - b.at ||
  compare(a.kind, b.kind) ||
  compare(a.entity, b.entity) ||
  compare(a.input, b.input) ||
  (a.evidence[0]?.line ?? 0) - (b.evidence[0]?.line ?? 0) ||
  compare(a.phase, b.phase) ||
  compare(a.evidence[0]?.text ?? '', b.evidence[0]?.text ?? '')

const timedSignals = (
  extract: InputExtract,
  clock: InputClock,
  resolve: (entity: Entity) => Entity,
  options: TimelineOptions,
  sender: (signal: Signal, entity: Entity) => Entity | null,
): [TimedSignal, Stamp][] => {
  const timed: [TimedSignal, Stamp][] = []
  for (const signal of extract.signals) {
    const entity = resolve(signal.entity)
    const by = clock.senders === undefined ? null : sender(signal, entity)
    const off = by === null ? 0 : (clock.senders?.get(by) ?? 0)
    const at = clock.at(signal.at) + off
    const until = clock.at(signal.until) + off
    if (!Number.isFinite(at) || (options.since !== null && until < options.since) || (options.until !== null && at > options.until)) continue
    const one: TimedSignal = {
      kind: signal.kind,
      entity,
      phase: signal.phase,
      at,
      until: Math.max(at, until),
      count: signal.count,
      attributes: signal.attributes,
      evidence: signal.places.map((place) => ({ input: extract.path, line: place.line, time: iso(clock.at(place.at) + off), text: place.text })),
      input: extract.path,
    }
    timed.push([one, signal.at])
  }
  return timed
}

/** What a table tells by an age; to the second, where it is a change of a condition of the last minutes: it may have changed back and come again since. */
interface AgedSignal {
  readonly signal: TimedSignal
  readonly isFine: boolean
}

/** Ages are coarse, and so is the moment they count back from. */
const SAME_BY_AGE_MS = 5 * 60_000
const SAME_BY_FINE_AGE_MS = 30_000

/** What tables tell by ages and no other input tells with a time. */
const unknownIn = (timed: readonly TimedSignal[], byAge: readonly AgedSignal[]): readonly TimedSignal[] => {
  if (byAge.length === 0) return []
  const keyOf = ({ kind, entity, phase }: TimedSignal): string => `${kind} ${phase === 'end' ? 'end' : ''} ${entity}`
  const wanted = new Set(byAge.map(({ signal }) => keyOf(signal)))
  const known = new Map<string, TimedSignal[]>()
  for (const signal of timed) {
    const key = keyOf(signal)
    if (wanted.has(key)) addTo(known, key, signal)
  }
  const isKnown = ({ signal, isFine }: AgedSignal): boolean => {
    const slack = isFine ? SAME_BY_FINE_AGE_MS : SAME_BY_AGE_MS
    return known.get(keyOf(signal))?.some((one) => signal.at <= one.until + slack && signal.until >= one.at - slack && isSameChange(one, signal)) === true
  }
  return byAge.flatMap((one) => (isKnown(one) ? [] : [one.signal]))
}

/** The ReplicaSet that gives way and the one that comes are two changes of one workload within minutes. */
const isSameChange = (one: TimedSignal, other: TimedSignal): boolean =>
  (['replicaSet', 'to'] as const).every((name) => (one.attributes[name] ?? other.attributes[name]) === (other.attributes[name] ?? one.attributes[name]))

const timedFact = (
  fact: Exclude<Fact, { fact: 'missing' | 'collected' | 'kept-from' | 'zone' | 'clock-stepped' }>,
  clock: InputClock,
  resolve: (entity: Entity) => Entity,
): TimedFact => {
  const told = 'at' in fact && fact.at !== null ? clock.at(fact.at) : NaN
  const at = Number.isNaN(told) ? null : told
  switch (fact.fact) {
    case 'node':
      return { ...fact, node: resolve(fact.node), at }
    case 'alias':
      return { ...fact, of: resolve(fact.of), at }
    case 'input-node':
      return { ...fact, node: resolve(fact.node) }
    case 'pod-on-node':
      return { ...fact, pod: resolve(fact.pod), node: resolve(fact.node), at }
    case 'pod-owner':
      return { ...fact, pod: resolve(fact.pod), workload: resolve(fact.workload) }
    case 'pod-resources':
      return { ...fact, pod: resolve(fact.pod) }
    case 'replicas':
      return { ...fact, workload: resolve(fact.workload), at }
    case 'runs-as':
      return { ...fact, of: resolve(fact.of), by: resolve(fact.by) }
    case 'client-of':
      return { ...fact, client: resolve(fact.client), server: resolve(fact.server) }
    case 'limit':
      return { ...fact, of: resolve(fact.of) }
  }
}

const labelKey = (labels: Labels): string =>
  Object.keys(labels)
    .sort()
    .map((label) => `${label}=${labels[label]}`)
    .join(',')

/** The same series from two inputs is one: later samples of the same moment add nothing. */
const addSeries = (
  known: Map<string, TimedSeries>,
  series: InputExtract['series'][number],
  input: string,
  clock: InputClock,
  options: TimelineOptions,
): void => {
  if (series.times.length === 0) return
  const { faultline_basis: basis, ...recorded } = series.labels
  const read = basis === undefined ? (ms: number) => ms : (ms: number) => clock.at({ ms, basis: basis as 'local' }) // written by our own parsers
  const { lines, times, values } = basis === undefined && options.since === null && options.until === null ? series : within(series, read, options)
  if (times.length === 0) return
  const name = todaysName(series.name, recorded)
  const labels = todaysLabels(series.name, recorded)
  const timed: TimedSeries = {
    name,
    ...(name === series.name ? {} : { recordedAs: series.name }),
    labels,
    input,
    line: series.line,
    ...(lines === undefined ? {} : { lines }),
    times,
    values,
  }
  const key = `${name} ${labelKey(labels)}`
  const other = known.get(key)
  known.set(key, other === undefined ? timed : united(other, timed))
}

/** The samples within the window. Where there is none the columns stay what they are: they are most of what is in memory. */
const within = (series: Series, read: (ms: number) => number, { since, until }: TimelineOptions): Pick<Series, 'lines' | 'times' | 'values'> => {
  const times: number[] = []
  const values: number[] = []
  let before = 0
  for (let index = 0; index < series.times.length; index++) {
    const at = read(series.times[index] ?? NaN)
    if ((since !== null && at < since) || (until !== null && at > until)) continue
    if (times.length === 0) before = index
    times.push(at)
    values.push(series.values[index] ?? NaN)
  }
  const lines = series.lines?.map((number, index) => (index % 3 === 0 ? number - before : number))
  return { ...(lines === undefined ? {} : { lines }), times: Float64Array.from(times), values: Float64Array.from(values) }
}

/** Two samples of one series nearer than this are one. */
const SAME_SAMPLE_MS = 1_000

const united = (a: TimedSeries, b: TimedSeries): TimedSeries => {
  const [longest, shorter] = a.times.length >= b.times.length ? [a, b] : [b, a]
  const longer = { ...longest, of: [...(a.of ?? [a]), ...(b.of ?? [b])] }
  const [first, last, next] = [longer.times[0] ?? 0, longer.times.at(-1) ?? 0, shorter.times[0] ?? 0]
  // Scrapes kept as files follow each other.
  if (next > last + SAME_SAMPLE_MS) return { ...longer, times: appended(longer.times, shorter.times), values: appended(longer.values, shorter.values) }
  const step = longer.times.length > 1 ? (last - first) / (longer.times.length - 1) : 0
  const samples = Array.from(longer.times, (at, index): [number, number] => [at, longer.values[index] ?? NaN])
  // Where both cover a time, the denser one tells it; the other fills what lies outside. A single sample stands for itself.
  shorter.times.forEach((at, index) => {
    const outside = at < first - step / 2 || at > last + step / 2
    const alone = shorter.times.length === 1 && !longer.times.some((other) => Math.abs(other - at) < SAME_SAMPLE_MS)
    if (outside || alone) samples.push([at, shorter.values[index] ?? NaN])
  })
  samples.sort((x, y) => x[0] - y[0])
  return { ...longer, times: Float64Array.from(samples, (sample) => sample[0]), values: Float64Array.from(samples, (sample) => sample[1]) }
}

const appended = (a: Float64Array, b: Float64Array): Float64Array => {
  const both = new Float64Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

const describeInput = (extract: InputExtract, clock: InputClock | undefined): Input => {
  let from = Infinity
  let to = -Infinity
  for (const span of extract.spans) {
    from = Math.min(from, clock?.at({ ms: span.first, basis: span.basis }) ?? Infinity)
    to = Math.max(to, clock?.at({ ms: span.last, basis: span.basis }) ?? -Infinity)
  }
  const known = Number.isFinite(from) && Number.isFinite(to)
  return {
    path: extract.path,
    format: extract.format,
    wrapping: extract.wrapping,
    bytes: extract.bytes,
    ...(extract.sha256 === undefined ? {} : { sha256: extract.sha256 }),
    lines: extract.lines,
    records: extract.records,
    skipped: extract.skipped,
    from: known ? iso(from) : null,
    to: known ? iso(to) : null,
    clockOffsetMs: clock?.offsetMs ?? 0,
    ...(clock?.uncertaintyMs === undefined ? {} : { clockUncertaintyMs: clock.uncertaintyMs }),
    warnings: [...extract.warnings, ...(clock?.notes ?? [])],
  }
}

/** They tell since when something has been so. */
const TELLS_OF_BEFORE: ReadonlySet<string> = new Set(['kubernetes-events', 'kubernetes-objects', 'kubectl'])

const bounds = (inputs: readonly Input[], series: readonly TimedSeries[]): { from: number; to: number; watchedFrom: number } => {
  let from = Infinity
  let watchedFrom = Infinity
  let to = -Infinity
  for (const input of inputs) {
    if (input.from !== null) from = Math.min(from, Date.parse(input.from))
    if (input.to !== null) to = Math.max(to, Date.parse(input.to))
    if (input.from !== null && !TELLS_OF_BEFORE.has(input.format)) watchedFrom = Math.min(watchedFrom, Date.parse(input.from))
  }
  for (const one of series) {
    from = Math.min(from, one.times[0] ?? Infinity)
    watchedFrom = Math.min(watchedFrom, one.times[0] ?? Infinity)
    to = Math.max(to, one.times.at(-1) ?? -Infinity)
  }
  if (!Number.isFinite(from)) return { from: NaN, to: NaN, watchedFrom: NaN }
  return { from, to, watchedFrom: Number.isFinite(watchedFrom) ? watchedFrom : from }
}

const notesOf = (extracts: readonly InputExtract[], clocks: readonly InputClock[]): readonly string[] => {
  const inputsOf = new Map<string, string[]>()
  clocks.forEach((clock, index) => {
    for (const note of clock.notes) addTo(inputsOf, note, extracts[index]?.path ?? '')
  })
  return [...inputsOf].map(([note, paths]) => {
    const said = paths.length > 1 ? note.replace(/^its /u, 'their ') : note
    return paths.length > 3 ? `${paths.length} inputs (${paths[0] ?? ''} …): ${said}` : `${paths.join(', ')}: ${said}`
  })
}
