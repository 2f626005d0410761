/** What one log of a machine shows of its zone holds for the others; a rule for the very path is stronger, one for all paths is not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { input, T0, timelineOf } from '../../test/timeline-builder.js'
import type { Fact, InputExtract } from '../model/extract.js'

const HOURS = 3_600_000
const written = (node: string): Fact => ({ fact: 'input-node', node: `node/${node}`, weight: 3 })
const shown = (hours: number): Fact => ({ fact: 'zone', basis: 'local', minutes: hours * 60, lines: 7, first: T0, last: T0 })
const log = (path: string, facts: readonly Fact[], format = 'text'): InputExtract =>
  input(path, { format, facts, spans: [{ basis: 'local', first: T0 + 9 * HOURS, last: T0 + 9 * HOURS + 1000 }] })

const starts = (inputs: readonly InputExtract[], zones: readonly { glob: string | null; zone: string }[] = []): Record<string, string> =>
  Object.fromEntries(timelineOf(inputs, { zones }).inputs.map(({ path, from }) => [path, from?.slice(11, 16) ?? '']))

test("the machine's other logs are read in the zone that one of them shows, other machines' and servers' are not", () => {
  const inputs = [
    log('a/journal.log', [written('a'), shown(9)]),
    log('a/messages', [written('a')]),
    log('a/postgres.log', [written('a')], 'postgres'),
    log('b/messages', [written('b')]),
  ]
  assert.deepEqual(starts(inputs), { 'a/journal.log': '10:00', 'a/messages': '10:00', 'a/postgres.log': '19:00', 'b/messages': '19:00' })
})

test("a container's stamps tell nothing of its machine's zone", () => {
  const inDocker = { ...log('a/web.log', [written('a'), shown(0)]), wrapping: ['docker-json'] }
  assert.equal(starts([log('a/journal.log', [written('a'), shown(9)]), inDocker, log('a/messages', [written('a')])])['a/messages'], '10:00')
})

test('logs of one machine that show two zones tell nothing of a third', () => {
  const inputs = [log('a/1.log', [written('a'), shown(9)]), log('a/2.log', [written('a'), shown(1)]), log('a/3.log', [written('a')])]
  assert.deepEqual(starts(inputs), { 'a/1.log': '10:00', 'a/2.log': '18:00', 'a/3.log': '19:00' })
})

test('what lines show goes before a zone given for all paths, not before one given for theirs, and both are said', () => {
  const inputs = [log('a/1.log', [shown(9)])]
  assert.equal(starts(inputs, [{ glob: null, zone: 'Europe/Berlin' }])['a/1.log'], '10:00')
  assert.equal(starts(inputs, [{ glob: '*1.log', zone: 'Europe/Berlin' }])['a/1.log'], '18:00')
  for (const [glob, said] of [
    [null, /UTC\+09:00, since 7 lines .*although --timezone says Europe\/Berlin/u],
    ['*', /read as --timezone says \(Europe\/Berlin\), although UTC\+09:00 would be right/u],
  ] as const)
    assert.match(timelineOf(inputs, { zones: [{ glob, zone: 'Europe/Berlin' }] }).inputs[0]?.warnings.join() ?? '', said)
})

test('a rotated part without such lines is read as its neighbour', () => {
  const inputs = [log('x/app.log', [shown(9)]), log('x/app.log.1', [])]
  assert.deepEqual(starts(inputs), { 'x/app.log': '10:00', 'x/app.log.1': '10:00' })
})
