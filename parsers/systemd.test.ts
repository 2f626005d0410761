import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { systemd } from './systemd.js'

const journal = (text: string): string => `Oct 24 09:58:02.400000 maps-w3 systemd[1]: ${text}\n`
const around = 'Oct 24 09:57:00.000000 maps-w3 kubelet[1205]: I1024 09:57:00.000000    1205 kubelet.go:1753] "Image garbage collection succeeded"\n'

test('a shutdown that was asked for names itself', async () => {
  for (const text of [systemd.example, 'The system will reboot now!', 'System is powering off.', 'Reached target Shutdown.']) {
    const { signals } = await read(around + journal(text))
    assert.deepEqual(
      signals.filter((signal) => signal.kind === 'action.node-restarted').map((signal) => signal.entity),
      ['node/maps-w3'],
      text,
    )
  }
})

test('the start and stop of one unit is no shutdown', async () => {
  for (const text of [
    'Stopping kubelet.service - kubelet: The Kubernetes Node Agent...',
    'Reached target multi-user.target - Multi-User System.',
    'Started Session 4 of user root.',
  ]) {
    const { signals, skipped } = await read(around + journal(text))
    assert.deepEqual(
      signals.filter((signal) => signal.kind.startsWith('action')),
      [],
      text,
    )
    assert.equal(skipped, 0)
  }
})

test('a container runtime whose process ended by itself is down; one that was stopped, and any other service, is not', async () => {
  const down = async (text: string) =>
    (await read(around + journal(text))).signals.filter(({ kind }) => kind === 'node.runtime-down').map(({ entity }) => entity)
  for (const text of [
    'containerd.service: Main process exited, code=killed, status=9/KILL',
    'docker.service: Main process exited, code=exited, status=1/FAILURE',
    'crio.service: Main process exited, code=dumped, status=6/ABRT',
  ])
    assert.deepEqual(await down(text), ['node/maps-w3'], text)
  for (const text of [
    'containerd.service: Main process exited, code=exited, status=0/SUCCESS',
    'containerd.service: Deactivated successfully.',
    'containerd.service: A process of this unit has been killed by the OOM killer.',
    'docker.service: Unit process 123 (dockerd) remains running after unit stopped.',
    'certbot.service: Main process exited, code=exited, status=1/FAILURE',
  ])
    assert.deepEqual(await down(text), [], text)
})

test('any cut of the bytes gives the same', async () => {
  const whole = await read(around + journal(systemd.example))
  for (const chunkBytes of [1, 7, 40]) assert.deepEqual(await read(around + journal(systemd.example), { chunkBytes }), whole)
})
