import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FindingView } from './finding-view.js'
import { foldRepeats, foldRows } from './repeats.js'

let number = 0
const finding = (start: string, end: string | null, more: Partial<FindingView> = {}): FindingView => {
  number++
  const at = (clock: string): string => `2026-03-04T${clock}.000Z`
  return {
    anchor: `f${number}`,
    number,
    kind: 'service.slow',
    entity: 'service/shop/web',
    role: 'impact',
    start: at(start),
    end: end === null ? null : at(end),
    between: `${start} to ${end ?? ''}`,
    lasted: '',
    summary: 'Service shop/web took up to 5 s per request.',
    ...more,
  } as unknown as FindingView // nothing else of it is looked at
}

const slow = (): readonly FindingView[] => [
  finding('10:00:00', '10:01:00'),
  finding('10:10:00', '10:11:00'),
  finding('10:20:00', '10:21:00'),
  finding('10:30:00', '10:31:30'),
]

test('what came again and again to one thing is one row that says how often and when last; what came three times is three', () => {
  const all = slow()
  const [row, ...others] = foldRepeats(all)
  assert.equal(others.length, 0)
  assert.equal(row?.finding.summary, 'Service shop/web took up to 5 s per request. And 3 more times, the last at 10:30:00 UTC.')
  assert.equal(row?.finding.anchor, all[0]?.anchor)
  assert.equal(row?.all.length, 4)
  assert.equal(foldRepeats(slow().slice(1)).length, 3)
})

test('what the story turns on is told for itself, and two alerts on one thing are two', () => {
  const all = slow()
  const central = all[1]
  assert.deepEqual(
    foldRepeats([...all, finding('10:40:00', null)], (one) => one === central).map(({ finding: told }) => told.start.slice(11, 16)),
    ['10:00', '10:10'],
  )
  const alerts = slow().map((one, index): FindingView => ({ ...one, role: 'detection', kind: 'alert.fired', summary: `Alert A${index % 2} fired.` }))
  assert.equal(foldRepeats(alerts).length, 4)
})

test('a table tells from when to when, how often and how long in all; what is not over stays a row of its own', () => {
  const rows = foldRows([...slow(), finding('10:50:00', null)])
  assert.deepEqual(
    rows.map(({ finding: told }) => [told.between, told.lasted]),
    [
      ['10:00:00 to 10:31:30', '4 times, 4 min 30 s in all'],
      ['10:50:00 to ', ''],
    ],
  )
})
