/** Somebody's own rules are examined as closely as ours, and their tests say whether they keep what they promise. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { folderWith } from '../../test/files.js'
import { analyze } from '../index.js'
import { loadMechanisms } from '../causes/load-mechanisms.js'
import { RELATIONS } from '../causes/mechanism.js'
import { runRulesCheck, runRulesExplain, runRulesList } from '../commands/rules.js'
import { checkRules } from './check.js'
import { parseRuleTests, runRuleTest } from './rule-tests.js'
import { explained, listed } from './words.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The examples of the manual: what people copy has to work. */
const [rules = '', taught = '', taughtTests = '', tests = ''] = [
  ...readFileSync(join(root, 'docs/writing-a-mechanism.md'), 'utf8').matchAll(/^```yaml\n(.*?)^```$/gmsu),
].map(([, yaml]) => yaml ?? '')

/** What a command prints, and its exit code. */
const printed = async (t: TestContext, run: () => Promise<number>): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> => {
  const out = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    const write = process[name].write.bind(process[name])
    // The runner reports on the same stream, in bytes.
    t.mock.method(process[name], 'write', (chunk: string | Uint8Array) => {
      if (typeof chunk !== 'string') return write(chunk)
      out[name] += chunk
      return true
    })
  }
  const status = await run()
  t.mock.restoreAll()
  return { status, ...out }
}

test("the manual's examples: the rule is right, and keeps both of its promises", async (t) => {
  const folder = await folderWith(t, { 'mine.yaml': rules, 'mine.test.yaml': tests })
  const files = [join(folder, 'mine.yaml'), join(folder, 'mine.test.yaml')]
  const { status, stdout, stderr } = await printed(t, () => runRulesCheck(files, { mechanisms: [] }))
  assert.deepEqual([status, stderr], [0, ''])
  assert.equal(stdout.match(/^ok /gmu)?.length, 3)
})

test("the manual's signatures: both are right, and their tests pass with them and fail without them", async (t) => {
  const folder = await folderWith(t, { 'ledger.yaml': taught, 'ledger.test.yaml': taughtTests, 'other.yaml': rules })
  const [mine, promises, others] = ['ledger.yaml', 'ledger.test.yaml', 'other.yaml'].map((name) => join(folder, name)) as [string, string, string] // three of them
  const { status, stdout, stderr } = await printed(t, () => runRulesCheck([mine, promises], { mechanisms: [] }))
  assert.deepEqual([status, stderr, stdout.match(/^ok /gmu)?.length], [0, '', 3])
  assert.match(stdout, /ledger\.yaml: 1 rule, 2 signatures/u)
  assert.equal((await printed(t, () => runRulesCheck([others, promises], { mechanisms: [] }))).status, 1)
  const listing = await printed(t, () => runRulesList({ mechanisms: [mine] }))
  assert.match(listing.stdout, /^ledger-lost-quorum .*custom\.quorum-lost/mu)
  for (const word of ['custom.quorum-lost', 'ledger-lost-quorum']) {
    const { stdout: words } = await printed(t, () => runRulesExplain(word, { mechanisms: [mine] }))
    assert.match(words, /^ledger-lost-quorum \(a signature\)\n[\s\S]*lost quorum: \{members\}/u)
  }
})

test('an incident of kinds that nobody knew: told by name, by line, and to its impact', async (t) => {
  const [{ inputs } = { inputs: {} }] = parseRuleTests(taughtTests, 'ledger.test.yaml')
  const folder = await folderWith(t, { ...inputs, 'ledger.yaml': taught })
  const { analysis } = await analyze([join(folder, 'host-1')], { mechanisms: [join(folder, 'ledger.yaml')] })
  const [incident] = analysis.incidents
  assert.deepEqual(
    incident?.findings.map(({ kind, role, end, evidence }) => [kind, role, end?.slice(11, 19), evidence.map(({ line }) => line)]),
    [
      ['custom.quorum-lost', 'fault', '08:21:00', [2, 6]],
      ['custom.orders-refused', 'impact', '08:18:09', [3, 4, 5]],
    ],
  )
  assert.deepEqual([incident?.chains, incident?.links[0]?.mechanism], [[['f1', 'f2']], 'no-quorum-no-orders'])
  assert.match(incident?.title ?? '', /lost its quorum: 1 of 3 members were left/u)
  assert.deepEqual((await analyze([join(folder, 'host-1')])).analysis.incidents, [], 'without them it is any log')
})

for (const [what, change, problem] of [
  ['a pattern that means every line', (yaml: string) => yaml.replace("'quorum regained'", "'a {b}'"), /ledger\.yaml:2: ends: .*at least 4 letters/u],
  ['words that are no holes', (yaml: string) => yaml.replace('refused orders ({reason})', 'refused {orders}'), /says: \{orders\} is no hole/u],
  ['an entity that is none', (yaml: string) => yaml.replace('process/{host}/ledger', 'host/{host}'), /entity: expected an entity/u],
  ['an end that does not say whose', (yaml: string) => yaml.replace('process/{host}/ledger', 'node/{members}'), /entity: \{members\} is no hole of 'ends'/u],
  ['a kind of nobody', (yaml: string) => yaml.replace('kind: custom.quorum-lost', 'kind: quorum-lost'), /ledger\.yaml:2: kind: /u],
  [
    'a role of a kind that has one',
    (yaml: string) => yaml.replace('kind: custom.quorum-lost', 'kind: postgres.crashed'),
    /role: postgres\.crashed has its role/u,
  ],
  ['a field that does not exist', (yaml: string) => yaml.replace('  times: 3', '  pattern: x'), /ledger\.yaml:9: signature: .*pattern/u],
] as const)
  test(`of signatures, ${what} is refused with file, line and field`, () => {
    assert.match(checkRules(change(taught), 'ledger.yaml').problems.join('\n'), problem)
  })

for (const [what, change, warning] of [
  [
    'a kind that none of them makes',
    (yaml: string) => yaml.replace('cause: custom.quorum-lost', 'cause: custom.quorum'),
    /cause: no finding has the kind 'custom\.quorum'/u,
  ],
  ['a format that does not exist', (yaml: string) => yaml.replace('times: 3', 'formats: [txt]'), /formats: no format is called txt/u],
  ['a format that is no log', (yaml: string) => yaml.replace('times: 3', 'formats: [kubernetes-objects]'), /formats: kubernetes-objects is no log/u],
  ['the same name twice', (yaml: string) => yaml.replace('id: ledger-refused-orders', 'id: ledger-lost-quorum'), /stands in line 2 already/u],
] as const)
  test(`of signatures, ${what} is warned of`, () => {
    const { problems, warnings } = checkRules(change(taught), 'ledger.yaml')
    assert.deepEqual(problems, [])
    assert.match(warnings.join('\n'), warning)
  })

test('a broken promise is told with what was found instead, and is exit 1', async (t) => {
  const spoilt = tests.replace('notFound:', 'found:')
  const folder = await folderWith(t, { 'mine.yaml': rules, 'mine.test.yaml': spoilt })
  const { status, stdout } = await printed(t, () => runRulesCheck([join(folder, 'mine.yaml'), join(folder, 'mine.test.yaml')], { mechanisms: [] }))
  assert.equal(status, 1)
  assert.match(
    stdout,
    /^FAIL {2}.*another pod's loop has nothing to do with it\n {6}limit-too-small-loops was not found \(what was wrong: .*pod\.oom-killed /mu,
  )
})

test('a test that asks for a cause elsewhere, or for nothing at all, fails', async () => {
  const [first] = parseRuleTests(tests, 'mine.test.yaml')
  assert.ok(first)
  const { mechanisms } = { mechanisms: loadMechanisms([]) }
  const of = async (found: (typeof first)['found']): Promise<readonly string[]> => (await runRuleTest({ ...first, found, notFound: [] }, mechanisms)).failures
  const rule = 'oom-kill-crash-loops'
  assert.deepEqual(await of([rule]), [])
  assert.deepEqual(await of([{ mechanism: rule, cause: 'pod.oom-killed', effect: 'pod.crash-looping' }]), [])
  assert.equal((await of([{ mechanism: rule, cause: 'pod.oom-kill' }])).length, 1, 'half a kind is none')
  assert.equal((await of([{ mechanism: rule, cause: 'pod.oom-killed pod/shop/cart' }])).length, 1)
  assert.match((await of([])).join(), /asks for nothing/u)
})

for (const [what, change, problem, warning] of [
  [
    'what the loader refuses, all of it',
    (yaml: string) => yaml.replace('holds: 0.9', 'holds: 2').replace('where: same-entity', 'where: near'),
    /mine\.yaml:2: where: [\s\S]*mine\.yaml:2: holds: /u,
    null,
  ],
  [
    'a kind that does not exist',
    (yaml: string) => yaml.replace('cause: pod.oom-killed', 'cause: pod.oom-kiled'),
    null,
    /mine\.yaml:2: cause: no finding has the kind 'pod\.oom-kiled'; did you mean pod\.oom-killed\?/u,
  ],
  ['a lag that is none', (yaml: string) => yaml.replace('typical: 20s', 'typical: 2h'), null, /lag: expected min ≤ typical ≤ max/u],
  ['an alert as a cause', (yaml: string) => yaml.replace('cause: pod.oom-killed', 'cause: alert.fired'), null, /an alert never causes anything/u],
  [
    'a name that is taken',
    (yaml: string) => yaml.replace('limit-too-small-loops', 'oom-kill-crash-loops'),
    null,
    /takes the place of the built-in oom-kill-crash-loops/u,
  ],
  ['the same name twice', (yaml: string) => yaml + yaml.replace(/^#.*\n/u, ''), null, /limit-too-small-loops stands in line 2 already/u],
] as const)
  test(`${what} is told with file, line and field`, () => {
    const { problems, warnings } = checkRules(change(rules), 'mine.yaml')
    if (problem === null) assert.deepEqual(problems, [])
    else assert.match(problems.join('\n'), problem)
    if (warning !== null) assert.match(warnings.join('\n'), warning)
  })

test('our own rules have no oddities', () => {
  for (const name of ['alerts', 'nodes', 'pods', 'postgres']) {
    const { problems, warnings } = checkRules(readFileSync(join(root, `mechanisms/${name}.yaml`), 'utf8'), name)
    assert.deepEqual([problems, warnings.filter((warning) => !/built-in|an alert tells of/u.test(warning))], [[], []])
  }
})

test('a file of tests that is none is told with test and field', () => {
  assert.throws(() => parseRuleTests('name: x', 'a.test.yaml'), /a\.test\.yaml: expected a list of tests/u)
  assert.throws(() => parseRuleTests('- name: x\n', 'a.test.yaml'), /a\.test\.yaml: test 1\.inputs: /u)
  assert.throws(() => parseRuleTests('- [', 'a.test.yaml'), /a\.test\.yaml: /u)
})

test('every rule has a line and an explanation in which its relation has a meaning; a kind gives all rules that speak of it', async (t) => {
  const mechanisms = loadMechanisms([])
  assert.equal(listed(mechanisms).split('\n').length, mechanisms.length)
  for (const mechanism of mechanisms) {
    assert.ok(RELATIONS.includes(mechanism.where))
    assert.match(explained(mechanism), new RegExp(`^${mechanism.id}[\\s\\S]*where +${mechanism.where}: \\w`, 'u'))
  }
  const { stdout } = await printed(t, () => runRulesExplain('node.disk-full', { mechanisms: [] }))
  assert.ok(stdout.split('\n\n').length > 1)
  await assert.rejects(runRulesExplain('nothing', { mechanisms: [] }), /no rule is called nothing/u)
})
