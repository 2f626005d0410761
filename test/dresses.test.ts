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
import { inDress, machinesInOneFile, podsInOneFile, spokenFiles } from '../simulator/dresses.js'
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
