/** What made an incident worse or longer without being a finding of its own; and whether the data could tell. */
import { duration } from '../findings/words.js'
import type { Finding, Incident } from '../model/analysis.js'
import { isOfCluster } from '../model/entity.js'
import { linkedIn } from '../model/linked-in.js'
import { once } from '../model/once.js'
import type { Timeline } from '../timeline/timeline.js'
import type { Factor } from './post-mortem.js'

/** Records of alerts, be it of others than this incident's: an export that holds none of them says nothing about whether any fired. */
export const alertsIn = once(
  ({ inputs, signals, series }: Timeline): boolean =>
    signals.some(({ kind }) => kind === 'alert.fired') ||
    inputs.some(({ format, records }) => format === 'alertmanager' && records > 0) ||
    series.some(({ name }) => name === 'ALERTS' || name === 'ALERTS_FOR_STATE'),
)

/** What people outside notice, as against what only the monitoring or the cluster itself feels. */
const FELT = new Set(['service.errors', 'service.unreachable', 'service.slow', 'workload.unavailable', 'app.errors', 'loadbalancer.backends-down'])

export const isFelt = ({ kind, entity, role }: Finding): boolean =>
  role === 'impact' && FELT.has(kind) && !entity.startsWith('target/') && !isOfCluster(entity) && !entity.startsWith('process/kube-')

const firstOf = ({ findings }: Incident, of: (finding: Finding) => boolean): Finding | undefined =>
  findings.filter(of).reduce<Finding | undefined>((least, one) => (least === undefined || one.start < least.start ? one : least), undefined)

/** The first that people could notice of what is linked to a cause. */
export const firstFelt = (incident: Incident): Finding | undefined => {
  const linked = linkedIn(incident)
  return firstOf(incident, (finding) => linked.has(finding.id) && isFelt(finding))
}

/** Fewer pods that wait are told one by one. */
const MANY_WAITING = 3
const MOST_CITED = 3
/** pkg/scheduler/framework/types.go, FitError */
const LEFT_OUT = /\d{1,5}\/\d{1,5} nodes are available: [^.]{3,300}/u

/** Pods that no node took: why not is said in the scheduler's own words, and of a node that somebody had closed, which one. */
const noRoom = (incident: Incident): readonly Factor[] => {
  const { findings } = incident
  const linked = linkedIn(incident)
  const waiting = findings.filter(({ id, kind }) => kind === 'pod.unschedulable' && linked.has(id))
  if (waiting.length < MANY_WAITING) return []
  const words = waiting.flatMap(({ evidence }) => evidence.flatMap(({ text }) => LEFT_OUT.exec(text)?.[0] ?? []))
  const said = words.find((one) => !one.includes('…')) ?? words[0]
  const start = waiting.reduce((least, one) => (one.start < least ? one.start : least), waiting[0]?.start ?? '')
  const closed = findings.filter(
    ({ kind, start: since, end }) => CLOSES.has(kind) && since < start && (end === null || Date.parse(end) > Date.parse(start) - KNOWN_LATE_MS),
  )
  const long = Math.max(...waiting.map((one) => (one.end === null ? NaN : Date.parse(one.end) - Date.parse(one.start))))
  return [
    {
      what: `No node could take ${waiting.length} pods${Number.isNaN(long) ? '' : ` for up to ${duration(long)}`}${said === undefined ? '' : `: ${said}`}.${closed.map(({ summary }) => ` ${summary}`).join('')}`,
      findings: [...waiting.slice(0, MOST_CITED), ...closed].map(({ id }) => id),
    },
  ]
}
/** That a node takes pods again is known from its object, which is as old as its last heartbeat, maybe. */
const KNOWN_LATE_MS = 60_000
const CLOSES: ReadonlySet<string> = new Set(['action.cordon', 'action.drain'])

/**
 * That nobody was told before it was felt: only where alerts are in the data and one of them belongs to the incident, for an alert that does not appear may
 * have fired all the same. What could not be told is said among what the data cannot tell.
 */
export const factorsOf = (incident: Incident): readonly Factor[] => [...noRoom(incident), ...lateAlerts(incident)]

const lateAlerts = (incident: Incident): readonly Factor[] => {
  const alert = firstOf(incident, ({ kind }) => kind === 'alert.fired')
  const felt = firstFelt(incident)
  if (alert === undefined || felt === undefined || alert.start <= felt.start) return []
  const after = duration(Date.parse(alert.start) - Date.parse(felt.start))
  return [
    {
      what: `No alert came before users could notice: the first one fired ${after} after the first that they felt. ${felt.summary} ${alert.summary}`,
      findings: [felt.id, alert.id],
    },
  ]
}
