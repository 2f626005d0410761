/** What the data cannot tell, and what that hides: said where the story would need it. */
import type { Explanation } from '../causes/explain.js'
import { areClientsUnseen } from '../causes/harm.js'
import type { Incident } from '../model/analysis.js'
import { linkedIn } from '../model/linked-in.js'
import { nameOf, typeOf } from '../model/entity.js'
import type { Timeline } from '../timeline/timeline.js'
import { alertsIn } from './factors.js'
import { absentFor, emptyFiles } from './absent.js'
import type { Missing } from './post-mortem.js'

const MOST_UNEXPLAINED = 3
/** The severest; of hundreds a report tells no more. */
const MOST_ASKED = 40
/** Formats of what is measured. */
const MEASURED: ReadonlySet<string> = new Set(['prometheus', 'alertmanager'])

/** `felt`: people felt something, whether an incident tells of it or not. */
export const missingIn = ({ incidents }: Explanation, felt: boolean, timeline: Timeline): readonly Missing[] => {
  // Namespaces in which nothing happened have no events, either.
  const hasEvents = timeline.inputs.some((input) => input.format === 'kubernetes-events' && input.records > 0) || hasListedEvents(timeline)
  const missing: Missing[] = timeline.missing.filter(({ what }) => !hasEvents || !what.startsWith('events in '))
  const add = (what: string, hides: string): void => {
    if (!missing.some((one) => one.what === what)) missing.push({ what, hides })
  }
  const formats = new Set(timeline.inputs.filter((input) => input.records > 0).map((input) => input.format))
  for (const { incident, causal, positions } of incidents.slice(0, MOST_ASKED)) {
    const unexplained = incident.findings.filter(({ id }) => causal.unexplained.includes(positions.get(id) ?? -1))
    for (const { summary } of unexplained.slice(0, MOST_UNEXPLAINED))
      add(`No data join this to what else went wrong: ${summary}`, 'what led to it: it is told here for its time and place only')
    nodesWithoutLog(incident, timeline, formats, add)
    absentFor(incident, timeline, add)
    const root = incident.findings.find((finding) => finding.id === incident.rootCauses[0]?.finding)
    if (root === undefined) continue
    const [beyond] = BEYOND.filter((one) => one.kind === root.kind)
    if (
      beyond !== undefined &&
      !incident.findings.some(
        (finding) => beyond.unless.includes(finding.kind) && incident.links.some((link) => link.cause === finding.id && link.effect === root.id),
      )
    )
      add(beyond.what(nameOf(root.entity)), beyond.hides)
    if (Date.parse(root.start) - timeline.from < BEGINS_MS)
      add(`The data begin at about the time of the root cause (${root.start.slice(11, 19)} UTC)`, 'whether it had begun before, and what led to it')
    if (incident.end === null) add('The data end before the incident does', 'when and how it ended')
  }
  const asked = felt || incidents.length > 0
  if (!asked) quietFor(formats, timeline, add)
  if (asked && isOnlyMeasured(formats))
    add('No logs', 'what the services, their databases and their machines said themselves: metrics and alerts alone seldom tell a cause')
  else if (incidents.length > 0 && areClientsUnseen(timeline))
    add('Nothing of the clients of the database', 'who was turned away or had to wait, for how long, and what people felt of it')
  if (asked && !hasEvents && [...formats].some((format) => format === 'kubelet' || format === 'kubernetes-objects'))
    add('No Kubernetes events', 'scheduling, evictions and what people did; events are kept for one hour only')
  if (!formats.has('postgres') && incidents.some(({ incident }) => isOfPostgres(incident)))
    add('No log of the Postgres server', 'what it did itself, who waited for whom, and why it cut off or turned away its clients')
  if (asked && !formats.has('prometheus')) add('No metrics', 'load, memory and latency before and during the incident')
  if (asked && !alertsIn(timeline))
    add('No records of alerts', 'whether anybody was told, by what and when (the ALERTS series or Alertmanager’s notifications would tell)')
  emptyFiles(timeline, add)
  return missing
}

/** As a table, or in a list of objects: 'Warning Unhealthy pod/shop/web-1: …'. */
const hasListedEvents = ({ signals }: Timeline): boolean => signals.some(({ evidence }) => evidence.some(({ text }) => AN_EVENT.test(text)))
const AN_EVENT = /^(?:Normal|Warning) [A-Z]\w{2,60} [a-z]{2,40}\//u
/** What began before would have shown itself by then. */
const BEGINS_MS = 30_000

const isOnlyMeasured = (formats: ReadonlySet<string>): boolean => [...formats].every((format) => MEASURED.has(format))

/** Where nothing was found: what would have told otherwise and is not there. */
const quietFor = (formats: ReadonlySet<string>, timeline: Timeline, add: (what: string, hides: string) => void): void => {
  if (formats.size === 0) return
  const isCluster = [...formats].some((format) => OF_CLUSTER.has(format))
  const absent = [
    ...(isOnlyMeasured(formats) ? ['logs'] : []),
    ...(isCluster && !formats.has('kubelet') ? ["the kubelets' logs"] : []),
    ...(formats.has('prometheus') ? [] : ['metrics']),
    ...(alertsIn(timeline) ? [] : ['records of alerts']),
  ]
  if (absent.length > 0) add(`Not among the inputs: ${absent.join(', ')}`, 'whatever only they show; that nothing was found holds for what was given')
}

const OF_CLUSTER: ReadonlySet<string> = new Set(['kubernetes-objects', 'kubernetes-events', 'kubectl'])

const isOfPostgres = (incident: Incident): boolean => {
  const linked = linkedIn(incident)
  return incident.findings.some(({ id, kind, entity }) => linked.has(id) && (kind.startsWith('postgres.') || typeOf(entity) === 'postgres'))
}

const nodesWithoutLog = (incident: Incident, timeline: Timeline, formats: ReadonlySet<string>, add: (what: string, hides: string) => void): void => {
  if (!formats.has('kubelet') && !formats.has('kubernetes-events')) return
  const linked = linkedIn(incident)
  for (const finding of incident.findings) {
    if (typeOf(finding.entity) !== 'node' || !linked.has(finding.id)) continue
    const name = nameOf(finding.entity)
    const has =
      timeline.inputs.some((input) => input.format === 'kubelet' && input.records > 0 && input.path.includes(name)) ||
      timeline.signals.some(
        (signal) => signal.entity === finding.entity && timeline.inputs.some((input) => input.path === signal.input && input.format === 'kubelet'),
      )
    if (!has) add(`No kubelet log of node ${name}`, 'what the node itself saw: failed heartbeats, evictions, probes')
  }
}

/** Where a root cause asks for one step further than the data go. */
const BEYOND: readonly { readonly kind: string; readonly unless: readonly string[]; readonly what: (name: string) => string; readonly hides: string }[] = [
  {
    kind: 'node.cpu-saturated',
    unless: ['pod.cpu-hungry', 'postgres.autovacuum'],
    what: (name) => `No data tell which process used the CPU of ${name}`,
    hides: 'who asked for the CPU (container_cpu_usage_seconds_total or a process accounting would tell)',
  },
  {
    kind: 'node.memory-exhausted',
    unless: ['pod.memory-growing'],
    what: (name) => `No data tell which process used the memory of ${name}`,
    hides: 'who grew (container_memory_working_set_bytes would tell)',
  },
  {
    kind: 'node.network-lost',
    unless: [],
    what: (name) => `Nothing outside ${name} tells why its network was lost`,
    hides: 'switch, cloud or firewall events; the cause lies outside the data',
  },
  {
    kind: 'node.heartbeat-missed',
    unless: ['node.network-lost', 'node.cpu-saturated', 'node.memory-exhausted'],
    what: (name) => `Nothing tells why the kubelet of ${name} could not report`,
    hides: 'load, network and certificates of the node at that time',
  },
  {
    kind: 'node.not-ready',
    unless: ['node.heartbeat-missed'],
    what: (name) => `Nothing tells why ${name} stopped reporting`,
    hides: 'the cause before NotReady: the log of the node itself would tell',
  },
  {
    kind: 'node.kernel-panic',
    unless: ['node.cpu-saturated', 'node.kernel-hang'],
    what: (name) => `Nothing before the crash of ${name} explains it`,
    hides: 'the console log with the panic trace',
  },
  {
    kind: 'postgres.connections-rising',
    unless: ['change.deployed'],
    what: () => 'The data show that connections were opened and not closed, not why',
    hides: 'the client program and its pool settings',
  },
]
