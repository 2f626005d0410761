import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeInName } from './name-time.js'

const read = (path: string): string => {
  const time = timeInName(path)
  if (time === null) return 'none'
  return `${new Date(time.ms).toISOString().slice(0, 19)}${time.zoned ? 'Z' : ''}${time.fine ? '' : ' to the minute'}`
}

test('a time in a name, in the forms that names take', () => {
  for (const name of [
    'kubectl-get-events-A-wide_2024-11-05T13-12-40Z.txt',
    '2024-11-05T13:12:40Z-events.txt',
    'events_2024-11-05_13.12.40_UTC.log.gz',
    'events 2024_11_05 13_12_40 GMT.txt',
    'events.20241105T131240Z',
    'events_20241105-131240Z.txt',
    'events_2024-11-05T14-12-40+0100.txt',
    'events_2024-11-05T08_12_40-05_00.txt',
    'a.tar.gz!/events-2024-11-05T13:12:40.123456789Z.txt',
  ])
    assert.equal(read(`dump_2020-01-01T00-00-00Z/${name}`), '2024-11-05T13:12:40Z', name)
  for (const name of ['events_20241105131240.txt', 'events-2024-11-05-13-12-40.txt', 'events_2024-11-05T13h12m40.txt'])
    assert.equal(read(name), '2024-11-05T13:12:40', name)
  assert.equal(read('events_2024-11-05T1312Z.txt'), '2024-11-05T13:12:00Z to the minute')
  assert.equal(read('events_20241105_1312.txt'), '2024-11-05T13:12:00 to the minute')
})

test('what is no time of a collection', () => {
  for (const name of [
    'events.txt',
    'events_2024-11-05.txt',
    'events-20241105.txt',
    '2024-11-05T13-12-40Z/events.txt',
    'events_2024-13-05T13-12-40Z.txt',
    'events_2024-02-30T13-12-40Z.txt',
    'events_2024-11-05T13-71-40Z.txt',
    'sha256-20241105131240ab.txt',
    'pod-x20241105131240.txt',
    'build-1202411051312401.txt',
    'notes_1999-11-05T13-12-40Z.txt',
    `${'20241105-'.repeat(100_000)}.txt`,
  ])
    assert.equal(read(name), 'none', name.slice(0, 60))
})
