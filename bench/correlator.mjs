// What reasoning costs as findings grow: nodes that fail in turn, up to 100,000 findings on 1,000 nodes, from findings to told incidents.
//   node bench/correlator.mjs [1600,6400,25600,102400]
// Each size is four times the one before, over four times as long and on four times as many nodes (1,000 at the most), and what is compared
// is CPU time within one run. Each size runs in a process of its own, so that none pays for what another one left in memory.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { sources } from './sources.mjs'
import { random } from './random.mjs'

const START_MS = Date.UTC(2026, 10, 21)
const SIZES = '1600,6400,25600,102400'

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const suffix = (number) => Array.from({ length: 5 }, (_, index) => LETTERS[Math.floor(number / 27 ** index) % 27]).join('')
const podsOf = (node, nodes) =>
  [0, 1, 2].map((replica) => ({
    app: `app${(node * 3 + replica) % nodes}`,
    name: `app${(node * 3 + replica) % nodes}-7d9c5b8f6d-${suffix(node * 3 + replica)}`,
  }))

const found = (kind, entity, second, lasts, attributes = {}) => {
  const start = START_MS + second * 1000
  const evidence = [{ input: 'dump/all.log', line: 1, time: new Date(start).toISOString(), text: `${kind} of ${entity}` }]
  return { kind, entity, start, end: start + lasts * 1000, confidence: 0.95, summary: `${kind} of ${entity}`, evidence, attributes, slackMs: 0, dose: 1 }
}

/** A node is saturated, misses its heartbeats, is NotReady; its pods are unready and evicted, and what they serve fails. */
const fails = (node, second, nodes) => [
  found('node.cpu-saturated', `node/n${node}`, second, 600),
  found('node.heartbeat-missed', `node/n${node}`, second + 60, 540, { reason: 'timeout' }),
  found('node.not-ready', `node/n${node}`, second + 100, 600),
  ...podsOf(node, nodes).flatMap(({ app, name }, index) => [
    found('pod.unready', `pod/shop/${name}`, second + 100 + index, 600, { reason: 'node-not-ready' }),
    found('pod.evicted', `pod/shop/${name}`, second + 400, 0),
    found('service.errors', `service/shop/${app}`, second + 120, 480),
  ]),
]

const findingsOf = (count, nodes) => {
  const r = random(7)
  const all = []
  while (all.length < count) all.push(...fails(Math.floor(r() * nodes), Math.floor(r() * count * 90), nodes))
  const by = (a, b) => (a < b ? -1 : a > b ? 1 : 0)
  return all.slice(0, count).sort((a, b) => a.start - b.start || by(a.kind, b.kind) || by(a.entity, b.entity))
}

const inputOf = (nodes) => ({
  ...{ path: 'dump/all.log', format: 'kubernetes-objects', wrapping: [], bytes: 0, lines: 0, records: 0, skipped: 0, warnings: [] },
  ...{ spans: [], silences: [], yearHint: null, changedMs: null, signals: [], series: [] },
  facts: Array.from({ length: nodes }, (_, node) => [
    { fact: 'node', node: `node/n${node}`, at: null },
    ...podsOf(node, nodes).map(({ name }) => ({ fact: 'pod-on-node', pod: `pod/shop/${name}`, node: `node/n${node}`, at: null })),
  ]).flat(),
})

const measure = async (count) => {
  const { buildTimeline, linkCauses, tellIncidents, explain, mechanismsWith } = await sources(
    ['timeline/timeline', 'causes/link', 'causes/incidents', 'causes/explain', 'causes/choose-mechanisms'].map((name) => `src/${name}.ts`),
  )
  const mechanisms = await mechanismsWith([])
  const nodes = Math.max(3, Math.min(1_000, Math.round(count / 100)))
  const timeline = buildTimeline([inputOf(nodes)], { zones: [], year: null, since: null, until: null })
  const findings = findingsOf(count, nodes)
  const before = process.cpuUsage()
  const links = linkCauses(findings, mechanisms, timeline)
  const incidents = tellIncidents(findings, links, timeline)
  explain(timeline, findings, incidents)
  const { user, system } = process.cpuUsage(before)
  return { count, nodes, links: links.length, incidents: incidents.length, seconds: (user + system) / 1e6, rss: process.resourceUsage().maxRSS / 1024 }
}

const [argument = SIZES, only] = process.argv.slice(2)
if (only === 'only') console.log(JSON.stringify(await measure(Number(argument))))
else {
  let last = NaN
  for (const count of argument.split(',')) {
    const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), count, 'only'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
    if (run.status !== 0) process.exit(1)
    const { nodes, links, incidents, seconds, rss } = JSON.parse(run.stdout)
    const times = Number.isNaN(last) ? '' : `  ${(seconds / last).toFixed(1)} times the size before`
    console.log(
      `correlator ${count.padStart(7)} findings  ${String(nodes).padStart(4)} nodes  ${links} links  ${incidents} incidents  ${seconds.toFixed(2)} CPU seconds  ${rss.toFixed(0)} MB peak${times}`,
    )
    last = seconds
  }
}
