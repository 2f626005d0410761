/** What expressions are read as, and which are not read at all. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readExpression } from './read.js'

/** -100 · sum(rate a{b="c"}) / d + 100 */
const read = (text: string): string | null => {
  const form = readExpression(text)
  if (form === null) return null
  const of = (one: (typeof form.terms)[number]['of']): string => {
    const matchers = one.matchers.map(({ label, is, value }) => `${label}${is}${value}`).join(',')
    const measured = `${one.how === 'value' ? '' : `${one.how} `}${one.metric}${matchers === '' ? '' : `{${matchers}}`}`
    return one.through.reduce((inner, { does, by, labels }) => `${does}[${by ? '' : '-'}${labels.join()}](${inner})`, measured)
  }
  const terms = form.terms.map(({ by, of: one }) => `${by} · ${of(one)}`).join(' + ')
  return `${terms}${form.over === null ? '' : ` / ${of(form.over)}`}${terms !== '' && form.plus === 0 ? '' : ` + ${form.plus}`}`
}

const reads = (cases: Readonly<Record<string, string | null>>): void => {
  for (const [text, expected] of Object.entries(cases)) assert.equal(read(text), expected, text)
}

test('numbers round a metric are a multiple of it and an addend', () =>
  reads({
    '1 - a_b': '-1 · a_b + 1',
    '100 - (avg by (instance) (rate(a_total{mode="idle"}[5m])) * 100)': '-100 · avg[instance](rate a_total{mode=idle}) + 100',
    '(1 - avg(irate(a_total[1m])) by(instance)) * 100': '-100 · avg[instance](rate a_total) + 100',
    'a_b / 1024 / 1024 * 2 ': `${2 / 1024 / 1024} · a_b`,
    '-a_b + 1e3 # comment': '-1 · a_b + 1000',
    '2 * (3 - 0x10) - a_b': '-1 · a_b + -26',
    'increase(a_total[1h30m])': '5400 · rate a_total',
    'increase(a_total[$__range]) / increase(b_total[$__range])': '1 · increase a_total / increase b_total',
  }))

test('quotients and sums of metrics', () =>
  reads({
    '100 * (1 - ((avail_bytes) / (total_bytes)))': '-100 · avail_bytes / total_bytes + 100',
    '(total_bytes - avail_bytes) / total_bytes * 100': '-100 · avail_bytes / total_bytes + 100',
    '100 - ((avail_bytes{m="/"} * 100) / size_bytes{m="/"})': '-100 · avail_bytes{m=/} / size_bytes{m=/} + 100',
    'sum(total_bytes - avail_bytes) / sum(total_bytes)': '-1 · sum[](avail_bytes) / sum[](total_bytes) + 1',
    '(a_b + c_d) / 2 / e_f': '0.5 · a_b + 0.5 · c_d / e_f',
    'sum by (s) (a_b) / on() group_left max_c': '1 · sum[s](a_b) / max_c',
    'SUM(a_b) WITHOUT (cpu, mode) / ON(instance) GROUP_LEFT() count(sum(c_d) BY (instance, cpu)) BY (instance)':
      '1 · sum[-cpu,mode](a_b) / count[instance](sum[instance,cpu](c_d))',
    '(sum(a_b) or vector(0)) / sum(c_d)': '1 · sum[](a_b) / sum[](c_d)',
    'a_b * on(instance) group_left(nodename) node_uname_info': '1 · a_b',
    'a_b and on(pod) c_d': '1 · a_b',
  }))

test('functions that leave values as they are', () =>
  reads({
    'label_replace(round(a_b, 0.1), "node", "$1", "instance", "(.*):.*")': '1 · a_b',
    'clamp_max(topk(3, max_over_time(a_b[5m:1m])), 1)': '1 · a_b',
    'histogram_quantile(0.99, sum by (le) (rate(a_bucket[5m]))) * 1000': '1000 · quantile sum[le](rate a_bucket)'.replace(
      'quantile sum[le](rate a_bucket)',
      'sum[le](quantile a_bucket)',
    ),
    '{__name__="a:b", c!~"d|e",}': '1 · a:b{c!~d|e}',
  }))

test('what is no such form is not read', () => {
  for (const text of [
    'a_b * c_d',
    'a_b ^ 2',
    '-2 ^ a_b',
    'a_b % 3',
    'a_b > 5',
    'a_b > bool 5',
    'a_b == 1',
    'a_b or c_d',
    '1 / a_b',
    'a_b / c_d / e_f',
    'a_b / (c_d - e_f)',
    '(1 - a_b) / c_d',
    'a_b / c_d + e_f / g_h',
    'sum(1 - a_b)',
    'sum(a_b / c_d)',
    'stddev(a_b)',
    'absent(a_b)',
    'sum_over_time(a_b[5m])',
    'sqrt(a_b)',
    'rate(a_b)',
    'rate(sum(a_b)[5m:])',
    'a_b offset 1d',
    'a_b @ 1609746000',
    '1 -',
    '(a_b',
    'a_b)',
    'a_b{c="d}',
    'a_b{c=d}',
    'CPU usage %',
    'sum by a_b',
    '$metric',
    '',
  ])
    assert.equal(read(text), null, text)
})

test('what somebody made to be long or deep is given up soon', () => {
  const started = performance.now()
  for (const text of [
    '('.repeat(3_999),
    `${'('.repeat(1_900)}a_b${')'.repeat(1_900)}`,
    `${'sum('.repeat(900)}a_b`,
    '-'.repeat(3_990),
    `a_b${'+a_b'.repeat(990)}`,
    `"${'\\'.repeat(3_990)}`,
    '1'.repeat(3_990),
    '1e'.repeat(1_900),
    `rate(a_b[${'1m'.repeat(1_900)}!])`,
    'a_b '.repeat(990),
    'a'.repeat(100_000),
    Array.from({ length: 400 }, (_, index) => `a_${index}`).join('+'),
  ])
    read(text)
  assert.ok(performance.now() - started < 1_000)
})
