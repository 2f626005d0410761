/** service.errors from what services count about themselves, and from access logs: against their own usual level. */
import { namespaceOf, pod, shortName, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSeries, Timeline } from '../../timeline/timeline.js'
import { failingBackend } from '../backends.js'
import { fullest, overlaps, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind, signalsOf } from '../lookup.js'
import { secondsOf } from '../expression/read.js'
import { requestsFailed } from '../expression/shares.js'
import { formOf, inShares, labelsOf, rest, undone } from '../measures.js'
import { CALM_BEFORE_STOP_MS, stopsAgain } from '../restarts.js'
import { askedIn, countsRequests, isComponents, isFailed, OF_BALANCER, serviceOf } from '../../model/request-metrics.js'
import { LEAST_CALM, perSecond, requestsByService, requestsToOthers } from '../services.js'
import { between, higher, median, stepOf, stretches, sumOf, valueAt, type Column } from '../statistics.js'
import { called, opening, percent } from '../words.js'

export const serviceMetrics: Detector = {
  id: 'service-metrics',
  finds: ['service.errors', 'app.errors'],
  detect: (timeline, found) => [...failing(timeline, found).map((one) => withReason(one, timeline, found)), ...failedByOthers(timeline, found)],
}

/** What a program asked of others and did not get, where its log says nothing of that. */
const failedByOthers = (timeline: Timeline, found: readonly Found[]): readonly Found[] =>
  [...requestsToOthers(timeline)].flatMap(([entity, group]) =>
    ofGroup(entity, group, timeline, found).flatMap((failed): Found[] => {
      if (ofSameName('app.errors', entity, found, timeline).some((logged) => overlaps(logged, failed, LOGGED_MS))) return []
      const targets = new Set(group.filter((series) => isError(series) && countIn(series, failed) > 0).map(({ labels }) => askedIn(labels)))
      const [target] = targets
      const whom = targets.size === 1 && target !== undefined && target !== null ? target : 'others'
      const share = percent(failed.dose)
      return [
        {
          ...failed,
          kind: 'app.errors',
          summary: `${opening(entity)} failed up to ${share} of the requests that it makes to ${whom}.`,
          attributes: { ...(failed.attributes['matter'] === undefined ? {} : { matter: failed.attributes['matter'] }), reason: 'upstream-error' },
        },
      ]
    }),
  )

/** A count says that requests failed; what the same program logged meanwhile says of what. */
const LOGGED_MS = 15_000
const together = (logged: Found, { start, end }: Found): number =>
  Math.min(logged.end ?? Number.MAX_SAFE_INTEGER, end ?? Number.MAX_SAFE_INTEGER) - Math.max(logged.start, start)
const withReason = (one: Found, timeline: Timeline, found: readonly Found[]): Found => {
  const name = shortName(one.entity)
  const isMeanwhile = (logged: Found): boolean => overlaps(logged, one, LOGGED_MS)
  const meanwhile = ofKind(found, 'app.errors').filter(isMeanwhile)
  const own = ofSameName('app.errors', one.entity, found, timeline).filter(isMeanwhile)
  // The server's log names whom it refused. A database's user has '_' where the program has '-'.
  const user = name.replaceAll('-', '_')
  const refused = meanwhile.filter(({ attributes }) => attributes['refused'] === user || attributes['refused'] === name)
  const told = [
    ...own.flatMap((logged) => (logged.attributes['reason'] === undefined ? [] : [{ why: logged.attributes['reason'], ms: together(logged, one) }])),
    ...refused.map((logged) => ({ why: 'postgres-login', ms: together(logged, one) })),
  ]
  // What a program said for a moment is not what its requests failed with all the while.
  const most = Math.max(0, ...told.map(({ ms }) => ms))
  const reasons = new Set(told.filter(({ ms }) => ms >= most / 2).map(({ why }) => why))
  const [reason] = reasons
  return reasons.size !== 1 || reason === undefined || one.attributes['reason'] !== undefined ? one : { ...one, attributes: { ...one.attributes, reason } }
}

const GAP_MS = 60_000
/** Of all requests: below this, errors are the noise of a working day. */
const FAILING_SHARE = 0.05
const MOST = 0.5
const isError = ({ name, labels }: TimedSeries): boolean => (OF_BALANCER.test(name) ? name.includes('_5XX') : isFailed(labels))

const ofGroup = (entity: Entity, group: readonly TimedSeries[], timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const errors = group.filter((series) => isError(series))
  const source = fullest(errors)
  // Without the others nobody knows how many of all these are.
  if (source === undefined || (OF_BALANCER.test(source.name) && errors.length === group.length)) return []
  const share = shareOf(sumOf(errors.map(perSecond)), sumOf(group.map(perSecond)))
  return failures(entity, source, group, share, timeline, found)
}

const failing = (timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const groups = requestsByService(timeline)
  return [
    ...[...groups].flatMap(([entity, group]) => ofGroup(entity, group, timeline, found)),
    ...failingShares(timeline).flatMap(({ entity, source, share }) => (groups.has(entity) ? [] : failures(entity, source, [], share, timeline, found))),
  ]
}

/** What somebody's expression says of a service whose requests nobody else counts: failed ones over all, or 1 less those that did not fail. */
const failingShares = (timeline: Timeline): readonly { readonly entity: Entity; readonly source: TimedSeries; readonly share: Column }[] => {
  const read = timeline.series.flatMap((source) => {
    const form = formOf(source)
    const shown = form === null ? null : requestsFailed(form, (metric) => countsRequests(metric) && !isComponents(metric, source.labels))
    const entity = shown === null ? null : serviceOf(labelsOf(source))
    const share = shown === null ? null : inShares(undone(source, shown))
    return shown === null || entity === null || share === null ? [] : [{ entity, source, share: shown.failed ? share : rest(share) }]
  })
  return [...groupBy(read, ({ entity }) => entity).values()].flatMap(([first]) => (first === undefined ? [] : [first]))
}

/**
 * Where the program's log begins to say something else, after a pause, and where a server is stopped once more after none of the requests failed any longer: two
 * troubles, though the failed requests of both are near to each other.
 */
const byMatter = (entity: Entity, share: Column, timeline: Timeline, found: readonly Found[]): readonly Column[] => {
  const own = ofSameName('app.errors', entity, found, timeline).filter(({ attributes }) => attributes['matter'] !== undefined)
  const stops = stopsAgain(timeline).flatMap(({ at }) => (isCalm(share, at - CALM_BEFORE_STOP_MS, at) ? at : []))
  const logged = own.map(({ start }) => start - BEFORE_LOGGED_MS).filter((at) => !stops.some((stop) => Math.abs(stop - at) <= 2 * BEFORE_LOGGED_MS))
  const cuts = [...stops, ...logged].sort((a, b) => a - b)
  return [-Infinity, ...cuts].map((from, index) => between(share, from, cuts[index] ?? Infinity))
}
const BEFORE_LOGGED_MS = 5_000

/** What is found of the program that goes by the same name: its log's errors, alerts about it. */
const ofSameName = (kind: 'app.errors' | 'alert.fired', entity: Entity, found: readonly Found[], { topology }: Timeline): readonly Found[] =>
  ofKind(found, kind).filter((one) => {
    const by = topology.workloadOf(one.entity) ?? one.entity
    const namespaces = new Set([namespaceOf(by), namespaceOf(entity), '-'])
    return shortName(by) === shortName(entity) && namespaces.size <= 2
  })

/** It was looked at, there were requests, and none of them failed. */
const isCalm = (share: Column, from: number, to: number): boolean => {
  const { values } = between(share, from, to)
  return values.length >= LEAST_CALM && values.every((value) => value === 0)
}

const failures = (
  entity: Entity,
  source: TimedSeries,
  group: readonly TimedSeries[],
  share: Column,
  timeline: Timeline,
  found: readonly Found[],
): readonly Found[] => {
  const usual = usualShare(share)
  return byMatter(entity, share, timeline, found)
    .flatMap((part, matter) => failuresIn(entity, source, part, usual, matter, timeline))
    .map((failed) => untilLast(failed, source, stepOf(share.times), timeline, found))
    .map((failed) => withItsPod(failed, group))
    .map((failed) => (isNoticed(failed, timeline, found) ? { ...failed, attributes: { ...failed.attributes, noticed: 'yes' } } : failed))
}

/** The median; but where requests fail all the time from some moment on, and none of them did before, however short that was, none is what was usual. */
const usualShare = ({ values }: Column): number => {
  const shares = [...values].filter((value) => !Number.isNaN(value))
  const [calm, last] = [shares.findIndex((value) => value > 0), shares.findLastIndex((value) => value > 0)]
  const failing = shares.slice(calm, last + 1)
  const began = calm >= LEAST_CALM_BEFORE && failing.filter((value) => value > 0).length >= ALL_THE_TIME * failing.length
  return began ? 0 : median(Float64Array.from(shares))
}
const LEAST_CALM_BEFORE = 5
const ALL_THE_TIME = 0.9

/** More than none, while that went on. */
const countIn = (series: TimedSeries, { start, end }: Found): number =>
  between(perSecond(series), start, end ?? Infinity).values.reduce((all, value) => all + (value || 0), 0)

/** Where each pod counts for itself, and one of several fails all that fails: what ails it is its own, or its node's. */
const withItsPod = (failed: Found, group: readonly TimedSeries[]): Found => {
  const sum = (series: readonly TimedSeries[]): number => series.reduce((all, one) => all + countIn(one, failed), 0)
  const asked = [...groupBy(group, ({ labels }) => labels['pod'] ?? null)].filter(([, series]) => sum(series) > 0)
  const failing = asked.filter(([, series]) => sum(series.filter((one) => isError(one))) > 0)
  const [only] = failing
  const isAll = group.every(({ labels }) => labels['pod'] !== undefined)
  if (only === undefined || failing.length > 1 || asked.length < 2 || !isAll) return failed
  const itself = pod(only[1][0]?.labels['namespace'] ?? namespaceOf(failed.entity), only[0])
  return {
    ...failed,
    summary: failed.summary.replace(/\.$/u, `, all of them at ${called(itself)}, one of ${asked.length} that were asked.`),
    attributes: { ...failed.attributes, pod: only[0] },
  }
}

/** A rate over 20 s shows the last failed request for 20 s: it was over so much sooner, or when the program's own log tells of the last one. */
const untilLast = (failed: Found, { name }: TimedSeries, step: number, timeline: Timeline, found: readonly Found[]): Found => {
  const { entity, start, end } = failed
  const window = windowOf(name)
  if (end === null || window === null) return failed
  const least = Math.max(start + step, end - window)
  const logged = ofSameName('app.errors', entity, found, timeline)
    .filter((one) => overlaps(one, failed, LOGGED_MS))
    .flatMap((one) => one.end ?? Infinity)
  return { ...failed, end: Math.min(end, Math.max(least, ...logged)) }
}

/** Of what is asked for as rate(requests[20s]), milliseconds; null where several are asked for, or one that is not known. */
const windowOf = (name: string): number | null => {
  const [window, ...others] = new Set([...name.matchAll(/\[([^\]]{0,30})\]/gu)].map(([, range]) => secondsOf(range ?? '') * 1000))
  return window === undefined || others.length > 0 || !(window > 0) ? null : window
}

/** Of fewer requests than most, an alert says that they are too many; the program's own log says what they failed with, from their first to their last. */
const isNoticed = ({ entity, start, end }: Found, timeline: Timeline, found: readonly Found[]): boolean => {
  const isWithin = (one: Found): boolean => one.start >= start - NOTICED_MS && one.start <= (end ?? Infinity)
  const isLogged = ofSameName('app.errors', entity, found, timeline).some(
    (one) => isWithin(one) && one.start <= start + NOTICED_MS && Math.abs((one.end ?? Infinity) - (end ?? Infinity)) <= NOTICED_MS,
  )
  return isLogged && ofSameName('alert.fired', entity, found, timeline).some(isWithin)
}
const NOTICED_MS = 30_000

const failuresIn = (entity: Entity, source: TimedSeries, share: Column, usual: number, matter: number, timeline: Timeline): readonly Found[] => {
  const step = stepOf(share.times)
  return stretches(share, (value) => value >= FAILING_SHARE && value >= usual * 4, Math.max(GAP_MS, 3 * step), higher)
    .filter((stretch) => stretch.samples >= 2)
    .map((stretch): Found => ({
      kind: 'service.errors',
      entity,
      start: source.name.startsWith('faultline_') ? firstIn(entity, stretch.start, step, timeline) : stretch.start,
      end: stretch.end,
      confidence: 0.9,
      summary: `${opening(entity)} failed up to ${percent(stretch.peak)} of its requests (usually ${percent(usual)}).`,
      evidence: [
        sampleEvidence(source, stretch.start, `→ ${percent(valueAt(share, stretch.start))} of requests failed`),
        sampleEvidence(source, stretch.peakAt, `→ ${percent(stretch.peak)} of requests failed, the most`),
      ],
      attributes: {
        ...failingBackend(entity, stretch.start, stretch.end ?? timeline.to, timeline),
        ...(stretch.peak >= MOST ? { failed: 'most' } : {}),
        ...(matter === 0 ? {} : { matter }),
      },
      slackMs: Math.max(step, 5_000),
      dose: stretch.peak,
    }))
}

/** A count is that of the time from its stamp on: the first failure was somewhere in it, and a log tells where. */
const firstIn = (entity: Entity, start: number, step: number, timeline: Timeline): number =>
  signalsOf(timeline, entity).find(({ kind, at }) => kind === 'http.error' && at >= start && at < start + step)?.at ?? start + step

/** At every time of either: an hour without an error has its share too, or the usual level would be that of the bad times. */
const shareOf = (bad: Column, total: Column): Column => {
  const times = Float64Array.from(new Set([...total.times, ...bad.times])).sort()
  const [first = Infinity] = bad.times
  const over = (bad.times.at(-1) ?? -Infinity) + 3 * stepOf(bad.times)
  return {
    times,
    values: Float64Array.from(times, (at) => {
      const value = at < first || at > over ? 0 : valueAt(bad, at)
      const asked = valueAt(total, at)
      // Between two requests of a program that makes few there is no share of them.
      return value === 0 ? (asked === 0 ? NaN : 0) : value / Math.max(value, asked)
    }),
  }
}
