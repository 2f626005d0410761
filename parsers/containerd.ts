/**
 * containerd's, Docker's and CRI-O's own log: logrus text.
 *   time="2026-11-21T08:28:46.2Z" level=error msg="RunPodSandbox for &PodSandboxMetadata{Name:web-1,Uid:…,Namespace:shop,Attempt:0,} failed, error" error="…"
 * https://github.com/containerd/containerd/blob/v2.1.0/internal/cri/instrument/instrumented_service.go
 */
import { node, pod, process, THIS_NODE, type Entity } from '../src/model/entity.js'
import type { Attributes, SignalKind, Stamp } from '../src/model/extract.js'
import type { Envelope, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { found, preferEnvelope, readIso } from '../src/read/stamps.js'
import { decode } from '../src/read/text.js'
import { unquote } from './klog-fields.js'
import { imageFailure, isDns, lookedUp, sandboxFailure, withoutNumbers } from './klog-reasons.js'

const TIME = Buffer.from('time="')
const LEVEL = Buffer.from(' level=')
const MESSAGE = Buffer.from(' msg="')

const startsWith = (bytes: Buffer, at: number, end: number, word: Buffer): boolean => {
  if (at + word.length > end) return false
  for (let index = 0; index < word.length; index++) if (bytes[at + index] !== word[index]) return false
  return true
}

/** Messages of level info that matter; containerd says thousands of others for each pod. */
const WANTED = [
  'RunPodSandbox ',
  'CreateContainer within sandbox',
  'StartContainer for ',
  'received container exit',
  'TaskExit event',
  'TaskOOM event',
  'PullImage ',
  'Started container',
].map((word) => Buffer.from(word))

const SANDBOX = /PodSandboxMetadata\{Name:([a-z0-9][a-z0-9.-]{0,252}),Uid:([0-9a-f-]{8,64}),Namespace:([a-z0-9][a-z0-9-]{0,62}),/u
const SANDBOX_ID = /returns sandbox id "([0-9a-f]{12,64})"/u
const WITHIN = /within sandbox "([0-9a-f]{12,64})" for (?:container )?&ContainerMetadata\{Name:([a-z0-9][a-z0-9.-]{0,252}),/u
const CONTAINER_ID = /returns container id "([0-9a-f]{12,64})"/u
const STARTED = /^StartContainer for "([0-9a-f]{12,64})" (returns successfully|failed)/u
const EXIT_IDS = /(?:container_id:|ContainerID:)"?([0-9a-f]{12,64})"?[ ,]{1,2}(?:id:|ID:)"?([0-9a-f]{12,64})/u
const EXIT_STATUS = /(?:exit_status:|ExitStatus:)(\d{1,10})/u
const OOM_ID = /(?:container_id:|ContainerID:)"?([0-9a-f]{12,64})/u
/** CRI-O: msg="Started container" PID=3053 containerID=… description=shop/web-1/web id=… */
const DESCRIPTION = / description="?([a-z0-9][a-z0-9-]{0,62})\/([a-z0-9][a-z0-9.-]{0,252})\/([a-z0-9][a-z0-9-]{0,62})/u
const FIELD_ERROR = / error="((?:[^"\\]|\\.){0,8000})/u
/**
 * "loading cgroup for 1234": a container that is gone already; "failed sending message on channel": a shim's client left; a network that is
 * not taken down: the sandbox that could not be made, or went, says so itself.
 */
const NOISE =
  /^(?:loading cgroup for|failed sending message on channel|ContainerStatus for |container event discarded|ttrpc: |failed to (?:delete|remove) |Failed to destroy network for sandbox )/u

const MAX_KEPT = 20_000

interface Container {
  readonly pod: Entity
  readonly name: string
}

const open = (sink: Sink): LineReader => {
  let sandboxes = new Map<string, Entity>()
  let containers = new Map<string, Container>()
  const nodeOf = (envelope: Envelope | null): Entity => (envelope?.host ? node(envelope.host) : THIS_NODE)

  let placed = new Set<string>()
  const place = (entity: Entity, envelope: Envelope | null, at: Stamp, uid?: string): void => {
    const key = `${entity} ${uid ?? ''} ${envelope?.host ?? ''}`
    if (placed.has(key)) return
    if (placed.size >= MAX_KEPT) placed = new Set()
    placed.add(key)
    sink.fact({ fact: 'pod-on-node', pod: entity, node: nodeOf(envelope), at, ...(uid === undefined ? {} : { uid }) })
  }

  const mean = (message: string, text: string, at: Stamp, level: string, envelope: Envelope | null): void => {
    const emit = (kind: SignalKind, entity: Entity, attributes?: Attributes, burst?: string): void =>
      sink.signal({ kind, entity, at, ...(attributes === undefined ? {} : { attributes }), ...(burst === undefined ? {} : { burst }), text })
    const bad = level === 'error' || level === 'fatal' || level === 'panic'
    const sandbox = SANDBOX.exec(message)
    if (sandbox !== null) {
      const [, name = '', uid = '', namespace = ''] = sandbox
      const entity = pod(namespace, name)
      place(entity, envelope, at, uid)
      const id = SANDBOX_ID.exec(message)?.[1]
      if (id !== undefined) {
        if (sandboxes.size >= MAX_KEPT) sandboxes = new Map()
        sandboxes.set(id, entity)
      }
      if (bad && message.startsWith('RunPodSandbox')) emit('pod.sandbox-failed', entity, { reason: sandboxFailure(FIELD_ERROR.exec(text)?.[1] ?? message) })
      return
    }
    const described = message === 'Started container' ? DESCRIPTION.exec(text) : null
    if (described !== null) {
      const [, namespace = '', name = '', container = ''] = described
      place(pod(namespace, name), envelope, at)
      emit('container.started', pod(namespace, name), { container })
      return
    }
    const within = WITHIN.exec(message)
    if (within !== null) {
      const id = CONTAINER_ID.exec(message)?.[1]
      const entity = sandboxes.get(within[1] ?? '')
      if (id === undefined || entity === undefined) return
      if (containers.size >= MAX_KEPT) containers = new Map()
      containers.set(id, { pod: entity, name: within[2] ?? '' })
      return
    }
    const started = STARTED.exec(message)
    if (started !== null) {
      const container = containers.get(started[1] ?? '')
      if (container === undefined) return
      if (started[2] === 'failed') emit('pod.stuck', container.pod, { reason: 'creating', container: container.name })
      else emit('container.started', container.pod, { container: container.name })
      return
    }
    if (message.startsWith('TaskOOM')) {
      const container = containers.get(OOM_ID.exec(message)?.[1] ?? '')
      if (container !== undefined) emit('pod.oom-killed', container.pod, { container: container.name })
      return
    }
    const ids = EXIT_IDS.exec(message)
    if (ids !== null) {
      // Another id than the container's is a command run inside it, a probe for instance.
      const container = ids[1] === ids[2] ? containers.get(ids[1] ?? '') : undefined
      const exitCode = EXIT_STATUS.exec(message)?.[1]
      if (container !== undefined) emit('container.exited', container.pod, { container: container.name, exitCode: Number(exitCode ?? 0) })
      return
    }
    if (!bad || NOISE.test(message)) return
    const error = FIELD_ERROR.exec(text)?.[1] ?? message
    if (isDns(error)) emit('network.dns-failure', nodeOf(envelope), { name: lookedUp(error) })
    const app = envelope?.unit ?? 'containerd'
    const reason = message.startsWith('PullImage') ? ` ${imageFailure(error)}` : ''
    emit('log.error', process(envelope?.host ?? '-', app), { app }, withoutNumbers(message.replace(/[0-9a-f]{12,64}/gu, 'ID')) + reason)
  }

  return {
    line(bytes, start, end, envelope) {
      if (!startsWith(bytes, start, end, TIME)) return false
      let at = readIso(bytes, start + TIME.length, end)
      if (at < 0 || bytes[at] !== 34) return false
      at++
      if (!startsWith(bytes, at, end, LEVEL)) return false
      preferEnvelope(envelope)
      sink.record(found.ms, found.basis)
      const levelStart = at + LEVEL.length
      at = levelStart
      while (at < end && bytes[at] !== 32 && at - levelStart < 12) at++
      const level = bytes.toString('latin1', levelStart, at)
      if (!startsWith(bytes, at, end, MESSAGE)) return true
      const message = at + MESSAGE.length
      const calm = level === 'info' || level === 'debug' || level === 'trace' || level === 'warning'
      if (calm && !WANTED.some((word) => startsWith(bytes, message, end, word))) return true
      const stamp = { ms: found.ms, basis: found.basis }
      const text = decode(bytes, start, end)
      const quoted = /^(?:[^"\\]|\\.){0,8000}/u.exec(decode(bytes, message, end))?.[0] ?? ''
      mean(unquote(quoted), text, stamp, level, envelope)
      return true
    },
    end: () => undefined,
  }
}

const LOGRUS = /^time="\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^"]{0,40}" level=\w{4,7} msg="/u
const OWN_WORDS =
  /containerd|PodSandbox|StopContainer|CreateContainer|StartContainer|container event discarded|connecting to shim|shim disconnected|CRI |cri-o|crio|snapshotter|io\.containerd|dockerd|libcontainerd|loading plugin/u

export const containerd: LineFormat = {
  id: 'containerd',
  takes: 'lines',
  reads: "containerd's, Docker's and CRI-O's own log (logrus text)",
  reference: 'https://github.com/containerd/containerd/blob/v2.1.0/docs/ops.md',
  example:
    'time="2026-11-21T08:19:44.986123456Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:web-669fc94c59-qrjmv,Uid:94f3e729-a31a-4529-97d0-6a167d86fb74,Namespace:shop,Attempt:0,}"',
  units: ['containerd', 'docker', 'dockerd', 'crio', 'cri-o', 'snap.microk8s.daemon-containerd', 'k8s.containerd'],
  sniff: ({ lines }) => {
    const marked = lines.filter((line) => LOGRUS.test(line))
    if (marked.length === 0 || !marked.some((line) => OWN_WORDS.test(line))) return 0
    return 0.4 + 0.5 * Math.min(1, (marked.length * 1.2) / lines.length)
  },
  open,
}
