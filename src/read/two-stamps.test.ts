/** The zone of stamps without one, from lines that tell their moment twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../../test/read.js'
import { timelineOf } from '../../test/timeline-builder.js'

const inspect = async (content: string) => {
  const extract = await read(content)
  const [input] = timelineOf([extract]).inputs
  return { from: input?.from, to: input?.to, notes: input?.warnings.join('\n') ?? '', zones: extract.facts.filter(({ fact }) => fact === 'zone') }
}

const second = (index: number): string => String(index).padStart(2, '0')
const five = [1, 2, 3, 4, 5]

test('a journal in local time is read in the zone that its lines with a stamp of their own show', async () => {
  const lines = five.flatMap((at) => [
    `Nov 21 17:18:${second(at)}.900000 worker-1 containerd[812]: time="2026-11-21T08:18:${second(at)}.887391Z" level=info msg="a"`,
    `Nov 21 17:18:${second(at)}.950000 worker-1 kubelet[2296]: E1121 17:18:${second(at)}.940000    2296 kubelet.go:2448] "Error getting node"`,
  ])
  const { from, to, notes } = await inspect(lines.join('\n'))
  assert.deepEqual([from, to], ['2026-11-21T08:18:01.887Z', '2026-11-21T08:18:05.940Z'])
  assert.match(notes, /read as UTC\+09:00, since 5 lines tell the same moment with an offset/u)
})

test('an ambiguous abbreviation is what the stamp around its line shows', async () => {
  const lines = five.map(
    (at) => `2026-11-21T12:18:${second(at)}.988056712Z stdout F 2026-11-21 14:18:${second(at)}.900 IST [27] LOG:  checkpoint starting: time`,
  )
  const { zones } = await inspect(lines.join('\n'))
  assert.deepEqual(
    zones.map((fact) => fact.fact === 'zone' && [fact.basis, fact.minutes, fact.lines]),
    [['zone:IST', 120, 5]],
  )
})

test('a clock put back on the way shows two zones, each over its own stretch', async () => {
  const line = (local: string, utc: string): string => `${local} worker-1 app[7]: level=info ts=${utc} msg=tick`
  const lines = [
    ...five.map((at) => line(`Oct 25 01:0${at}:00`, `2026-10-24T23:0${at}:00Z`)),
    ...five.map((at) => line(`Oct 25 04:0${at}:00`, `2026-10-25T03:0${at}:00Z`)),
    'Oct 25 01:30:00 worker-1 kernel: EXT4-fs (vda1): mounted filesystem',
    'Oct 25 04:30:00 worker-1 kernel: EXT4-fs (vda1): mounted filesystem',
  ]
  const { from, to, notes } = await inspect(lines.join('\n'))
  assert.deepEqual([from, to], ['2026-10-24T23:01:00.000Z', '2026-10-25T03:30:00.000Z'])
  assert.match(notes, /read as UTC\+02:00 and UTC\+01:00/u)
})

test('stamps that lie no whole quarter of an hour apart, or that do not agree, tell no zone', async () => {
  const odd = five.map((at) => `Nov 21 17:18:0${at} worker-1 app[7]: ts=2026-11-21T08:2${at}:33Z level=info msg=a`)
  assert.equal((await inspect(odd.join('\n'))).zones.length, 0)
  const torn = five.flatMap((at) => [3, 8, 9].map((hour) => `Nov 21 17:18:0${at} worker-1 app[7]: ts=2026-11-21T0${hour}:18:0${at}Z level=info msg=a`))
  assert.equal((await inspect(torn.join('\n'))).zones.length, 0)
})

test('two clocks without a zone that run beside each other are told of', async () => {
  const lines = five.map((at) => `Nov 21 12:20:0${at}.900000 worker-1 kubelet[2296]: I1121 20:20:0${at}.890000    2296 kubelet.go:2448] "SyncLoop UPDATE"`)
  assert.match((await inspect(lines.join('\n'))).notes, /the inner one 8 h ahead of the outer one/u)
})
