/** What is found of a node, a server or a service in expressions as dashboards have them; what is not to be found in those that look like them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input, series, timelineOf } from '../../../test/timeline-builder.js'
import type { Labels } from '../../model/extract.js'
import { findWrong } from '../find.js'

const BAD_FROM = 1_800
const BAD_TO = 2_400
/** Calm, but for ten minutes. */
const shown = (calm: number, bad: number) => (second: number) => (second >= BAD_FROM && second < BAD_TO ? bad : calm)

interface Case {
  readonly expression: string
  readonly labels?: Labels
  readonly calm: number
  readonly bad: number
}

const found = ({ expression, labels = { instance: 'w1:9100' }, calm, bad }: Case): string[] =>
  findWrong(timelineOf([input('prom/answer.json', { format: 'prometheus', series: [series(expression, labels, shown(calm, bad))] })])).map(
    ({ kind, entity, start }) => `${kind} ${entity} ${Math.round((start - Date.parse('2026-03-04T10:00:00Z')) / 1000)}`,
  )

/** Bad for ten minutes is found from then on; the same expression that only ever shows the calm tells nothing. */
const finds = (what: string, cases: readonly Case[]): void => {
  for (const one of cases) {
    assert.deepEqual(found(one), [`${what} ${BAD_FROM}`], one.expression)
    assert.deepEqual(found({ ...one, bad: one.calm }), [], `${one.expression}, calm`)
    // The other way round: bad nearly always, calm for ten minutes. That calm is no trouble.
    assert.ok(!found({ ...one, calm: one.bad, bad: one.calm }).includes(`${what} ${BAD_FROM}`), `${one.expression}, the other way round`)
  }
}

const findsNothing = (cases: readonly Case[]): void => {
  for (const one of cases) {
    assert.deepEqual(found(one), [], one.expression)
    assert.deepEqual(found({ ...one, calm: one.bad, bad: one.calm }), [], `${one.expression}, the other way round`)
  }
}

const IDLE = 'rate(node_cpu_seconds_total{mode="idle"}[5m])'
const BUSY = 'rate(node_cpu_seconds_total{mode!="idle"}[5m])'

test('processors', () =>
  finds('node.cpu-saturated node/w1', [
    { expression: `1 - avg by (instance) (${IDLE})`, calm: 0.04, bad: 0.99 },
    { expression: `100 - (avg by (instance) (${IDLE}) * 100)`, calm: 4, bad: 99 },
    { expression: `(1 - avg(irate(node_cpu_seconds_total{mode="idle"}[1m])) by (instance)) * 100`, calm: 4, bad: 99 },
    { expression: `avg by (instance) (${IDLE})`, calm: 0.96, bad: 0.01 },
    { expression: IDLE, calm: 0.96, bad: 0.01 },
    { expression: `sum by (instance) (${BUSY}) / count by (instance) (node_cpu_seconds_total{mode="idle"})`, calm: 0.04, bad: 0.99 },
    {
      expression: `SUM(rate(node_cpu_seconds_total{mode!="idle",mode!="iowait"}[5m])) WITHOUT (cpu, mode) / ON(instance) GROUP_LEFT() count(sum(node_cpu_seconds_total) BY (instance, cpu)) BY (instance)`,
      calm: 0.04,
      bad: 0.99,
    },
    { expression: `sum by (instance) (${BUSY}) / sum by (instance) (rate(node_cpu_seconds_total[5m])) * 100`, calm: 4, bad: 99 },
    {
      expression: `1 - avg without (cpu) (sum without (mode) (rate(node_cpu_seconds_total{mode=~"idle|iowait|steal"}[5m])))`,
      calm: 0.04,
      bad: 0.99,
    },
    { expression: `avg by (instance, mode) (rate(node_cpu_seconds_total[5m]))`, labels: { instance: 'w1:9100', mode: 'idle' }, calm: 0.96, bad: 0.01 },
    { expression: `1 - avg(rate(node_cpu_seconds_total{instance="w1:9100",mode="idle"}[5m]))`, labels: {}, calm: 0.04, bad: 0.99 },
    { expression: `100 * instance:node_cpu_utilisation:rate5m`, calm: 4, bad: 99 },
    { expression: `100 - cpu_usage_idle`, labels: { host: 'w1', cpu: 'cpu-total' }, calm: 4, bad: 99 },
  ]))

test('processor time that is nobody’s share of a machine', () =>
  findsNothing([
    { expression: `avg by (instance) (${BUSY})`, calm: 0.01, bad: 0.95 }, // the mean of the modes
    { expression: `sum by (instance) (${IDLE})`, calm: 0.9, bad: 0.01 }, // cores
    { expression: `1 - sum by (instance) (${IDLE})`, calm: 0.05, bad: 0.98 },
    { expression: `1 - min by (instance) (${IDLE})`, calm: 0.1, bad: 0.99 }, // the busiest core
    { expression: `rate(node_cpu_seconds_total{mode="user"}[5m])`, calm: 0.1, bad: 0.99 },
    { expression: `avg by (instance, mode) (rate(node_cpu_seconds_total[5m]))`, labels: { instance: 'w1:9100', mode: 'user' }, calm: 0.1, bad: 0.99 },
    { expression: `1 - avg by (instance) (${IDLE}) ^ 2`, calm: 0.1, bad: 0.99 },
    { expression: `1 - avg by (instance) (${IDLE} offset 1d)`, calm: 0.1, bad: 0.99 },
    { expression: `avg by (instance) (${IDLE}) < 0.5`, calm: 0.4, bad: 0.01 },
    { expression: `(1 - ${IDLE}) / ignoring (cpu) group_left count without (cpu) (node_cpu_seconds_total{mode="idle"})`, calm: 0.01, bad: 0.99 },
    { expression: `1 - avg by (instance) (${IDLE})`, calm: 4, bad: 99 }, // does not show what it says
    { expression: `cpu_usage ^ 2`, labels: { host: 'w1' }, calm: 0.1, bad: 0.99 },
  ]))

const AVAILABLE = 'node_memory_MemAvailable_bytes'
const TOTAL = 'node_memory_MemTotal_bytes'

test('memory', () =>
  finds('node.memory-exhausted node/w1', [
    { expression: `1 - ${AVAILABLE} / ${TOTAL}`, calm: 0.4, bad: 0.985 },
    { expression: `100 * (1 - ((${AVAILABLE}) / (${TOTAL})))`, calm: 5, bad: 98.5 },
    { expression: `(${TOTAL} - ${AVAILABLE}) / ${TOTAL} * 100`, calm: 40, bad: 98.5 },
    { expression: `${AVAILABLE} / ${TOTAL}`, calm: 0.6, bad: 0.015 },
    { expression: `sum by (instance) (${AVAILABLE}) * 100 / sum by (instance) (${TOTAL})`, calm: 60, bad: 1.5 },
    {
      expression: '100 * (node_memory_MemFree_bytes + node_memory_Cached_bytes + node_memory_Buffers_bytes) / node_memory_MemTotal_bytes',
      calm: 60,
      bad: 1.5,
    },
    { expression: 'instance:node_memory_utilisation:ratio', calm: 0.4, bad: 0.985 },
  ]))

test('memory that says nothing of what is left', () =>
  findsNothing([
    { expression: `100 * (1 - node_memory_MemFree_bytes / ${TOTAL})`, calm: 40, bad: 99 }, // caches fill what nobody wants
    { expression: `1 - ${AVAILABLE} / ${TOTAL}`, calm: 40, bad: 98 }, // does not show what it says
    { expression: `node_memory_SwapFree_bytes / ${TOTAL}`, calm: 0.5, bad: 0.01 },
    { expression: `${AVAILABLE} / ${TOTAL} > 0.01`, calm: 0.5, bad: 0.02 },
    { expression: `${AVAILABLE} / container_spec_memory_limit_bytes`, calm: 0.5, bad: 0.02 },
  ]))

const DISK = { instance: 'w1:9100', mountpoint: '/', fstype: 'ext4' }

test('file systems', () => {
  finds('node.disk-full node/w1', [
    {
      expression: '100 - ((node_filesystem_avail_bytes{mountpoint="/"} * 100) / node_filesystem_size_bytes{mountpoint="/"})',
      labels: DISK,
      calm: 60,
      bad: 99.5,
    },
    { expression: '1 - (node_filesystem_free_bytes{fstype!="tmpfs"} / node_filesystem_size_bytes{fstype!="tmpfs"})', labels: DISK, calm: 0.6, bad: 1 },
    { expression: '(node_filesystem_size_bytes - node_filesystem_avail_bytes) / node_filesystem_size_bytes', labels: DISK, calm: 0.6, bad: 1 },
    { expression: 'node_filesystem_avail_bytes / node_filesystem_size_bytes', labels: DISK, calm: 0.4, bad: 0 },
  ])
  findsNothing([
    { expression: '1 - node_filesystem_avail_bytes / node_filesystem_size_bytes', labels: DISK, calm: 60, bad: 99 },
    { expression: 'node_filesystem_avail_bytes * 100 / node_filesystem_files', labels: DISK, calm: 60, bad: 1 },
  ])
})

const ALL = 'sum by (service) (rate(http_requests_total[5m]))'

test('requests that failed, of all', () => {
  const labels = { service: 'checkout' }
  finds('service.errors service/-/checkout', [
    { expression: `sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) / ${ALL}`, labels, calm: 0.001, bad: 0.6 },
    { expression: `100 * sum by (service) (rate(http_requests_total{code=~"5.*"}[5m])) / ${ALL}`, labels, calm: 0.1, bad: 60 },
    { expression: `1 - sum by (service) (rate(http_requests_total{code!~"5.."}[5m])) / ${ALL}`, labels, calm: 0.001, bad: 0.6 },
    { expression: `sum by (service) (rate(http_requests_total{code!~"5.."}[5m])) / ${ALL}`, labels, calm: 0.999, bad: 0.4 },
    {
      expression: `sum(increase(http_requests_total{service="checkout",status=~"5.."}[1m])) / sum(increase(http_requests_total{service="checkout"}[1m]))`,
      labels: {},
      calm: 0.001,
      bad: 0.6,
    },
  ])
  findsNothing([
    { expression: `sum by (service) (rate(http_requests_total{code=~"4.."}[5m])) / ${ALL}`, labels, calm: 0.001, bad: 0.6 },
    { expression: `sum by (service) (rate(http_requests_total{code="200"}[5m])) / ${ALL}`, labels, calm: 0.001, bad: 0.6 },
    {
      expression: `sum by (service) (rate(http_requests_total{code=~"5.."}[5m])) / sum by (service) (rate(http_requests_total{code="200"}[5m]))`,
      labels,
      calm: 0.001,
      bad: 0.6,
    },
    {
      expression: `sum by (service) (rate(apiserver_request_total{code=~"5.."}[5m])) / sum by (service) (rate(apiserver_request_total[5m]))`,
      labels,
      calm: 0.001,
      bad: 0.6,
    },
  ])
})

test('response times in milliseconds are no seconds', () => {
  const of = (expression: string, calm: number, bad: number): Case => ({ expression, labels: { service: 'checkout' }, calm, bad })
  const p99 = 'histogram_quantile(0.99, sum by (le, service) (rate(http_request_duration_seconds_bucket[5m])))'
  finds('service.slow service/-/checkout', [of(p99, 0.12, 4.1), of(`1000 * ${p99}`, 120, 4_100)])
  findsNothing([of(`1000 * ${p99}`, 20, 99), of(`${p99} ^ 2`, 0.12, 4.1)])
})

test('connections as a share of max_connections', () => {
  const of = (expression: string, calm: number, bad: number): Case => ({ expression, labels: { server: 'db:5432' }, calm, bad })
  for (const one of [
    of('sum by (server) (pg_stat_activity_count) / on() group_left pg_settings_max_connections', 0.2, 0.99),
    of('100 * sum(pg_stat_activity_count) by (server) / max(pg_settings_max_connections) by (server)', 20, 99),
  ]) {
    assert.deepEqual(found(one).sort(), ['postgres.connections-rising postgres/main 1800', 'postgres.connections-saturated postgres/main 1800'])
    assert.deepEqual(found({ ...one, bad: one.calm * 2 }), [])
  }
  findsNothing([of('pg_stat_activity_count / pg_settings_max_connections > 0.1', 0.2, 0.99)])
  const [rising] = findWrong(
    timelineOf([
      input('prom/answer.json', {
        series: [series('sum(pg_stat_activity_count) / max(pg_settings_max_connections)', { server: 'db:5432' }, shown(0.2, 0.99))],
      }),
    ]),
  )
  assert.match(rising?.summary ?? '', /climbed from about 20 to 99 % of those it has/)
})

test('multiples of what pods use', () => {
  const labels = { namespace: 'shop', pod: 'web-1', node: 'w1' }
  const mib = 2 ** 20
  const memory = (expression: string, unit: number): Case => ({ expression, labels, calm: (300 * mib) / unit, bad: (2_000 * mib) / unit })
  for (const one of [
    memory('sum by (pod, namespace) (container_memory_working_set_bytes) / 1024 / 1024', mib),
    memory('container_memory_rss{container!=""} * 8', 1 / 8),
  ])
    assert.ok(
      found(one).some((said) => said.startsWith('pod.memory-growing pod/shop/web-1')),
      one.expression,
    )
  findsNothing([
    { expression: 'container_memory_working_set_bytes * 8', labels, calm: 20 * mib * 8, bad: 100 * mib * 8 },
    { expression: 'container_memory_working_set_bytes ^ 2', labels, calm: 300 * mib, bad: 2_000 * mib },
  ])
})
