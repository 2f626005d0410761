/**
 * Blocks of `kubectl describe`, put back into the shape of the objects they describe: k8s.io/kubectl/pkg/describe/describe.go.
 * The rows of their events table are kept as they are (kubectl-events.ts).
 */
import type { Json, JsonObject } from './kubernetes-fields.js'

export type Described = { readonly kind: 'Node' | 'Pod' | 'Deployment' | 'Service'; readonly object: JsonObject } | null

/** A row of the events table, and the line it stands on. */
export interface DescribedEvent {
  readonly text: string
  readonly line: number
}

/** What the block is about, for its events: kinds that tell nothing else are named, too. */
export interface Subject {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly events: readonly DescribedEvent[]
}

export interface DescribedBlock {
  /** False: this is no line of a description. */
  line(text: string, line: number): boolean
  end(): Described
  subject(): Subject
}

type Fields = Map<string, string>

interface Container {
  readonly name: string
  readonly init: boolean
  readonly fields: Fields
  readonly limits: Fields
  readonly environment: Fields
  readonly state: Fields
  readonly lastState: Fields
}

const MAX_CONTAINERS = 200
const MAX_EVENTS = 1_000

/** 'Sat, 21 Nov 2026 08:04:27 +0000' as the API writes it; null where there is none: the first of January of the year 1 is what Go calls no time. */
const time = (text: string | undefined): Json => {
  const ms = text !== undefined && /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [1-9][0-9]{3} [0-9:]{8} [-+][0-9]{4}$/u.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

const given = (text: string | undefined): string => (text === undefined || text.startsWith('<') ? '' : text)

/** 'http-get http://:8080/ready delay=0s timeout=1s period=5s #success=1 #failure=3' */
const probe = ({ fields }: Container, of: 'Readiness' | 'Liveness'): JsonObject => {
  const period = / period=([0-9]{1,6})s /u.exec(fields.get(of) ?? '')?.[1]
  return period === undefined ? {} : { [`${of.toLowerCase()}Probe`]: { periodSeconds: Number(period) } }
}

/** Fields that only descriptions of this kind have, in this order of asking. */
const KINDS_BY_FIELD: readonly (readonly [readonly string[], string])[] = [
  [['System Info'], 'Node'],
  [['Roles', 'Addresses'], 'Node'],
  [['Containers', 'Node'], 'Pod'],
  [['StrategyType'], 'Deployment'],
  [['Desired Number of Nodes Scheduled'], 'DaemonSet'],
  [['Update Strategy'], 'StatefulSet'],
  [['Parallelism'], 'Job'],
  [['Pods Status', 'Replicas'], 'ReplicaSet'],
  [['Access Modes', 'VolumeMode'], 'PersistentVolumeClaim'],
  [['Min replicas'], 'HorizontalPodAutoscaler'],
  [['Default backend'], 'Ingress'],
  [['Endpoints', 'Type'], 'Service'],
]

export const describedBlock = (): DescribedBlock => {
  const top: Fields = new Map()
  const addresses: Json[] = []
  const capacity: Fields = new Map()
  const info: Fields = new Map()
  const conditions: Json[] = []
  const containers: Container[] = []
  const events: DescribedEvent[] = []
  let section = ''
  let part: 'fields' | 'limits' | 'environment' | 'state' | 'lastState' | 'other' = 'other'

  const keyed = (text: string, from: number): readonly [string, string] | null => {
    const colon = text.indexOf(':', from)
    return colon < 0 ? null : [text.slice(from, colon), text.slice(colon + 1).trim()]
  }

  const readCondition = (text: string): void => {
    const cells = text.trim().split(/ {2,}/u)
    const [type = '', status = '', heartbeat = '', transition = '', reason = '', ...message] = cells
    if (type === 'Type' || type.startsWith('----')) return
    conditions.push({
      type,
      status: status.trim(),
      lastHeartbeatTime: time(heartbeat),
      lastTransitionTime: time(transition),
      reason,
      message: message.join(' '),
    })
  }

  const readContainer = (text: string, indent: number): void => {
    const pair = keyed(text, indent)
    if (pair === null) return
    const [key, value] = pair
    if (indent === 2 && value === '' && containers.length < MAX_CONTAINERS) {
      containers.push({
        name: key,
        init: section === 'Init Containers',
        fields: new Map(),
        limits: new Map(),
        environment: new Map(),
        state: new Map(),
        lastState: new Map(),
      })
      part = 'fields'
      return
    }
    const container = containers.at(-1)
    if (container === undefined) return
    if (indent === 4) {
      part =
        key === 'Limits'
          ? 'limits'
          : key === 'Environment'
            ? 'environment'
            : key === 'State'
              ? 'state'
              : key === 'Last State'
                ? 'lastState'
                : value === ''
                  ? 'other'
                  : 'fields'
      if (part === 'state' || part === 'lastState') container[part].set('is', value)
      else if (part === 'fields') container.fields.set(key, value)
    } else if (indent === 6 && (part === 'limits' || part === 'environment' || part === 'state' || part === 'lastState')) container[part].set(key, value)
  }

  const stateOf = (state: Fields): JsonObject => {
    const reason = given(state.get('Reason'))
    const startedAt = time(state.get('Started'))
    switch (state.get('is')) {
      case 'Running':
        return { running: { startedAt } }
      case 'Waiting':
        return { waiting: { reason, message: given(state.get('Message')) } }
      case 'Terminated':
        return { terminated: { reason, exitCode: Number(state.get('Exit Code') ?? NaN), startedAt, finishedAt: time(state.get('Finished')) } }
      default:
        return {}
    }
  }

  const metadata = (): JsonObject => {
    const [kind = '', name = ''] = given(top.get('Controlled By')).split('/')
    return {
      name: top.get('Name') ?? '',
      namespace: given(top.get('Namespace')),
      creationTimestamp: time(top.get('CreationTimestamp')),
      ownerReferences: name === '' ? [] : [{ kind, name, controller: true }],
    }
  }

  const asNode = (): JsonObject => ({
    metadata: metadata(),
    spec: { unschedulable: top.get('Unschedulable') === 'true', providerID: given(top.get('ProviderID')) },
    status: {
      addresses,
      capacity: { cpu: capacity.get('cpu') ?? '', memory: capacity.get('memory') ?? '' },
      conditions,
      nodeInfo: { machineID: info.get('Machine ID') ?? '', systemUUID: info.get('System UUID') ?? '', bootID: info.get('Boot ID') ?? '' },
    },
  })

  const asPod = (): JsonObject => {
    const [nodeName = '', hostIP = ''] = given(top.get('Node')).split('/')
    const statuses = (init: boolean): readonly Json[] =>
      containers
        .filter((container) => container.init === init)
        .map((container) => ({
          name: container.name,
          restartCount: Number(container.fields.get('Restart Count') ?? 0),
          state: stateOf(container.state),
          lastState: stateOf(container.lastState),
        }))
    const specs = containers
      .filter((container) => !container.init)
      .map((container) => ({
        name: container.name,
        resources: { limits: { cpu: container.limits.get('cpu') ?? '', memory: container.limits.get('memory') ?? '' } },
        ...probe(container, 'Readiness'),
        ...probe(container, 'Liveness'),
        env: [...container.environment].map(([key, value]) => ({ name: key, value })),
      }))
    return {
      metadata: metadata(),
      spec: { nodeName, containers: specs },
      status: {
        phase: (top.get('Status') ?? '').split(' ')[0] ?? '',
        reason: given(top.get('Reason')),
        message: given(top.get('Message')),
        startTime: time(top.get('Start Time')),
        hostIP,
        podIP: given(top.get('IP')),
        initContainerStatuses: statuses(true),
        containerStatuses: statuses(false),
      },
    }
  }

  const asDeployment = (): JsonObject => {
    const counts = /^([0-9]{1,9}) desired .{0,80}\| ([0-9]{1,9}) available/u.exec(top.get('Replicas') ?? '')
    return { metadata: metadata(), spec: { replicas: Number(counts?.[1] ?? NaN) }, status: { readyReplicas: Number(counts?.[2] ?? 0) } }
  }

  const asService = (): JsonObject => {
    const selector = given(top.get('Selector'))
      .split(',')
      .map((pair) => pair.split('='))
      .filter((pair) => pair.length === 2)
    return { metadata: metadata(), spec: { clusterIP: top.get('IP') ?? '', selector: Object.fromEntries(selector) as JsonObject } } // pairs of strings
  }

  return {
    line(text, line) {
      const indent = text.search(/[^ ]/u)
      if (indent < 0) return true
      if (indent === 0) {
        const match = /^([A-Z][A-Za-z0-9 ./-]{0,60}):(?: {1,300}(.*))?$/u.exec(text)
        if (match === null) return false
        section = match[1] ?? ''
        part = 'other'
        if (!top.has(section)) top.set(section, (match[2] ?? '').trim())
        return true
      }
      if (section === 'Conditions') readCondition(text)
      else if (section === 'Containers' || section === 'Init Containers') readContainer(text, indent)
      else if (section === 'Events') {
        if (events.length < MAX_EVENTS) events.push({ text, line })
      } else if (section === 'Addresses' || section === 'Capacity' || section === 'System Info') {
        const pair = keyed(text, indent)
        if (pair === null) return true
        if (section === 'Addresses') addresses.push({ type: pair[0], address: pair[1] })
        else (section === 'Capacity' ? capacity : info).set(pair[0], pair[1])
      }
      return true
    },
    subject() {
      const kind = KINDS_BY_FIELD.find(([fields]) => fields.every((field) => top.has(field)))?.[1] ?? ''
      return { kind, namespace: given(top.get('Namespace')), name: top.get('Name') ?? '', events }
    },
    end() {
      if ((top.get('Name') ?? '') === '') return null
      if (top.has('System Info') || (top.has('Roles') && top.has('Addresses'))) return { kind: 'Node', object: asNode() }
      if (top.has('Node') && top.has('Containers')) return { kind: 'Pod', object: asPod() }
      if (top.has('Endpoints') && top.has('IP')) return { kind: 'Service', object: asService() }
      return top.has('Replicas') && top.has('StrategyType') ? { kind: 'Deployment', object: asDeployment() } : null
    },
  }
}
