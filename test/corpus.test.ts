/** Real files of public projects: each is of a known format from its first bytes, or is named here as something that no log or object is in. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { extractInput, type Source } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'

const corpus = fileURLToPath(new URL('../../shared/corpus', import.meta.url))
const skip = existsSync(corpus) ? false : 'shared/ is absent'

/** What a file is, shows at its beginning; the facts in it are asserted beside each format. */
const BEGINNING = 16 * 1024

const OTHER_THINGS: readonly (readonly [what: RegExp, why: string])[] = [
  [
    /\/(?:preflight|support-?)bundle[^!]*\/(?!cluster-resources\/|all-logs\/)/u,
    'what else a support bundle holds: answers of databases and registries, sysctl, the results of its own checks',
  ],
  [/\/cluster-resources\/(?:auth-cani-list\/|(?:groups|resources|custom-resource-definitions)\.json)/u, 'what the API can do and who may, no objects'],
  [/\/pods\/logs\/(?:default\/(?:run-example|run-pod-example|static-hi)|kube-system\/svclb-traefik-[^/]+)\//u, 'output without a time or a level'],
  [/\/license-manager-[^/]+\/errors\.log$/u, 'one line without a time'],
  [/\/logfile_syslog_fr\.0$/u, "a month in the writer's language"],
  [/\/promtool\/testdata\/unittest\.yml$/u, 'a test of rules'],
]

const beginningOf = (source: Source): Source => ({
  ...source,
  async *chunks() {
    let left = BEGINNING
    for await (const chunk of source.chunks()) {
      yield chunk.subarray(0, left)
      left -= chunk.length
      if (left <= 0) return
    }
  },
})

test('every file of the corpus is recognised, but for what is no log and no object', { skip }, async () => {
  // The baselines are three more bundles of the same collector, and take most of the time.
  const files = readdirSync(corpus, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/test/baselines/'))
    .map((entry) => join(entry.parentPath, entry.name))
  const { sources, unreadable } = await findInputs(files.sort())
  const odd: string[] = []
  for (const source of sources) {
    const { path, format } = await extractInput(beginningOf(source))
    if ((format === 'unknown' || format === 'empty') && !OTHER_THINGS.some(([what]) => what.test(path))) odd.push(path.slice(corpus.length))
  }
  assert.deepEqual(odd, [])
  assert.deepEqual(unreadable, [])
  assert.ok(sources.length > 200, String(sources.length))
})

test("an entry of Google's tells its time and its machine, whatever stamp its message carries", { skip }, async () => {
  const { sources } = await findInputs([`${corpus}/kubelet/GoogleCloudPlatform+khi/test/logs/k8s_node/kubelet_only_pod_name.yaml`])
  assert.ok(sources[0])
  const { format, wrapping, records, spans, facts } = await extractInput(sources[0])
  assert.deepEqual([format, wrapping, records], ['kubelet', ['yaml', 'google-logging'], 1])
  assert.equal(new Date(spans[0]?.first ?? 0).toISOString(), '2024-01-01T01:00:00.000Z')
  assert.ok(facts.some((fact) => fact.fact === 'input-node' && fact.node === 'node/gke-sample-cluster-default-abcdefgh-abcd'))
})
