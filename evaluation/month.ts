/** A month of nights for `faultline nightly`: simulated outages on days of our choice between small quiet nights. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dump } from '../simulator/emit/dump.js'
import { scenarios } from '../simulator/scenarios/index.js'

export type Files = readonly (readonly [path: string, content: string])[]

/** The simulator picks its own days from the seed: here its first date is ours. */
export const simulated = (name: string, seed: number, startMs: number): Files => {
  const utc = Date.UTC
  let first = true
  Date.UTC = (...fields: Parameters<typeof Date.UTC>) => {
    if (!first) return utc(...fields)
    first = false
    return startMs
  }
  try {
    const scenario = scenarios.get(name)
    if (scenario === undefined) throw new Error(`no scenario ${name}`)
    const { world, layout } = scenario(seed)
    return dump(world, layout)
  } finally {
    Date.UTC = utc
  }
}

const at = (startMs: number, seconds: number): string => new Date(startMs + seconds * 1000).toISOString()

/** An application at work, nothing else. */
export const quiet = (startMs: number): Files => [
  ['app.log', Array.from({ length: 40 }, (_, index) => `${at(startMs, index * 60)} level=info app=orders msg="job ${index} done"\n`).join('')],
]

/** A pod that is killed at its limit, loops and leaves its workload without a replica, for half an hour or as much of it as is known. */
export const killedPod = (startMs: number, workload: string, known = 1800): Files => {
  const pod = `${workload}-7d9c5b8f6d-x2x4z`
  const event = (reason: string, message: string, from: number, to: number) => ({
    kind: 'Event',
    metadata: { name: `${pod}.${reason}.${from}`, namespace: 'shop' },
    involvedObject: { kind: 'Pod', namespace: 'shop', name: pod },
    ...{ reason, message, type: 'Warning', count: 9, firstTimestamp: at(startMs, from), lastTimestamp: at(startMs, to) },
  })
  const items = [
    event('OOMKilling', `Memory cgroup out of memory: Killed process 7 (${workload})`, 0, Math.min(1500, known)),
    event('BackOff', `Back-off restarting failed container app in pod ${pod}_shop(1)`, 20, known),
    event('Unhealthy', 'Readiness probe failed: dial tcp 10.1.0.7:8080: connect: connection refused', 30, known),
  ]
  return [...quiet(startMs), ['events.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items })]]
}

/** Written into a folder named after the day; as old as the night itself. */
export const writeNight = (archive: string, startMs: number, files: Files): void => {
  for (const [path, content] of files) {
    const file = join(archive, new Date(startMs).toISOString().slice(0, 10), path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    utimesSync(file, (startMs + 86_400_000) / 1000, (startMs + 86_400_000) / 1000)
  }
}

export const day = (number: number, hour: number, minute: number): number => Date.UTC(2026, 3, number, hour, minute)

/** Day of the month, and what happens. */
export const outages: ReadonlyMap<number, () => { readonly startMs: number; readonly files: Files }> = new Map(
  (
    [
      [3, day(3, 8, 15), (startMs) => killedPod(startMs, 'web')],
      [6, day(6, 9, 30), (startMs) => simulated('connection-surge', 1, startMs)],
      [9, day(9, 23, 35), (startMs) => simulated('prometheus-query', 1, startMs)],
      [12, day(12, 14, 0), (startMs) => killedPod(startMs, 'cart')],
      [15, day(15, 20, 0), (startMs) => simulated('memory-leak', 1, startMs)],
      [19, day(19, 10, 0), (startMs) => simulated('vacuum-host-down', 1, startMs)],
      [23, day(23, 21, 0), (startMs) => killedPod(startMs, 'web')],
      [27, day(27, 9, 30), (startMs) => simulated('connection-surge', 2, startMs)],
    ] satisfies readonly (readonly [number, number, (startMs: number) => Files])[]
  ).map(([number, startMs, files]) => [number, () => ({ startMs, files: files(startMs) })]),
)

export const nightOf = (number: number): { readonly startMs: number; readonly files: Files } =>
  outages.get(number)?.() ?? { startMs: day(number, 8, 0), files: quiet(day(number, 8, 0)) }
