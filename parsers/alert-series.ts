/**
 * Alerts in metrics: Prometheus keeps a series ALERTS{alertname, alertstate="pending|firing", …} at 1 while an alert is active, and
 * ALERTS_FOR_STATE with the time it became active (seconds since the epoch) as its value.
 * https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/
 */
import { external, node, pod, service, target, workload, type Entity } from '../src/model/entity.js'
import type { Labels } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { utc } from '../src/read/stamps.js'

/** Alerts that fire to show that alerting works, or to mute others: they tell nobody of anything. */
const TELL_NOTHING: ReadonlySet<string> = new Set(['Watchdog', 'DeadMansSwitch', 'DeadMansSnitch', 'DeadManSwitch', 'InfoInhibitor'])

export const tellsNothing = (labels: Labels): boolean => TELL_NOTHING.has(labels['alertname'] ?? '') || labels['severity'] === 'none'

/** Jobs whose pod and service labels say where the exporter runs, not what the alert is about. */
const NODE_JOBS = /^(?:node|node[-_]?exporter|kubernetes-nodes|kubelet|cadvisor|windows[-_]?exporter)$/iu
const STATE_METRICS = /kube-?state-?metrics/iu

/** What an alert is about, from its labels: the nearest thing that they name. */
export const alertEntity = (labels: Labels): Entity => {
  const of = (name: string): string | null => labels[name] || null
  const namespace = of('namespace') ?? of('exported_namespace') ?? '-'
  const job = of('job')
  const instance = of('instance')
  const nodeName = of('node') ?? of('exported_node') ?? of('nodename')
  const ofState = STATE_METRICS.test(job ?? '')
  const ofNode = job !== null && NODE_JOBS.test(job)
  const onNode = ofNode && !/kubelet|cadvisor/iu.test(job) // the pods of cAdvisor's and kubelet's metrics are what they measure
  const podName = of('exported_pod') ?? of('pod') ?? of('pod_name')
  if (podName !== null && !onNode && !(ofState && STATE_METRICS.test(podName))) return pod(namespace, podName)
  const owner = of('deployment') ?? of('statefulset') ?? of('daemonset') ?? of('job_name') ?? of('workload')
  if (owner !== null) return workload(namespace, owner)
  if (nodeName !== null && (ofNode || ofState)) return node(nodeName)
  const serviceName = of('exported_service') ?? of('service')
  if (serviceName !== null && !onNode && !(ofState && STATE_METRICS.test(serviceName))) return service(namespace, serviceName)
  if (instance !== null && ofNode && !instance.includes(':')) return node(instance)
  if (job !== null && instance !== null && !ofState) return target(job, instance)
  if (nodeName !== null) return node(nodeName)
  if (instance !== null && !ofState) return target(job ?? '-', instance)
  const app = of('app') ?? of('application')
  if (app !== null) return service(namespace, app)
  const host = of('host') ?? of('hostname')
  return host === null ? 'cluster' : external(host)
}

/** Labels that name the Prometheus which said it, not what it said. */
const SAYERS: ReadonlySet<string> = new Set(['__name__', 'alertstate', 'prometheus', 'prometheus_replica', 'replica'])

export const alertAttributes = (labels: Labels): Record<string, string> =>
  Object.fromEntries(Object.entries(labels).filter(([label, value]) => !SAYERS.has(label) && value !== ''))

/** One text for one alert, however its labels are ordered and whoever says it. */
export const alertKey = (labels: Labels): string => JSON.stringify(Object.entries(alertAttributes(labels)).sort(([a], [b]) => (a < b ? -1 : 1)))

export const alertText = (labels: Labels): string =>
  Object.entries(labels)
    .filter(([label]) => label !== '__name__')
    .map(([label, value]) => `${label}="${value}"`)
    .join(' ')

interface Sample {
  readonly ms: number
  readonly value: number
  readonly line: number | null
}

interface Alert {
  readonly labels: Labels
  readonly firing: Sample[]
  readonly pending: Sample[]
  /** Times of activation that ALERTS_FOR_STATE tells. */
  readonly activeAt: Set<number>
}

export interface AlertSeries {
  /** Takes the samples of one ALERTS or ALERTS_FOR_STATE series; null where the series is another one. */
  of(name: string, labels: Labels): ((ms: number, value: number) => void) | null
  /** Says when each alert fired. `first` and `last` are the times of the input's first and last sample of any series. */
  end(first: number, last: number): void
}

/** An alert whose samples stop for longer than this many sampling intervals has ended. */
const GAP_INTERVALS = 3

export const alertSeries = (sink: Sink, line: () => number | null): AlertSeries => {
  const alerts = new Map<string, Alert>()
  const steps: number[] = []
  return {
    of(name, labels) {
      if (name !== 'ALERTS' && name !== 'ALERTS_FOR_STATE') return null
      const key = alertKey(labels)
      let alert = alerts.get(key)
      if (alert === undefined) alerts.set(key, (alert = { labels, firing: [], pending: [], activeAt: new Set() }))
      const { firing, pending, activeAt } = alert
      if (name === 'ALERTS_FOR_STATE') {
        return (_, value) => {
          if (value > 0) activeAt.add(value * 1000)
        }
      }
      const samples = labels['alertstate'] === 'firing' ? firing : pending
      return (ms, value) => samples.push({ ms, value, line: line() })
    },
    end(first, last) {
      const all = [...alerts.values()]
      for (const alert of all) {
        alert.firing.sort(byTime)
        alert.pending.sort(byTime)
        steps.push(...[alert.firing, alert.pending].map(interval).filter(Number.isFinite))
      }
      const usual = steps.sort((a, b) => a - b)[0] ?? Infinity
      for (const alert of all) {
        if (alert.firing.length > 0 && !tellsNothing(alert.labels)) say(sink, alert, usual, first, last)
      }
    },
  }
}

const byTime = (a: Sample, b: Sample): number => a.ms - b.ms

/** The median distance of samples; NaN where there are not two. */
const interval = (samples: readonly Sample[]): number => {
  const distances = samples.slice(1).map((sample, index) => sample.ms - (samples[index]?.ms ?? NaN))
  const apart = distances.filter((distance) => distance > 0).sort((a, b) => a - b)
  return apart[apart.length >> 1] ?? NaN
}

const say = (sink: Sink, alert: Alert, usual: number, first: number, last: number): void => {
  const own = interval(alert.firing)
  const step = Number.isFinite(own) ? own : usual
  const entity = alertEntity(alert.labels)
  const burst = alertKey(alert.labels)
  const text = `ALERTS ${alertText({ ...alert.labels, alertstate: 'firing' })}`
  for (const { begin, end } of runs(alert.firing, step, last)) {
    const active = activation(alert, begin.ms, step)
    const attributes = {
      ...alertAttributes(alert.labels),
      alertstate: 'firing',
      ...(active === null ? {} : { activeAt: new Date(active).toISOString() }),
      // Nothing is known of the time before: it may have fired for long.
      ...(active === null && (begin.ms - first < step || step === Infinity) ? { onset: 'before' } : {}),
    }
    sink.signal({ kind: 'alert.fired', entity, phase: 'begin', at: utc(begin.ms), attributes, text, line: begin.line, burst })
    if (end === null) continue
    // It was over at the next evaluation, one interval later.
    const over = Number.isFinite(step) ? Math.min(end.ms + step, Math.max(last, end.ms)) : end.ms
    sink.signal({ kind: 'alert.fired', entity, phase: 'end', at: utc(over), attributes, text, line: end.line, burst })
  }
}

interface Run {
  readonly begin: Sample
  /** The last sample; null where the data ends with it. */
  readonly end: Sample | null
}

const runs = (samples: readonly Sample[], step: number, last: number): readonly Run[] => {
  const found: Run[] = []
  let begin: Sample | null = null
  let latest: Sample | null = null
  for (const sample of samples) {
    // A stale marker (NaN) says that the alert is over; before Prometheus 2 it was a 0.
    const firing = sample.value > 0
    if (begin !== null && latest !== null && (!firing || sample.ms - latest.ms > GAP_INTERVALS * step)) {
      found.push({ begin, end: latest })
      begin = null
    }
    if (!firing) continue
    begin ??= sample
    latest = sample
  }
  if (begin !== null && latest !== null) found.push({ begin, end: last - latest.ms > GAP_INTERVALS * step ? latest : null })
  return found
}

/** When the alert became active before it fired, where the data tells: milliseconds. */
const activation = (alert: Alert, begin: number, step: number): number | null => {
  const told = [...alert.activeAt].filter((active) => active <= begin)
  if (told.length > 0) return Math.max(...told)
  let since: number | null = null
  let next = begin
  for (let index = alert.pending.length - 1; index >= 0; index--) {
    const sample = alert.pending[index]
    if (sample === undefined || sample.ms >= next || !(sample.value > 0)) continue
    if (next - sample.ms > GAP_INTERVALS * step) break
    since = next = sample.ms
  }
  return since
}
