/** Whose requests are counted, and how many a second. */
import type { Entity } from '../model/entity.js'
import { groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { TimedSeries, Timeline } from '../timeline/timeline.js'
import { asGauge, readingOf } from './measures.js'
import { countsRequests, hasStatus, isAskedOfOthers, isComponents, OF_BALANCER, serviceOf } from '../model/request-metrics.js'
import { rateOf, type Column } from './statistics.js'

export const isComponent = (series: TimedSeries): boolean => isComponents(readingOf(series).metric, series.labels)

const requests = once(({ series }: Timeline): readonly TimedSeries[] =>
  series.filter((one) => {
    const { metric, ratio } = readingOf(one)
    return (countsRequests(metric) || one.name === 'faultline_http_requests' || OF_BALANCER.test(one.name)) && !isComponent(one) && !ratio
  }),
)
const isAsked = (series: TimedSeries): boolean => isAskedOfOthers(readingOf(series).metric, series.labels)

/** A counter that says how requests came out tells more than one that does not, and both are of the same requests. */
const withStatus = (all: readonly TimedSeries[]): readonly TimedSeries[] => {
  const said = new Set(all.flatMap(({ name, labels }) => (hasStatus(labels) ? [name] : [])))
  return said.size === 0 || all.some(({ name }) => OF_BALANCER.test(name)) ? all : all.filter(({ name }) => said.has(name))
}

/** What counts the requests of a service: what a program counts of itself, of what it asks of others, and the lines that it wrote of some of it are not to be added up. */
export const requestsByService = once(
  (timeline: Timeline): ReadonlyMap<Entity, readonly TimedSeries[]> =>
    new Map(
      [...groupBy(requests(timeline), (series) => serviceOf(series.labels))].map(([entity, all]) => {
        const counted = all.filter(({ name }) => !name.startsWith('faultline_'))
        const answered = counted.filter((series) => !isAsked(series))
        return [entity, withStatus(answered.length > 0 ? answered : counted.length > 0 ? counted : all)]
      }),
    ),
)

/** What it counts of its requests to others, where it counts those that it answers, too. */
export const requestsToOthers = once(
  (timeline: Timeline): ReadonlyMap<Entity, readonly TimedSeries[]> =>
    new Map(
      [...groupBy(requests(timeline), (series) => serviceOf(series.labels))].flatMap(([entity, all]) => {
        const asked = all.filter(isAsked)
        return asked.length === 0 || asked.length === all.length ? [] : [[entity, withStatus(asked)] as const]
      }),
    ),
)

/** Our own counts from logs are already per bin. */
export const perSecond = (series: TimedSeries): Column => {
  if (series.name.startsWith('faultline_') || OF_BALANCER.test(series.name)) return series
  const reading = readingOf(series)
  return reading.form === 'gauge' && isCounter(series) ? rateOf(series) : asGauge(series, reading)
}

/** What only ever rises, but for a restart or two. */
const isCounter = ({ values }: Column): boolean => {
  let falls = 0
  for (let index = 1; index < values.length; index++) if ((values[index] ?? 0) < (values[index - 1] ?? 0)) falls++
  return values.length > 2 && falls <= 2 + values.length / 200
}

/** So many samples without trouble show that there was none. */
export const LEAST_CALM = 3
