/** Timelines written tersely: signals, series and facts in seconds after T0, on their way through an InputExtract as in a real run. */
import { findWrong } from '../src/findings/find.js'
import type { Found } from '../src/findings/finding.js'
import type { Entity } from '../src/model/entity.js'
import type { Attributes, Basis, Fact, InputExtract, Labels, Phase, Series, Signal, SignalKind, Silence, Span, Stamp } from '../src/model/extract.js'
import type { FindingKind } from '../src/model/vocabulary.js'
import { buildTimeline, type Timeline, type TimelineOptions } from '../src/timeline/timeline.js'

/** Second 0 of all tests. */
export const T0 = Date.parse('2026-03-04T10:00:00Z')

export const MINUTE = 60
export const HOUR = 3600

export const at = (seconds: number, basis: Basis = 'utc'): Stamp => ({ ms: T0 + seconds * 1000, basis })

interface SignalOptions {
  readonly phase?: Phase
  readonly until?: number
  readonly count?: number
  readonly text?: string
  readonly basis?: Basis
}

let line = 0

export const signal = (kind: SignalKind, entity: Entity, seconds: number, attributes: Attributes = {}, options: SignalOptions = {}): Signal => {
  const { phase = 'point', until = seconds, count = 1, basis = 'utc' } = options
  const stamp = at(seconds, basis)
  return {
    kind,
    entity,
    phase,
    at: stamp,
    until: at(until, basis),
    count,
    attributes,
    places: [{ line: ++line, at: stamp, text: options.text ?? `${kind} of ${entity}` }],
  }
}

/** A condition that begins and, where `to` is given, ends. */
export const condition = (kind: SignalKind, entity: Entity, from: number, to: number | null, attributes: Attributes = {}): readonly Signal[] => [
  signal(kind, entity, from, attributes, { phase: 'begin' }),
  ...(to === null ? [] : [signal(kind, entity, to, {}, { phase: 'end' })]),
]

export interface Pace {
  readonly from?: number
  readonly to?: number
  readonly step?: number
}

/** A series whose value is a function of the second; a second for which it is null has no sample. */
export const series = (name: string, labels: Labels, value: (second: number) => number | null, { from = 0, to = HOUR, step = 15 }: Pace = {}): Series => {
  const times: number[] = []
  const values: number[] = []
  for (let second = from; second <= to; second += step) {
    const one = value(second)
    if (one === null) continue
    times.push(T0 + second * 1000)
    values.push(one)
  }
  return { name, labels, line: null, times: Float64Array.from(times), values: Float64Array.from(values) }
}

/** The sum of a rate per second: what a counter shows. */
export const counting = (rate: (second: number) => number, step = 15): ((second: number) => number) => {
  const sums = new Map<number, number>()
  return (second) => {
    const sum = (sums.get(second - step) ?? 0) + rate(second) * step
    sums.set(second, sum)
    return sum
  }
}

export interface InputParts {
  readonly format?: string
  readonly signals?: readonly (Signal | readonly Signal[])[]
  readonly series?: readonly Series[]
  readonly facts?: readonly Fact[]
  readonly spans?: readonly Span[]
  readonly silences?: readonly Silence[]
  readonly yearHint?: number
  readonly changedMs?: number
}

export const input = (path: string, parts: InputParts): InputExtract => {
  const signals = (parts.signals ?? []).flat()
  return {
    path,
    format: parts.format ?? 'text',
    wrapping: [],
    bytes: 0,
    lines: signals.length,
    records: signals.length,
    skipped: 0,
    warnings: [],
    spans: parts.spans ?? spansOf(signals),
    silences: parts.silences ?? [],
    yearHint: parts.yearHint ?? null,
    changedMs: parts.changedMs ?? null,
    signals,
    series: parts.series ?? [],
    facts: parts.facts ?? [],
  }
}

const spansOf = (signals: readonly Signal[]): readonly Span[] => {
  const spans = new Map<Basis, { basis: Basis; first: number; last: number }>()
  for (const { at, until } of signals) {
    const span = spans.get(at.basis) ?? { basis: at.basis, first: at.ms, last: until.ms }
    spans.set(at.basis, { basis: at.basis, first: Math.min(span.first, at.ms), last: Math.max(span.last, until.ms) })
  }
  return [...spans.values()]
}

const PLAIN: TimelineOptions = { zones: [], year: null, since: null, until: null }

export const timelineOf = (inputs: readonly InputExtract[], options: Partial<TimelineOptions> = {}): Timeline => buildTimeline(inputs, { ...PLAIN, ...options })

/** One input that says all this. */
export const timeline = (parts: InputParts): Timeline => timelineOf([input('dump/all.log', parts)])

/** A finding as a detector would give it. */
export const found = (
  kind: FindingKind,
  entity: Entity,
  start: number,
  more: Partial<Omit<Found, 'kind' | 'entity' | 'start'>> & { readonly endSecond?: number } = {},
): Found => {
  const { endSecond, ...rest } = more
  return {
    kind,
    entity,
    start: T0 + start * 1000,
    end: endSecond === undefined ? null : T0 + endSecond * 1000,
    confidence: 0.95,
    summary: `${kind} of ${entity}`,
    evidence: [{ input: 'dump/all.log', line: 1, time: new Date(T0 + start * 1000).toISOString(), text: `${kind} of ${entity}` }],
    attributes: {},
    slackMs: 0,
    dose: 1,
    ...rest,
  }
}

/** What the detectors find of one kind; times in seconds after T0. */
export const findings = (
  kind: FindingKind,
  parts: InputParts,
): readonly { entity: Entity; start: number; end: number | null; confidence: number; found: Found }[] =>
  findWrong(timeline(parts))
    .filter((one) => one.kind === kind)
    .map((one) => ({
      entity: one.entity,
      start: (one.start - T0) / 1000,
      end: one.end === null ? null : (one.end - T0) / 1000,
      confidence: one.confidence,
      found: one,
    }))
