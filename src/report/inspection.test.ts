/** What inspect tells of an input: read from real bytes, shown in a table that fits a terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildTimeline } from '../timeline/timeline.js'
import { read } from '../../test/read.js'
import { inspected, inspectionTable } from './inspection.js'

const KLOG = 'E1121 08:18:02.500000    2296 controller.go:251] "Failed to update lease" err="Put \\"https://10.0.0.1:6443/apis\\": context deadline exceeded"'
const LOG = `${Array.from({ length: 30 }, () => `Nov 21 08:18:02.500000 worker-1 kubelet[2296]: ${KLOG}`).join('\n')}\n\u001bwhat is this?\n`
const options = { zones: [], year: 2026, since: null, until: null }

const inspect = async (content: string, path: string) => {
  const extracts = [await read(content, { path })]
  return inspected(extracts, buildTimeline(extracts, options).inputs)
}

test('how sure the format is, what it was wrapped in, what it says, and the first line that was not understood', async () => {
  const [input] = await inspect(LOG, 'a.log')
  assert.ok(input)
  assert.deepEqual([input.format, input.wrapping, input.kinds], ['kubelet', ['journald-short'], { 'node.heartbeat-missed': 30 }])
  assert.ok(input.sure > 0.8)
  assert.deepEqual(input.firstSkipped, { line: 31, text: 'what is this?' })
  assert.deepEqual(input.clock.stamps, ['yearless'])
  assert.match(input.clock.because.join(), /read as 2026 \(--year\).*read as UTC/u)
})

test('in a log that runs backwards lines are told where they stand', async () => {
  const lines = Array.from({ length: 20 }, (_, index) => `Nov 21 08:18:${String(10 + index)} worker-1 kubelet[2296]: ${KLOG}`)
  const [input] = await inspect([...lines.slice(0, 3), 'what is this?', ...lines.slice(3)].reverse().join('\n'), 'a.log')
  assert.deepEqual(input?.firstSkipped, { line: 18, text: 'what is this?' })
})

test('the table is at most 100 columns wide, whatever is in it', async () => {
  const table = inspectionTable(await inspect(`${LOG}${'x'.repeat(900)} ${'word '.repeat(300)}\n`, 'a.log'))
  for (const line of table.split('\n')) assert.ok(line.length <= 100, line)
})
