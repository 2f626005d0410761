/** A finding on the common clock, before it is written into the analysis. */
import type { Evidence } from '../model/analysis.js'
import type { Entity } from '../model/entity.js'
import type { Attributes } from '../model/extract.js'
import { groupBy } from '../model/lists.js'
import type { AnyKind, FindingKind, Role } from '../model/vocabulary.js'
import type { Recorded } from '../timeline/timed.js'
import { compare, iso, type TimedSeries, type TimedSignal, type Timeline } from '../timeline/timeline.js'
import { duration } from './words.js'

/** Events and many logs have whole seconds: what is stamped 12.000 may have been later than another log's 12.900. */
export const WHOLE_SECOND_MS = 1_000

export interface Found {
  readonly kind: AnyKind
  /** Of a kind of somebody's own, which the vocabulary does not know; and where it is another than its kind's: a change that is taken back answers to something. */
  readonly role?: Role
  readonly entity: Entity
  /** Onset, milliseconds since the epoch. */
  readonly start: number
  /** null: still so when the data ends. */
  readonly end: number | null
  /** That this happened, 0..1. */
  readonly confidence: number
  readonly summary: string
  readonly evidence: readonly Evidence[]
  readonly attributes: Attributes
  /** The onset may lie this much earlier than the data shows it (a scrape interval, a time-out), milliseconds. */
  readonly slackMs: number
  /** How often or how far: more is worse, comparable within one kind only. */
  readonly dose: number
}

/** A rule that finds something wrong in a timeline; it sees what the detectors before it found. */
export interface Detector {
  readonly id: string
  readonly finds: readonly FindingKind[]
  detect(timeline: Timeline, found: readonly Found[]): readonly Found[]
}

const EVIDENCE_KEPT = 6

/** The first of every input, then the rest, by time: what a person would want to see first. */
export const chooseEvidence = (evidence: readonly Evidence[]): readonly Evidence[] => {
  const distinct = new Map<string, Evidence>()
  for (const one of [...evidence].sort(byTimeAndPlace)) {
    const key = `${one.input}\n${one.line ?? ''}\n${one.text}`
    if (!distinct.has(key)) distinct.set(key, one)
  }
  const all = [...distinct.values()]
  const firsts = new Map<string, Evidence>()
  for (const one of all) if (!firsts.has(one.input)) firsts.set(one.input, one)
  const last = all.at(-1)
  const chosen = new Set([...firsts.values(), ...(last === undefined ? [] : [last]), ...all].slice(0, EVIDENCE_KEPT))
  return [...chosen].sort(byTimeAndPlace)
}

const byTimeAndPlace = (a: Evidence, b: Evidence): number =>
  compare(a.time, b.time) || compare(a.input, b.input) || (a.line ?? 0) - (b.line ?? 0) || compare(a.text, b.text)

export const evidenceOf = (signals: readonly TimedSignal[]): readonly Evidence[] => signals.flatMap((signal) => signal.evidence)

/** A sample as evidence: the series as Prometheus writes it, and its value in words. */
export const sampleEvidence = (series: TimedSeries, at: number, value: string): Evidence => ({
  ...placeOf(series, at),
  time: iso(at),
  text: `${seriesText(series)} ${value}`,
})

/** Of several series of one thing the one with the most samples, to be cited: a scrape kept as a file has the same with one. */
export const fullest = (group: readonly TimedSeries[]): TimedSeries | undefined =>
  group.reduce<TimedSeries | undefined>((most, one) => (most === undefined || one.times.length > most.times.length ? one : most), undefined)

/** Where the sample of that time stands, or the last one before it; of several inputs the one that has it. */
const placeOf = ({ of, ...series }: TimedSeries, at: number): Pick<Evidence, 'input' | 'line'> => {
  const { input, line, lines, times }: Recorded = of?.find((one) => one.times[lastUntil(one.times, at)] === at) ?? series
  if (lines === undefined) return { input, line }
  const place = Math.max(0, lastUntil(times, at))
  let run = lines.length - 3
  while (run > 0 && (lines[run] ?? 0) > place) run -= 3
  const [from = 0, first = line ?? 0, step = 1] = lines.slice(run)
  return { input, line: first + step * (place - from) }
}

/** The place of the last sample at that time or before it, -1 where there is none. */
const lastUntil = (times: Float64Array, at: number): number => {
  let [from, to] = [0, times.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((times[middle] ?? NaN) <= at) from = middle + 1
    else to = middle
  }
  return from - 1
}

const seriesText = (series: TimedSeries): string => {
  const labels = Object.entries(series.labels)
    .sort(([a], [b]) => compare(a, b))
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')
  const name = series.recordedAs ?? series.name
  const text = labels === '' ? name : `${name}{${labels}}`
  return text.length > 240 ? `${text.slice(0, 239)}…` : text
}

export const byStart = (a: Found, b: Found): number => a.start - b.start || compare(a.kind, b.kind) || compare(a.entity, b.entity)

export const overlaps = (a: { start: number; end: number | null }, b: { start: number; end: number | null }, gapMs = 0): boolean =>
  a.start <= (b.end ?? Infinity) + gapMs && b.start <= (a.end ?? Infinity) + gapMs

/** Findings of one kind on one entity that overlap are one finding with more evidence and, from several inputs, more confidence. */
export const mergeSame = (
  found: readonly Found[],
  gapMs: (kind: AnyKind, reason: unknown) => number,
  aspect: (kind: AnyKind, attributes: Attributes) => string,
): readonly Found[] => {
  const merged: Found[] = []
  for (const same of groupBy(found, (one) => `${one.kind} ${one.entity} ${aspect(one.kind, one.attributes)}`).values()) {
    let open: Found | null = null
    for (const next of same.toSorted(byStart)) {
      if (open !== null && overlaps(open, next, hasStarted(open) ? 0 : gapMs(next.kind, next.attributes['reason']))) open = join(open, next)
      else {
        if (open !== null) merged.push(open)
        open = next
      }
    }
    if (open !== null) merged.push(open)
  }
  return merged.sort(byStart)
}

/** A pod that became ready after its start is through with it: what keeps it from serving later is another matter, however soon it comes. */
export const hasStarted = ({ kind, end, attributes }: Found): boolean => kind === 'pod.unready' && end !== null && attributes['reason'] === 'starting'

/** How long the surer of two says that it lasted, told of both together: one stretch grew, or there were several with something between them. */
const retold = ({ summary, start, end }: Found, from: number, to: number | null): string => {
  if (end === null || (to !== null && to - from === end - start)) return summary
  const once = ` for ${duration(end - start)}`
  const several = ` on and off over ${duration(end - start)}`
  const told = summary.includes(several) ? several : once
  if (to === null) return summary.replace(told, '')
  if (told !== several && to - from <= 2 * (end - start)) return summary.replace(told, ` for ${duration(to - from)}`)
  return summary.replace(told, ` on and off over ${duration(to - from)}`).replace(/, in \d+ stretches/u, '')
}

/** A node at its own quota: the machine's processors may be idle then. */
export const isAtQuota = ({ kind, attributes }: Pick<Found, 'kind' | 'attributes'>): boolean =>
  kind === 'node.cpu-saturated' && attributes['reason'] === 'quota'

/** What was logged more often tells more of it. */
const COUNTED: ReadonlySet<string> = new Set<FindingKind>(['app.errors', 'service.errors'])

/** Two findings of one kind and entity as one: from the first's start to the later end. */
export const join = (a: Found, b: Found): Found => {
  const sources = new Set(a.evidence.map((one) => one.input))
  const independent = b.evidence.some((one) => !sources.has(one.input))
  const surer = b.confidence > a.confidence || (COUNTED.has(b.kind) && b.confidence === a.confidence && b.dose > a.dose) ? b : a
  const end = a.end === null || b.end === null ? null : Math.max(a.end, b.end)
  return {
    ...a,
    end,
    confidence: Math.min(0.99, independent ? 1 - (1 - a.confidence) * (1 - b.confidence) : Math.max(a.confidence, b.confidence)),
    summary: retold(surer, a.start, end),
    evidence: chooseEvidence([...a.evidence, ...b.evidence]),
    attributes: COUNTED.has(a.kind) && surer === b ? { ...a.attributes, ...b.attributes } : { ...b.attributes, ...a.attributes },
    slackMs: a.slackMs,
    dose: Math.max(a.dose, b.dose),
  }
}
