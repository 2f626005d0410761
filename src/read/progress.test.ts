import assert from 'node:assert/strict'
import { test } from 'node:test'
import { showProgress } from './progress.js'

const terminal = (isTTY: boolean) => {
  const written: string[] = []
  let at = 0
  return { written, stream: { isTTY, write: (text: string) => written.push(text) }, now: () => at, wait: (ms: number) => (at += ms) }
}

test('on a terminal a bar, the bytes, the rate and the time left are shown, and the line is taken away', () => {
  const { written, stream, now, wait } = terminal(true)
  const progress = showProgress(stream, false, now)
  wait(1000)
  progress.add(100e6, 400e6)
  progress.add(1, 400e6) // too soon to draw again
  progress.end()
  assert.deepEqual(written, ['\r\u001b[K█████░░░░░░░░░░░░░░░ 25 %, 100 MB read, 100 MB/s, 3 s left', '\r\u001b[K'])
})

test('a total that turns out too small is not shown as more than all', () => {
  const { written, stream, now, wait } = terminal(true)
  const progress = showProgress(stream, false, now)
  wait(1000)
  progress.add(5e6, 10)
  assert.equal(written.at(-1), '\r\u001b[K5 MB read, 5 MB/s')
})

test('nothing is written where stderr is no terminal, with --quiet, or in a run of a moment', () => {
  for (const [isTTY, quiet, ms] of [
    [false, false, 5000],
    [true, true, 5000],
    [true, false, 100],
  ] as const) {
    const { written, stream, now, wait } = terminal(isTTY)
    const progress = showProgress(stream, quiet, now)
    wait(ms)
    progress.add(5, 10)
    progress.end()
    assert.deepEqual(written, [])
  }
})

test('on a narrow terminal the line is cut: one that breaks could not be taken away', () => {
  const { written, stream, now, wait } = terminal(true)
  const progress = showProgress({ ...stream, columns: 30 }, false, now)
  wait(1000)
  progress.add(100e6, 400e6)
  assert.equal(written.at(-1)?.replace('\r\u001b[K', '').length, 29)
})
