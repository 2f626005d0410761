/** Tables of nodes, pods, services and workloads that kubectl prints: what is where, how it was when the table was made, and ages, which count back from then. */
import { node, pod, service, workload, type Entity } from '../src/model/entity.js'
import type { Stamp } from '../src/model/extract.js'
import type { Sink, SignalDraft } from '../src/model/format.js'
import { cellsOf, given, isAligned, type Column } from './kubectl-columns.js'
import { ageOf } from './kubectl-events.js'
import { HASHED_POD, quantity } from './kubernetes-fields.js'

const ago = (ms: number): Stamp => ({ ms: -ms, basis: 'ago' })

/** What the STATUS of a pod says of it at that moment: pkg/printers/internalversion/printers.go, printPod. */
const STATUSES: ReadonlyMap<string, Pick<SignalDraft, 'kind' | 'attributes'>> = new Map([
  ['CrashLoopBackOff', { kind: 'pod.crash-looping' }],
  ['ImagePullBackOff', { kind: 'pod.image-pull-failed', attributes: { reason: 'other' } }],
  ['ErrImagePull', { kind: 'pod.image-pull-failed', attributes: { reason: 'other' } }],
  ['InvalidImageName', { kind: 'pod.image-pull-failed', attributes: { reason: 'not-found' } }],
  ['CreateContainerConfigError', { kind: 'pod.stuck', attributes: { reason: 'config' } }],
  ['CreateContainerError', { kind: 'pod.stuck', attributes: { reason: 'creating' } }],
  ['RunContainerError', { kind: 'pod.stuck', attributes: { reason: 'creating' } }],
])

/** A row: false where it is no row of this table. */
export const readRow = (sink: Sink, columns: readonly Column[], line: string): boolean => {
  if (!isAligned(columns, line)) return false
  const values = cellsOf(columns, line)
  const cells = new Map(columns.map(({ head }, index) => [head, values[index] ?? '']))
  const named = given(cells.get('NAME'))
  if (named === '' || named.includes(' ')) return false
  const slash = named.lastIndexOf('/')
  const name = named.slice(slash + 1)
  const namespace = given(cells.get('NAMESPACE')) || '-'
  const status = cells.get('STATUS') ?? ''
  let said = false
  const say = (kind: SignalDraft['kind'], entity: Entity, age: number, attributes: SignalDraft['attributes'] = {}): void => {
    const at = ago(age)
    sink.record(at.ms, at.basis)
    said = true
    sink.signal({ kind, entity, at, attributes, text: line.replaceAll(/ {2,}/gu, '  ') })
  }
  if (cells.has('ROLES') && cells.has('VERSION')) {
    const entity = node(name)
    sink.fact({ fact: 'node', node: entity, at: null })
    for (const head of ['INTERNAL-IP', 'EXTERNAL-IP']) {
      const address = given(cells.get(head))
      if (address !== '') sink.fact({ fact: 'alias', of: entity, name: address, at: null })
    }
    if (/^NotReady(?:,|$)/u.test(status)) say('node.not-ready', entity, 0, { reason: 'NotReady' })
  } else if (cells.has('RESTARTS')) {
    const entity = pod(namespace, name)
    const on = given(cells.get('NODE'))
    const ip = given(cells.get('IP'))
    if (on !== '') sink.fact({ fact: 'pod-on-node', pod: entity, node: node(on), at: null })
    if (ip !== '') sink.fact({ fact: 'alias', of: entity, name: ip, at: null })
    const owner = HASHED_POD.exec(name)?.[1]
    if (owner !== undefined) sink.fact({ fact: 'pod-owner', pod: entity, workload: workload(namespace, owner) })
    const meaning = STATUSES.get(status.replace(/^Init:/u, ''))
    // '3 (5m ago)': when it last ended.
    const ended = ageOf(/\(([0-9smhdy]{1,16}) ago\)/u.exec(cells.get('RESTARTS') ?? '')?.[1] ?? '')
    if (status === 'OOMKilled') say('pod.oom-killed', entity, Number.isNaN(ended) ? 0 : ended, { limit: 'cgroup' })
    else if (meaning !== undefined) say(meaning.kind, entity, status === 'CrashLoopBackOff' && !Number.isNaN(ended) ? ended : 0, meaning.attributes)
  } else if (cells.has('CLUSTER-IP')) {
    const address = given(cells.get('CLUSTER-IP'))
    if (address !== '' && address !== 'None') sink.fact({ fact: 'alias', of: service(namespace, name), name: address, at: null })
  } else if (cells.has('UP-TO-DATE')) {
    const [ready = '', wanted = ''] = (cells.get('READY') ?? '').split('/')
    const count = quantity(wanted)
    if (count !== null) sink.fact({ fact: 'replicas', workload: workload(namespace, name), at: null, wanted: count, ready: quantity(ready) })
  }
  if (!said) sink.record(NaN, 'utc')
  return true
}
