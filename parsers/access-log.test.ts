import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { pod } from '../src/model/entity.js'
import type { InputExtract } from '../src/model/extract.js'
import { read } from '../test/read.js'
import { accessLog } from './access-log.js'
import { hit, readAccess } from './access-log-lines.js'
import { readAccessJson } from './access-log-json.js'
import { serviceNamed } from './access-log-services.js'

const clf = (more: string): string => `10.9.0.7 - - [21/Nov/2026:08:18:01 +0000] ${more}`
const AT = Date.UTC(2026, 10, 21, 8, 18, 1)

describe('a request is read from every server’s line', () => {
  // kind of log, line, status, seconds, service, milliseconds after 08:18:01
  const lines: readonly [kind: string, line: string, status: number, seconds: number, service: string | null, after: number][] = [
    ['ingress-nginx', accessLog.example, 502, 2.003, 'service/shop/web', 0],
    ['common', clf('"GET / HTTP/1.1" 200 612'), 200, NaN, null, 0],
    ['combined', clf('"GET /a\\"b HTTP/1.1" 304 0 "https://shop.example/" "Mozilla/5.0 (X11; rv:1.0)"'), 304, NaN, null, 0],
    ['combined, with request time', clf('"GET / HTTP/2.0" 200 5 "-" "curl" "-" rt=0.250 uct="0.000"'), 200, 0.25, null, 0],
    ['virtual hosts', `shop.example:443 ${clf('"GET / HTTP/1.1" 503 5 "-" "curl"')}`, 503, NaN, 'service/-/shop.example', 0],
    ['a user with a blank in the name', '10.9.0.7 - ann lee [21/Nov/2026:08:18:01 +0000] "GET / HTTP/1.1" 200 5', 200, NaN, null, 0],
    ['Traefik', clf('"GET / HTTP/1.1" 502 11 "-" "curl" 17 "web@docker" "http://10.1.0.3:80" 12ms'), 502, 0.012, 'service/-/web', 0],
    [
      'Envoy',
      '[2026-11-21T08:18:01.123Z] "GET /a HTTP/1.1" 503 UF,URX 0 91 12 11 "10.0.0.1" "curl/8" "c0ffee" "web.shop:80" "10.1.2.3:80"',
      503,
      0.012,
      'service/-/web.shop',
      123,
    ],
    [
      'Istio',
      '[2026-11-21T08:18:01.123Z] "GET /a HTTP/1.1" 503 UF upstream_reset_before_response_started{connection_failure} - "-" 0 91 25 - "-" "curl/8" "c0ffee" "web" "10.1.2.3:80" outbound|80||web.shop.svc.cluster.local - 10.1.2.4:80 10.1.2.5:4000 - default',
      503,
      0.025,
      'service/shop/web',
      123,
    ],
    [
      'HAProxy',
      'Nov 21 08:18:01 lb-1 haproxy[14389]: 10.0.1.2:33317 [21/Nov/2026:08:18:01.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "GET /index.html HTTP/1.1"',
      200,
      0.109,
      'service/-/static',
      655,
    ],
    [
      'AWS ALB',
      'https 2026-11-21T08:18:01.186641Z app/shop-lb/50dc6c495c0c9188 10.9.0.1:2817 10.0.0.1:80 0.086 0.048 0.037 502 502 34 366 "GET https://shop.example:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/73e2d6bc24d8a067 "Root=1-58337262"',
      502,
      0.171,
      'service/-/web',
      186.641,
    ],
    ['Flask', '127.0.0.1 - - [21/Nov/2026 08:18:01] "GET / HTTP/1.1" 500 -', 500, NaN, null, 0],
    [
      'nginx JSON',
      '{"time":"2026-11-21T08:18:01+00:00","status":"504","request_time":60.001,"request":"GET / HTTP/1.1","host":"shop.example"}',
      504,
      60.001,
      'service/-/shop.example',
      0,
    ],
    [
      'Traefik JSON',
      '{"DownstreamStatus":502,"Duration":1250000,"RequestMethod":"GET","RequestPath":"/","ServiceName":"shop-web-80@kubernetes","time":"2026-11-21T08:18:01Z"}',
      502,
      0.00125,
      'service/shop/web',
      0,
    ],
    [
      'Caddy',
      '{"level":"info","ts":1795249081,"msg":"handled request","request":{"method":"GET","host":"shop.example","uri":"/"},"duration":0.25,"status":200}',
      200,
      0.25,
      'service/-/shop.example',
      0,
    ],
    [
      'Istio JSON',
      '{"authority":"web.shop.svc.cluster.local:80","duration":12,"method":"GET","path":"/","response_code":503,"response_flags":"UH","start_time":"2026-11-21T08:18:01.000Z"}',
      503,
      0.012,
      'service/shop/web',
      0,
    ],
  ]
  for (const [kind, line, status, seconds, service, after] of lines)
    test(kind, () => {
      const bytes = Buffer.from(line)
      assert.ok((line.startsWith('{') ? readAccessJson : readAccess)(bytes, 0, bytes.length))
      const named = hit.form === 'none' ? null : serviceNamed(hit.form, bytes.toString('utf8', hit.serviceStart, hit.serviceEnd))
      assert.deepEqual([hit.status, Math.round(hit.seconds * 1e6) / 1e6, named], [status, seconds, service])
      assert.ok(Math.abs(hit.ms - AT - after) < 1, new Date(hit.ms).toISOString())
    })

  for (const line of [
    '2026-11-21T08:18:01Z INFO "quoted" 200 items',
    '{"status":"ok","request":"x"}',
    '{"status":500,"msg":"no request"}',
    clf('"GET / HTTP/1.1"'),
    clf('"GET / HTTP/1.1" 2000 1'),
    '[2026-11-21 08:18:01] "x" abc',
    'https is not 2026',
    'level=info msg="GET / 200"',
    '[[[[[[[[[[["',
  ])
    test(`not from: ${line}`, () => {
      const bytes = Buffer.from(line)
      assert.equal((line.startsWith('{') ? readAccessJson : readAccess)(bytes, 0, bytes.length), false)
    })
})

const said = (extract: InputExtract): readonly (readonly unknown[])[] =>
  extract.signals.map(({ kind, entity, phase, count, attributes }) => [kind, entity, phase, count, attributes])

describe('what failed is a signal', () => {
  test('5xx and 499 are, per service and status; 4xx is not', async () => {
    const at = (status: number): string => accessLog.example.replace(' 502 ', ` ${status} `)
    const extract = await read([at(200), at(404), at(502), at(502), at(499)].join('\n'))
    assert.equal(extract.format, 'access-log')
    assert.deepEqual(said(extract), [
      ['http.error', 'service/shop/web', 'point', 2, { status: 502, service: 'shop/web' }],
      ['http.error', 'service/shop/web', 'point', 1, { status: 499, service: 'shop/web' }],
    ])
  })

  test('of the pod’s own workload, where the line names no service', async () => {
    const extract = await read(clf('"GET / HTTP/1.1" 500 5'), { context: { pod: pod('shop', 'web-669fc94c59-hl2fh') } })
    assert.equal(extract.signals[0]?.entity, 'service/shop/web')
    assert.deepEqual(extract.facts, [{ fact: 'runs-as', of: 'service/shop/web', by: 'pod/shop/web-669fc94c59-hl2fh' }])
  })

  test('of nobody, where a kubelet asks its pod whether it is ready yet; of an application, a path of that name is a request', async () => {
    const lines = ['GET /ready HTTP/1.1', 'GET /api/healthz?full=1 HTTP/1.1', 'GET /readymade/shelves HTTP/1.1']
      .map((request) => clf(`"${request}" 503 5`))
      .join('\n')
    const asked = async (context: Parameters<typeof read>[1]): Promise<number> =>
      (await read(lines, context)).signals.reduce((sum, { count }) => sum + count, 0)
    assert.equal(await asked({ context: { pod: pod('shop', 'web-669fc94c59-hl2fh') } }), 1)
    assert.equal(await asked({ path: 'dump/shop-access.log' }), 3)
  })

  test('of the file, where nothing names it', async () => {
    assert.equal((await read(clf('"GET / HTTP/1.1" 500 5'), { path: 'dump/shop-access.log' })).signals[0]?.entity, 'service/-/shop')
    assert.equal((await read(clf('"GET / HTTP/1.1" 500 5'), { path: 'dump/nginx/access.log' })).signals[0]?.entity, 'service/-/nginx')
  })

  test('an application’s own line tells why a request failed, as JSON or as keys and values', async () => {
    const why = 'request failed: could not translate host name \\"db-main.shop.internal\\" to address: Temporary failure in name resolution'
    const lines = [1, 2, 3].map(
      (second) =>
        `{"timestamp": "2026-11-23T12:19:1${second}.378Z", "level": "error", "service": "billing", "message": "${why}", "path": "/billing/128", "status": 500, "duration_ms": 1}`,
    )
    const extract = await read(lines.join('\n'), { path: 'billing.log' })
    assert.deepEqual(extract.signals.map(({ kind, entity, count }) => `${kind} ${entity} ${count}`).sort(), [
      'http.error service/-/billing 3',
      'log.error service/-/billing 3',
      'network.dns-failure service/-/billing 3',
    ])
  })

  test('nginx’s error log speaks of its backends', async () => {
    const error = (text: string): string =>
      `2026/11/21 08:18:01 [error] 12#12: *3 ${text}, client: 10.9.0.1, server: shop.example, request: "GET / HTTP/1.1", upstream: "http://10.1.2.3:80/", host: "shop.example"`
    const extract = await read(
      [
        error('connect() failed (111: Connection refused) while connecting to upstream'),
        error('no live upstreams while connecting to upstream'),
        error('upstream timed out (110: Operation timed out) while reading response header from upstream'),
        '2026/11/21 08:18:02 [error] 12#12: *3 open() "/srv/favicon.ico" failed (2: No such file or directory), client: 10.9.0.1',
        '2026/11/21 08:18:03 [notice] 1#1: upstream: nothing',
      ].join('\n'),
    )
    assert.equal(extract.records, 5)
    assert.deepEqual(said(extract), [
      ['loadbalancer.backends-down', 'loadbalancer/nginx', 'point', 1, { backend: '10.1.2.3:80', reason: 'refused' }],
      ['loadbalancer.backends-down', 'loadbalancer/nginx', 'point', 1, { backend: '10.1.2.3:80', reason: 'no-live-upstreams' }],
      // It is there, and slow.
      ['log.error', 'loadbalancer/nginx', 'point', 1, { app: 'nginx', reason: 'timeout', backend: '10.1.2.3:80' }],
    ])
  })

  test('HAProxy’s health checks open with the first server down and close with the last one up', async () => {
    const state = (second: number, text: string): string => `Nov 21 08:18:0${second} lb-1 haproxy[17]: Server ${text}.`
    const extract = await read(
      [
        state(1, 'web/web1 is DOWN, reason: Layer4 timeout, check duration: 2001ms. 1 active and 0 backup servers left'),
        state(2, 'web/web2 is DOWN, reason: Layer4 timeout'),
        'Nov 21 08:18:02 lb-1 haproxy[17]: backend web has no server available!',
        state(3, 'web/web1 is UP, reason: Layer7 check passed, code: 200'),
        state(4, 'web/web2 is UP, reason: Layer7 check passed, code: 200'),
      ].join('\n'),
    )
    assert.deepEqual(
      extract.signals.map(({ phase, attributes }) => [phase, attributes['backend']]),
      [
        ['begin', 'web/web1'],
        ['point', 'web/web2'],
        ['point', 'web'],
        ['end', 'web/web2'],
      ],
    )
  })

  test('a proxy without a backend for a request says so', async () => {
    const extract = await read('10.0.1.2:33317 [21/Nov/2026:08:18:01.655] http-in web/<NOSRV> 0/-1/-1/-1/2 503 217 - - SC-- 0/0/0/0/0 0/0 "GET / HTTP/1.1"')
    assert.deepEqual(
      extract.signals.map(({ kind, entity }) => [kind, entity]),
      [
        ['http.error', 'service/-/web'],
        ['loadbalancer.backends-down', 'loadbalancer/haproxy'],
      ],
    )
  })
})

test('requests are counted by class, and their durations summed up by quantiles, per ten seconds', async () => {
  const line = (second: number, status: number, seconds: string): string =>
    accessLog.example
      .replace('08:18:01', `08:18:${String(second).padStart(2, '0')}`)
      .replace(' 502 ', ` ${status} `)
      .replace(' 2.003 ', ` ${seconds} `)
  const { series } = await read([line(1, 200, '0.010'), line(2, 200, '0.010'), line(3, 200, '0.010'), line(4, 503, '5.000'), line(11, 200, '0.100')].join('\n'))
  const values = (name: string, label: string): number[] => [
    ...(series.find((one) => one.name === name && Object.values(one.labels).includes(label))?.values ?? []),
  ]
  assert.deepEqual(values('faultline_http_requests', '2xx'), [3, 1])
  assert.deepEqual(values('faultline_http_requests', '5xx'), [1])
  const near = (value: number | undefined, wanted: number): void => assert.ok(Math.abs((value ?? 0) - wanted) < wanted * 0.13, `${value} for ${wanted}`)
  near(values('faultline_http_seconds', '0.5')[0], 0.01)
  near(values('faultline_http_seconds', '0.95')[0], 5)
  near(values('faultline_http_seconds', '0.95')[1], 0.1)
})

test('a log without times is read where its envelope has one', async () => {
  const extract = await read('2026-11-21T08:18:01.123456789Z stdout F INFO:     10.9.0.7:4711 - "GET /cart HTTP/1.1" 500 Internal Server Error\n')
  assert.deepEqual([extract.format, extract.signals[0]?.kind, extract.spans[0]?.basis], ['access-log', 'http.error', 'utc'])
})

test('any cut of the bytes gives the same', async () => {
  const content = `${accessLog.example}\r\n${clf('"GET /ü HTTP/1.1" 200 5')}\n${clf('"GET / HTTP/1.1" 500 5 "-" "-"')}`
  const whole = await read(content)
  assert.equal(whole.records, 3)
  for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(await read(content, { chunkBytes }), whole)
})

test('hostile lines hurt nobody', () => {
  const started = performance.now()
  for (const line of [
    '['.repeat(500_000),
    `[${'1'.repeat(500_000)}`,
    '"'.repeat(500_000),
    clf(`"${'\\"'.repeat(200_000)}`),
    clf(`"GET / HTTP/1.1" 502 1 ${'" '.repeat(200_000)}`),
    `{"a":${'[{"'.repeat(100_000)}`,
  ]) {
    const bytes = Buffer.from(line)
    readAccess(bytes, 0, bytes.length)
    readAccessJson(bytes, 0, bytes.length)
  }
  assert.ok(performance.now() - started < 1_000)
})
