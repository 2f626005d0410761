/** A mechanism file that cannot be used is told by file, line and field; one that can is the built-ins' equal. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { UserError } from '../model/user-error.js'
import { loadMechanisms, parseMechanisms } from './load-mechanisms.js'

const GOOD = `# Of our own.
- id: queue-starves-workers
  cause: [node.cpu-saturated, pod.cpu-throttled]
  effect: service.slow
  where: serves
  lag: { min: 0s, typical: 90s, max: 1.5h, why: 'workers fall behind as the queue grows' }
  holds: 0.6
  because: The workers fell behind.
  check: Length of the queue.
  reference: https://example.com/runbook
`

const broken = (change: (text: string) => string): string => {
  try {
    parseMechanisms(change(GOOD), 'mine.yaml')
  } catch (error) {
    assert.ok(error instanceof UserError, String(error))
    return error.message
  }
  return 'no error'
}

test('a mechanism is read with its durations in seconds and its kinds as lists', () => {
  const [one, ...rest] = parseMechanisms(GOOD, 'mine.yaml')
  assert.deepEqual(
    [one?.cause, one?.effect, one?.lag.typical, one?.lag.max, one?.status, one?.required, rest.length],
    [['node.cpu-saturated', 'pod.cpu-throttled'], ['service.slow'], 90, 5400, 'stable', false, 0],
  )
})

for (const [what, change, message] of [
  ['a relation that does not exist', (text: string) => text.replace('where: serves', 'where: near-by'), /^mine\.yaml:2: where: .*same-entity/],
  ['a duration without a unit', (text: string) => text.replace('typical: 90s', 'typical: 90'), /^mine\.yaml:2: lag\.typical: /],
  [
    'a duration in an unknown unit',
    (text: string) => text.replace('typical: 90s', 'typical: 90w'),
    /^mine\.yaml:2: lag\.typical: expected a duration such as 300s or 5m/,
  ],
  ['a certainty', (text: string) => text.replace('holds: 0.6', 'holds: 1'), /^mine\.yaml:2: holds: /],
  ['a lag without its reason', (text: string) => text.replace(/, why: '[^']*'/u, ''), /^mine\.yaml:2: lag\.why: /],
  ['a missing because', (text: string) => text.replace(/ {2}because: .*\n/u, ''), /^mine\.yaml:2: because: /],
  ['a misspelt field', (text: string) => text.replace('check:', 'chek:'), /^mine\.yaml:2: .*(?:check|chek)/],
  [
    'an id with blanks',
    (text: string) => text.replace('queue-starves-workers', 'Queue starves'),
    /^mine\.yaml:2: id: expected lower-case words joined by hyphens/,
  ],
  ['a reference that is no link', (text: string) => text.replace('https://example.com/runbook', 'the wiki'), /^mine\.yaml:2: reference: /],
  ['no cause', (text: string) => text.replace('[node.cpu-saturated, pod.cpu-throttled]', '[]'), /^mine\.yaml:2: cause: /],
  ['an item that is no mapping', (text: string) => `${text}- just words\n`, /^mine\.yaml:11: mechanism: /],
  ['the second of two', (text: string) => `${text}${text.replace('holds: 0.6', 'holds: many')}`, /^mine\.yaml:12: holds: /],
  ['a mapping instead of a list', () => 'id: alone\n', /^mine\.yaml:1: expected a list of mechanisms/],
  ['an empty file', () => '', /^mine\.yaml:1: expected a list/],
  ['YAML that is none', (text: string) => `${text}  holds: [\n`, /^mine\.yaml:1[12]: /],
  ['the same field twice', (text: string) => text.replace('  holds: 0.6\n', '  holds: 0.6\n  holds: 0.7\n'), /^mine\.yaml:8: /],
] as const) {
  test(`${what} is refused with file, line and field`, () => assert.match(broken(change), message))
}

test('aliases that multiply are refused, not unfolded', () => {
  const bomb = `- &a [x, x, x, x, x, x, x, x]\n${Array.from(
    { length: 12 },
    (_, index) =>
      `- &${String.fromCharCode(98 + index)} [${Array<string>(8)
        .fill(`*${String.fromCharCode(97 + index)}`)
        .join(', ')}]\n`,
  ).join('')}`
  assert.match(
    broken(() => bomb),
    /^mine\.yaml/u,
  )
})

test('__proto__ in a file is a field that does not exist', () => {
  assert.match(
    broken((text) => `${text}  __proto__: { polluted: yes }\n`),
    /^mine\.yaml:2: /,
  )
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
})

test("a user's mechanism stands beside the built-in ones, and takes the place of one with its id", (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-mechanisms-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'mine.yaml')
  writeFileSync(file, GOOD + GOOD.replace('queue-starves-workers', 'panic-reboots-node'))
  const builtIn = loadMechanisms([])
  const all = loadMechanisms([file])
  assert.equal(all.length, builtIn.length + 1)
  assert.equal(all.find(({ id }) => id === 'panic-reboots-node')?.because, 'The workers fell behind.')
})

test('a file that is not there is named', () =>
  assert.throws(() => loadMechanisms(['/nowhere/mine.yaml']), /^\w*Error: \/nowhere\/mine\.yaml: cannot be read/u))

test('built-in mechanisms are sorted and their ids are unique', () => {
  const ids = loadMechanisms([]).map(({ id }) => id)
  assert.deepEqual(ids, [...new Set(ids)].sort())
})
