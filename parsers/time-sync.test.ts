/** Steps of a machine's clock are told where they happened, and change no time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findWrong } from '../src/findings/find.js'
import { read } from '../test/read.js'
import { timelineOf } from '../test/timeline-builder.js'

const notes = async (lines: readonly string[]): Promise<readonly string[]> =>
  (timelineOf([await read(lines.join('\n'))]).inputs[0]?.warnings ?? []).filter((note) => note.includes("machine's clock was"))

test('a clock that was put forward, back, or just set is told with the time, and by how much', async () => {
  const said = await notes([
    '2026-11-21T08:18:01+0000 worker-1 chronyd[612]: System clock wrong by 182.123456 seconds',
    '2026-11-21T08:21:03+0000 worker-1 chronyd[612]: System clock was stepped by 182.123456 seconds',
    '2026-11-21T08:22:00+0000 worker-1 ntpd[700]: 0.0.0.0 c61c 0c clock_step -3600.250000 s',
    '2026-11-21T08:23:00+0000 worker-1 systemd-timesyncd[512]: Initial clock synchronization to Sat 2026-11-21 08:23:00.123456 UTC.',
    '2026-11-21T08:24:00+0000 worker-1 systemd-journald[300]: Time jumped backwards, rotating.',
  ])
  assert.deepEqual(
    said.map((note) => note.slice(0, note.indexOf(' ('))),
    [
      "its machine's clock was put forward by 182.1 s at 2026-11-21T08:21:03.000Z",
      "its machine's clock was put back by 3600.3 s at 2026-11-21T08:22:00.000Z",
      "its machine's clock was set at 2026-11-21T08:23:00.000Z",
      "its machine's clock was set at 2026-11-21T08:24:00.000Z",
    ],
  )
})

test('milliseconds, sources and other words of theirs are nothing to tell', async () => {
  const said = await notes([
    '2026-11-21T08:18:01+0000 worker-1 chronyd[612]: Selected source 10.0.0.1',
    '2026-11-21T08:18:02+0000 worker-1 chronyd[612]: System clock was stepped by -0.004222 seconds',
    '2026-11-21T08:18:03+0000 worker-1 systemd-journald[300]: Suppressed 1200 messages from kubelet.service',
  ])
  assert.deepEqual(said, [])
})

test('a step that others can feel is a finding of the machine, a small one is not', async () => {
  const findings = findWrong(
    timelineOf([
      await read(
        [
          '2026-11-21T08:21:03+0000 worker-1 chronyd[612]: System clock was stepped by 3.123456 seconds',
          '2026-11-21T08:22:00+0000 worker-1 chronyd[612]: System clock was stepped by -182.250000 seconds',
        ].join('\n'),
      ),
    ]),
  )
  assert.deepEqual(
    findings.map(({ kind, entity, summary }) => [kind, entity, summary]),
    [['node.clock-stepped', 'node/worker-1', 'The clock of node worker-1 was put back by 3 min 2 s.']],
  )
})
