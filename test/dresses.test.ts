/** The same incident in every dress that the simulator can print is told as the same chain: kinds, entities and links. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadMechanisms } from '../src/causes/load-mechanisms.js'
import { explain } from '../src/causes/explain.js'
import { tellIncidents } from '../src/causes/incidents.js'
import { linkCauses } from '../src/causes/link.js'
import { findWrong } from '../src/findings/find.js'
import type { InputExtract } from '../src/model/extract.js'
import { contextOf } from '../src/read/context.js'
import { buildTimeline } from '../src/timeline/timeline.js'
import { inDress, machinesInOneFile, podsInOneFile, spokenFiles, type SpokenFile } from '../simulator/dresses.js'
import { dresses } from '../simulator/emit/dresses.js'
import { dump } from '../simulator/emit/dump.js'
import { scenarios } from '../simulator/scenarios/index.js'
import { read } from './read.js'

type Files = readonly (readonly [path: string, content: string | Buffer])[]

const mechanisms = loadMechanisms([])

const readAll = (files: Files): Promise<readonly InputExtract[]> =>
  Promise.all(files.map(([path, content]) => read(content, { path, context: contextOf(path) })))

/** What is told, without times and words: findings, links and root causes of each incident. */
const told = (extracts: readonly InputExtract[]): unknown => {
  const timeline = buildTimeline(extracts, { zones: [], year: null, since: null, until: null })
  const found = findWrong(timeline)
  const { analysis } = explain(timeline, found, tellIncidents(found, linkCauses(found, mechanisms, timeline), timeline))
  return analysis.incidents.map(({ findings, links, rootCauses }) => {
    const names = new Map(findings.map(({ id, kind, entity }) => [id, `${kind} ${entity}`]))
    return {
      root: names.get(rootCauses[0]?.finding ?? ''),
      findings: [...names.values()].sort(),
      links: links.map(({ cause, effect }) => `${names.get(cause) ?? ''} -> ${names.get(effect) ?? ''}`).sort(),
    }
  })
}

/** Every dress for the one, for the other, whose root is in Postgres' log, one of each kind: reading all would take long and say no more. */
const incidents: readonly (readonly [name: string, every: number])[] = [
  ['cascade', 1],
  ['vacuum-host-down', 6],
]

/** How a dress tells the machine is shown by each machine's own file; here it is about keeping machines apart. */
const EVERY_MERGED = 4

for (const [name, every] of incidents) {
  test(`${name} is the same in every dress`, async (t) => {
    const scenario = scenarios.get(name)
    assert.ok(scenario)
    const { world, layout } = scenario(1)
    const spoken = spokenFiles(world, layout)
    const logs = new Set(spoken.map(({ path }) => path))
    const plain = dump(world, layout)
    // Without most of the metrics, which are the same in every dress: this is about the logs.
    const rest = await readAll(
      plain.filter(([path]) => !logs.has(path) && !/query_range\/(?:container|kube_deployment|node_mem|node_pres|nginx)|ingress/u.test(path)),
    )
    const expected = told([...rest, ...(await readAll(plain.filter(([path]) => logs.has(path))))])
    // A journal's kernel lines have no time but the one around them.
    for (const [index, dress] of dresses
      .filter(({ tells }) => tells.time)
      .filter((_, index) => index % every === 0)
      .entries()) {
      await t.test(dress.name, async () => assert.deepEqual(told([...rest, ...(await readAll(inDress(spoken, dress)))]), expected))
      const { host, pod, unit } = dress.tells
      if (host && pod)
        await t.test(`${dress.name}, all pods in one file`, async () =>
          assert.deepEqual(told([...rest, ...(await readAll(podsInOneFile(spoken, dress)))]), expected),
        )
      if (host && unit && index % EVERY_MERGED === 0)
        await t.test(`${dress.name}, all machines in one file`, async () =>
          assert.deepEqual(told([...rest, ...(await readAll(machinesInOneFile(spoken, dress)))]), expected),
        )
    }
  })
}

const EAST_MS = 5.5 * 3_600_000

/** As if the machines' clocks showed another zone: what they put before a line, and klog's own stamps. What carries an offset stays. */
const inLocalTime = (files: readonly SpokenFile[]): readonly SpokenFile[] =>
  files.map(({ path, lines }) =>
    path.startsWith('nodes/')
      ? {
          path,
          lines: lines.map((line) => ({
            ...line,
            ms: line.ms + EAST_MS,
            text: line.text.replace(/^([IWEF])(\d\d)(\d\d) (\d\d:\d\d:\d\d)/u, (_, severity: string, month: string, day: string, clock: string) => {
              const at = new Date(Date.parse(`2000-${month}-${day}T${clock}Z`) + EAST_MS).toISOString()
              return `${severity}${at.slice(5, 7)}${at.slice(8, 10)} ${at.slice(11, 19)}`
            }),
          })),
        }
      : { path, lines },
  )

for (const name of ['cascade', 'bulk-sync', 'memory-leak'])
  test(`${name} is the same where the machines' logs are in a zone that nothing names`, async () => {
    const scenario = scenarios.get(name)
    const dress = dresses.find((one) => one.name === '… short-precise')
    assert.ok(scenario && dress)
    const { world, layout } = scenario(1)
    const spoken = spokenFiles(world, layout)
    const logs = new Set(spoken.map(({ path }) => path))
    const rest = await readAll(dump(world, layout).filter(([path]) => !logs.has(path) && !path.startsWith('nodes/')))
    const of = async (files: readonly SpokenFile[]): Promise<unknown> => told([...rest, ...(await readAll(inDress(files, dress)))])
    assert.deepEqual(await of(inLocalTime(spoken)), await of(spoken))
  })
