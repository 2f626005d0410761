import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeSame, type Found } from './finding.js'

const MINUTE = 60_000

const down = (from: number, to: number, confidence: number, summary: string): Found => ({
  kind: 'workload.unavailable',
  entity: 'workload/shop/web',
  start: from * MINUTE,
  end: to * MINUTE,
  confidence,
  summary,
  evidence: [{ input: `${from}.log`, line: 1, time: new Date(from * MINUTE).toISOString(), text: summary }],
  attributes: {},
  slackMs: 0,
  dose: 1,
})

const merged = (...found: readonly Found[]): string | undefined =>
  mergeSame(
    found,
    () => 0,
    () => '',
  )[0]?.summary

test('what several sources tell of one outage says how long it lasted in all', () => {
  assert.equal(merged(down(0, 5, 0.9, 'web was gone for 5 min.'), down(1, 6, 0.8, 'web was gone for 5 min.')), 'web was gone for 6 min.')
})

test('an outage that a coarser source tells as a much longer one was there on and off', () => {
  const [short, long] = [down(0, 5, 0.9, 'web was gone for 5 min.'), down(1, 36, 0.8, 'web was gone for 35 min.')]
  assert.equal(merged(short, long), 'web was gone on and off over 36 min.')
  assert.equal(merged(short, long, down(30, 40, 0.5, 'web was gone for 10 min.')), 'web was gone on and off over 40 min.')
})

test('a start that a pod got over is not one stretch with what keeps it from serving soon after', () => {
  const unready = (from: number, to: number, reason: string): Found => ({
    ...down(from / 60, to / 60, 0.9, `pod was not ready from ${from} to ${to}.`),
    kind: 'pod.unready',
    entity: 'pod/shop/web-5bb955977f-bbbbb',
    attributes: { reason },
  })
  const stretches = (reason: string): readonly number[] =>
    mergeSame(
      [unready(4, 9, reason), unready(49, 134, 'ContainersNotReady')],
      () => MINUTE,
      () => '',
    ).map(({ start }) => start / 1000)
  assert.deepEqual(stretches('starting'), [4, 49])
  assert.deepEqual(stretches('ContainersNotReady'), [4])
})

test('of errors that several sources tell of, whoever tells of the most of them is heard', () => {
  const errors = (from: number, dose: number, reason: string): Found => ({
    ...down(from, from + 2, 0.95, `Web logged errors, ${dose} times (${reason}).`),
    kind: 'app.errors',
    attributes: { reason },
    dose,
  })
  const [one] = mergeSame(
    [errors(0, 7, 'refused'), errors(1, 659, 'upstream-error')],
    () => 0,
    () => '',
  )
  assert.deepEqual([one?.summary, one?.attributes, one?.dose], ['Web logged errors, 659 times (upstream-error).', { reason: 'upstream-error' }, 659])
})
