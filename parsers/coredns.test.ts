import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { coredns } from './coredns.js'

const at = (second: number, line: string): string => `2026-03-02T10:00:${String(second).padStart(2, '0')}.000000001Z ${line}`

test('the example is a line of this format', async () => {
  const extract = await read(`${at(1, coredns.example)}\n`)
  assert.equal(extract.format, 'coredns')
  assert.deepEqual(
    extract.signals.map(({ kind, attributes }) => [kind, attributes]),
    [['network.dns-failure', { name: 'orders-db.example.com', reason: 'timeout' }]],
  )
})

test('names that could not be resolved, and a lost API; not its own probe of loops, not an answered query', async () => {
  const extract = await read(
    [
      at(0, '.:53'),
      at(0, 'CoreDNS-1.10.1'),
      at(0, 'linux/amd64, go1.20, 055b2c3'),
      at(1, '[ERROR] plugin/errors: 2 3155298427198321.8437294. HINFO: read udp 10.244.0.2:41234->8.8.8.8:53: i/o timeout'),
      at(2, '[INFO] 10.244.1.9:41234 - 12345 "A IN db.shop.svc.cluster.local. udp 52 false 512" NOERROR qr,aa,rd 102 0.0001s'),
      at(3, '[INFO] 10.244.1.9:41234 - 12345 "A IN db.shop.svc.cluster.local. udp 52 false 512" SERVFAIL qr,rd,ra 40 2.003s'),
      at(4, '[WARNING] plugin/kubernetes: Kubernetes API connection failure: Get "https://10.96.0.1:443/version": dial tcp 10.96.0.1:443: i/o timeout'),
    ].join('\n'),
    { path: 'pods/kube-system_coredns-5d78c9869d-abcde_0a1b2c3d-0000/coredns/0.log', context: { pod: 'pod/kube-system/coredns-5d78c9869d-abcde' } },
  )
  assert.deepEqual(
    extract.signals.map(({ kind, entity, attributes }) => [kind, entity, attributes['reason']]),
    [
      ['network.dns-failure', 'pod/kube-system/coredns-5d78c9869d-abcde', 'servfail'],
      ['log.error', 'pod/kube-system/coredns-5d78c9869d-abcde', 'timeout'],
    ],
  )
  assert.equal(extract.skipped, 0)
})

test('without any times its failures are missing evidence', async () => {
  const extract = await read(`.:53\n${coredns.example}\n`)
  assert.deepEqual(extract.signals, [])
  assert.equal(extract.facts[0]?.fact, 'missing')
})

test('hostile lines are read past', async () => {
  const extract = await read(
    `${coredns.example}\n[ERROR] plugin/errors: ${'2 '.repeat(9_000)}\n[${'['.repeat(9_000)}\n[INFO] ${'1.'.repeat(9_000)}" SERVFAIL \n`,
  )
  assert.equal(extract.format, 'coredns')
})
