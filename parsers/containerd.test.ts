import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { containerd } from './containerd.js'

const line = (level: string, message: string, more = ''): string =>
  `time="2026-11-21T08:19:44.986123456Z" level=${level} msg="${message.replaceAll('"', '\\"')}"${more}`
const SANDBOX = 'e4b03e280958b847e92e22b7a1570bdf63cb35432514b9a8f12f4b9adfe49714'
const CONTAINER = 'eea48bce362bdf290ff0d41655c9e580a41acd354cc845c7b7163d9dd9980bd9'
const METADATA = '&PodSandboxMetadata{Name:web-1,Uid:94f3e729-a31a-4529-97d0-6a167d86fb74,Namespace:shop,Attempt:0,}'

const LIFE = [
  line('info', `RunPodSandbox for ${METADATA}`),
  line('info', `RunPodSandbox for ${METADATA} returns sandbox id "${SANDBOX}"`),
  line('info', `CreateContainer within sandbox "${SANDBOX}" for &ContainerMetadata{Name:web,Attempt:0,} returns container id "${CONTAINER}"`),
  line('info', `StartContainer for "${CONTAINER}" returns successfully`),
  line('info', `TaskOOM event container_id:"${CONTAINER}"`),
  line('info', `received container exit event container_id:"${CONTAINER}"  id:"${CONTAINER}"  pid:7  exit_status:137  exited_at:{seconds:1795249440  nanos:1}`),
  line(
    'info',
    `received container exit event container_id:"${CONTAINER}"  id:"0a1b2c3d4e5f60718293"  pid:8  exit_status:1  exited_at:{seconds:1795249440  nanos:1}`,
  ),
  line('info', 'container event discarded', ` container=${CONTAINER} type=CONTAINER_STOPPED_EVENT`),
  line('error', 'loading cgroup for 4711', ' error="cgroups: cannot find cgroup mount destination" runtime=io.containerd.runc.v2'),
].join('\n')

test('the example puts a pod on this node', async () => {
  const extract = await read(`${containerd.example}\n`)
  assert.deepEqual([extract.format, extract.records, extract.signals.length], ['containerd', 1, 0])
  assert.deepEqual(
    extract.facts.map((fact) => (fact.fact === 'pod-on-node' ? [fact.pod, fact.node, fact.uid] : [])),
    [['pod/shop/web-669fc94c59-qrjmv', 'node/?', '94f3e729-a31a-4529-97d0-6a167d86fb74']],
  )
})

test('a container starts, runs out of memory and exits; commands run inside it and noise say nothing', async () => {
  const extract = await read(LIFE)
  assert.deepEqual(
    extract.signals.map(({ kind, entity, attributes }) => [kind, entity, attributes]),
    [
      ['container.started', 'pod/shop/web-1', { container: 'web' }],
      ['pod.oom-killed', 'pod/shop/web-1', { container: 'web' }],
      ['container.exited', 'pod/shop/web-1', { container: 'web', exitCode: 137 }],
    ],
  )
  assert.deepEqual([extract.records, extract.skipped], [9, 0])
})

test('failures: a sandbox without network, an image behind a name that does not resolve', async () => {
  const sandbox = line(
    'error',
    `RunPodSandbox for ${METADATA} failed, error`,
    ' error="failed to setup network for sandbox \\"e4b0\\": plugin type=\\"bridge\\" failed (add): no IP"',
  )
  const pull = line(
    'error',
    'PullImage "registry.local/web:2" failed',
    ' error="failed to do request: Head: dial tcp: lookup registry.local on 10.0.0.2:53: no such host"',
  )
  const undone = line(
    'error',
    'Failed to destroy network for sandbox "52439088fdc2070af2354b8908e2b6ae"',
    ' error="plugin type=bridge failed (delete): failed to find plugin"',
  )
  const extract = await read([sandbox, undone, pull].join('\n'))
  assert.deepEqual(
    extract.signals.map(({ kind, entity, attributes }) => [kind, entity, attributes]),
    [
      ['pod.sandbox-failed', 'pod/shop/web-1', { reason: 'cni' }],
      ['network.dns-failure', 'node/?', { name: 'registry.local' }],
      ['log.error', 'process/-/containerd', { app: 'containerd' }],
    ],
  )
})

test('CRI-O names the pod of a started container', async () => {
  const text = `${line('info', 'Started container', ` PID=3053 containerID=${CONTAINER} description=shop/web-1/web id=7 name=/runtime.v1.RuntimeService/StartContainer`)}\n`
  const extract = await read(`${line('info', 'CRI plugins loading plugin')}\n${text}`)
  assert.deepEqual(
    extract.signals.map(({ kind, entity }) => [kind, entity]),
    [['container.started', 'pod/shop/web-1']],
  )
})

test("another program's logrus lines are not containerd's", async () => {
  const extract = await read('time="2026-11-21T08:19:44Z" level=error msg="payment failed"\n')
  assert.notEqual(extract.format, 'containerd')
})

test('however the bytes are cut, the extract is the same', async () => {
  const whole = await read(LIFE)
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(LIFE, { chunkBytes }), whole)
})

const RECORDING = new URL('../../shared/recordings/k8s-oom-two/dump/logs/worker-1-containerd.log', import.meta.url)
test('a container that dies six times', { skip: existsSync(RECORDING) ? false : 'shared/ is absent' }, async () => {
  const extract = await read(readFileSync(RECORDING))
  const exits = extract.signals.filter(({ kind, attributes }) => kind === 'container.exited' && attributes['exitCode'] === 137)
  assert.equal(
    exits.reduce((sum, { count }) => sum + count, 0),
    6,
  )
  assert.ok(extract.signals.every(({ kind }) => kind !== 'log.error'))
})
