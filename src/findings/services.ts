/** Which series count what a service answers, and of which service. */
import { service, type Entity } from '../model/entity.js'
import type { Labels } from '../model/extract.js'
import { groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { TimedSeries, Timeline } from '../timeline/timeline.js'
import { asGauge, readingOf } from './measures.js'
import { rateOf, type Column } from './statistics.js'

/** AWS's load balancers count each class of status by itself, and all requests. */
export const OF_BALANCER = /^(?:HTTPCode_(?:ELB|Target|Backend)_[2-5]XX(?:_Count)?|RequestCount)$/u

export const serviceOf = (labels: Labels): Entity | null => {
  // What an exporter says of others is kept apart from what it is itself: https://prometheus.io/docs/prometheus/latest/configuration/configuration/ honor_labels
  const told = labels['exported_service'] ?? labels['ingress'] ?? labels['loadbalancer']
  const name = told ?? labels['service'] ?? labels['app'] ?? labels['handler_service'] ?? labels['job']
  if (name === undefined || name === '') return null
  const [namespace, own] = name.includes('/') ? name.split('/', 2) : [labels['exported_namespace'] ?? labels['namespace'] ?? '-', name]
  return service(namespace ?? '-', own ?? name)
}

/** The API server and other components count their requests too; what they refuse is their daily work. */
export const COMPONENT = /^(?:apiserver|rest_client|prometheus|scheduler|workqueue|etcd|grpc|go|promhttp|net_conntrack|coredns|kubelet)_/u
export const isComponent = (series: TimedSeries): boolean => COMPONENT.test(readingOf(series).metric)

/** ingress-nginx and Envoy leave the '_total' of their counters out. */
export const REQUESTS = /(?:^|_)(?:(?:requests?|responses?)(?:_total)?|upstream_rq)$/u

/** What counts the requests of a service: what a program counts of itself and the lines that it wrote of some of it are not to be added up. */
export const requestsByService = once((timeline: Timeline): ReadonlyMap<Entity, readonly TimedSeries[]> => {
  const requests = timeline.series.filter(
    (series) =>
      (REQUESTS.test(readingOf(series).metric) || series.name === 'faultline_http_requests' || OF_BALANCER.test(series.name)) &&
      !isComponent(series) &&
      !readingOf(series).ratio,
  )
  return new Map(
    [...groupBy(requests, (series) => serviceOf(series.labels))].map(([entity, all]) => {
      const itsOwn = all.filter(({ name }) => !name.startsWith('faultline_'))
      return [entity, itsOwn.length > 0 ? itsOwn : all]
    }),
  )
})

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
