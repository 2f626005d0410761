/** Lays out what a team would have collected. */
import { journalStamp, microStamp, nanoStamp } from '../core/stamps.js'
import { livePods, type World } from '../model/world.js'
import { queryRange, tsdbDump, webhooks } from './metrics.js'
import { events, nodes, pods } from './objects.js'
import type { Line, NodeLine, SeriesData } from './recorder.js'

export interface Layout {
  /** journal: one `journalctl -o short-precise` a node. bare: the kubelet's own log beside `dmesg --time-format iso`. */
  readonly nodeLogs: 'journal' | 'bare'
  readonly metrics: 'query_range' | 'tsdb'
  /** Recorded files that were collected, by the beginning of their path. */
  readonly files: readonly string[]
  /** Logs of the pods of these workloads, as they lie in /var/log/pods. */
  readonly podLogs: readonly string[]
}

const byTime = <T extends { readonly ms: number }>(lines: readonly T[], endMs: number): T[] => lines.filter(({ ms }) => ms <= endMs).sort((a, b) => a.ms - b.ms)
const text = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`)

const inJournal = (host: string, { ms, unit, pid, text: said }: NodeLine): string => {
  if (unit === 'boot') return `-- Boot ${said} --`
  return `${journalStamp(ms)} ${host} ${unit}${unit === 'kernel' ? '' : `[${pid}]`}: ${said}`
}

const nodeFiles = (host: string, lines: readonly NodeLine[], layout: Layout): [string, string][] => {
  if (layout.nodeLogs === 'journal') return [[`nodes/${host}/journal.log`, text(lines.map((line) => inJournal(host, line)))]]
  const of = (unit: NodeLine['unit'], dress: (line: NodeLine) => string): string => text(lines.filter((line) => line.unit === unit).map(dress))
  // The kernel's ring buffer does not outlive a boot.
  const sinceBoot = lines.slice(lines.findLastIndex((line) => line.unit === 'boot') + 1)
  const ring = (dress: (line: NodeLine) => string): string => text(sinceBoot.filter((line) => line.unit === 'kernel').map(dress))
  return [
    [`nodes/${host}/kubelet.log`, of('kubelet', (line) => line.text)],
    [`nodes/${host}/dmesg.log`, ring((line) => `${microStamp(line.ms).replace('.', ',').replace('Z', '+00:00')} ${line.text}`)],
  ]
}

const metricFiles = (all: readonly SeriesData[], layout: Layout): [string, string][] => {
  if (layout.metrics === 'tsdb') return [['prometheus/tsdb-dump.txt', tsdbDump(all)]]
  const names = [...new Set(all.map(({ name }) => name))].sort()
  return names.map((name) => [`prometheus/query_range/${name}.json`, queryRange(all.filter((series) => series.name === name))])
}

/** What is larger is written with gzip. */
const GZIP_FROM = 16 * 1024

export const storedAs = (path: string, content: string): string => (Buffer.byteLength(content) < GZIP_FROM ? path : `${path}.gz`)

/** Path in the dump and content, in a fixed order. */
export const dump = (world: World, layout: Layout): [string, string][] => {
  const { record, endMs } = world
  const all: [string, string][] = [
    ['kubernetes/events.json', events(world)],
    ['kubernetes/nodes.json', nodes(world)],
    ['kubernetes/pods.json', pods(world)],
    ['alertmanager-webhooks.ndjson', webhooks(record.notifications.filter(({ ms }) => ms <= endMs))],
  ]
  for (const node of world.nodes) all.push(...nodeFiles(node.name, byTime(record.nodeLines.get(node.name) ?? [], endMs), layout))
  for (const [path, lines] of record.files)
    if (layout.files.some((wanted) => path.startsWith(wanted))) all.push([path, text(byTime<Line>(lines, endMs).map((line) => line.text))])
  for (const pod of livePods(world)) {
    const lines = record.podLines.get(pod)
    if (!lines || !layout.podLogs.includes(pod.workload.name)) continue
    const { namespace, name } = pod.workload
    all.push([
      `pods/${namespace}_${pod.name}_${pod.uid}/${name}/0.log`,
      text(byTime(lines, endMs).map((line) => `${nanoStamp(line.ms)} stdout F ${line.text}`)),
    ])
  }
  all.push(...metricFiles([...record.series.values()], layout))
  return all.filter(([, content]) => content !== '').sort(([a], [b]) => (a < b ? -1 : 1))
}
