import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'
import { etcd } from './etcd.js'

const json = (level: string, message: string, caller = 'etcdserver/util.go:170'): string =>
  `{"level":"${level}","ts":"2026-11-21T08:19:31.123456Z","caller":"${caller}","msg":"${message}","took":"320ms"}`
const kinds = async (text: string): Promise<readonly string[]> =>
  (await read(text)).signals.map(({ kind, entity, attributes }) => `${kind} ${entity} ${attributes['app']}`)

test('the example is a warning: a slow apply', async () => {
  const extract = await read(`${etcd.example}\n`)
  assert.deepEqual([extract.format, extract.records], ['etcd', 1])
  assert.deepEqual(
    extract.signals.map(({ kind, at }) => [kind, at.basis]),
    [['log.warning', 'utc']],
  )
})

test('a lost leader and a full database are errors whatever their level; ordinary notes are nothing', async () => {
  assert.deepEqual(await kinds(json('info', '8e9e05c52164694d lost leader 8e9e05c52164694d at term 3', 'raft/node.go:340')), ['log.error process/-/etcd etcd'])
  assert.deepEqual(await kinds(json('warn', 'failed to apply request: mvcc: database space exceeded')), ['log.error process/-/etcd etcd'])
  assert.deepEqual(await kinds(json('info', 'finished scheduled compaction', 'mvcc/kvstore_compaction.go:57')), [])
  assert.deepEqual(await kinds(json('warn', 'simple token is not cryptographically signed', 'auth/store.go:1233')), [])
})

test('text of etcd 3.3 and lines of the Go library among it are read', async () => {
  const text = [
    '2026-11-21 08:19:31.123456 W | etcdserver: read-only range request "key:\\"/registry/pods\\"" with result "range_response_count:1" took too long (320ms) to execute',
    '2026-11-21 08:19:32.123456 I | raft: raft.node: 8e9e05c52164694d lost leader 8e9e05c52164694d at term 2',
    '2026-11-21 08:19:33.123456 I | embed: serving client requests on 127.0.0.1:2379',
    '2026/11/21 08:19:34 WARNING: [core] grpc: addrConn.createTransport failed to connect',
  ].join('\n')
  const extract = await read(text)
  assert.deepEqual([extract.format, extract.records, extract.skipped], ['etcd', 4, 0])
  assert.deepEqual(
    extract.signals.map(({ kind }) => kind),
    ['log.warning', 'log.error'],
  )
})

test('however the bytes are cut, the extract is the same; a cut or hostile line does not throw', async () => {
  const text = [
    etcd.example,
    json('warn', 'apply request took too long'),
    '{"level":"warn","ts":"2026-11-21T08:19:31.1Z","caller":"etcdserver/x.go:1","msg":"took too lo',
    `{"level":"error","ts":"2026-11-21T08:19:31.1Z","__proto__":{"msg":"x"},"msg":${'['.repeat(50_000)}`,
  ].join('\n')
  const whole = await read(text)
  assert.equal(whole.skipped, 0)
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes += 3) assert.deepEqual(await read(text, { chunkBytes }), whole)
})

test('a write that waits for its disk is more than a warning, also where a collector wrote the line anew', async () => {
  const slow = json('warn', 'slow fdatasync', 'wal/wal.go:810')
  for (const line of [slow, slow.replace(/":/gu, '": ').replace(/,"/gu, ', "')]) {
    const extract = await read(line)
    assert.deepEqual(
      [extract.format, extract.signals.map(({ kind, attributes }) => [kind, attributes['metric']])],
      [
        'etcd',
        [
          ['metric.anomalous', 'slow-disk'],
          ['log.warning', undefined],
        ],
      ],
    )
  }
  assert.deepEqual(await kinds(json('warn', 'apply request took too long')), ['log.warning process/-/etcd etcd'])
})

test('an etcd that was asked to stop was restarted by somebody', async () => {
  const told = async (text: string): Promise<readonly string[]> => (await read(text)).signals.map(({ kind, entity }) => `${kind} ${entity}`)
  const json =
    '{"level":"info","ts":"2026-11-21T08:19:31.983889Z","caller":"osutil/interrupt_unix.go:64","msg":"received signal; shutting down","signal":"terminated"}'
  assert.deepEqual(await told(json), ['action.restart process/-/etcd'])
  assert.deepEqual(await told('2026-11-21 08:19:31.123456 N | pkg/osutil: received terminated signal, shutting down...'), ['action.restart process/-/etcd'])
})
