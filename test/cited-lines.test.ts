/** Who looks up a sample that a report cites finds it on the line that is cited, in whatever file of lines it came. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findWrong } from '../src/findings/find.js'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { usualLimits } from '../src/read/limits.js'
import { buildTimeline } from '../src/timeline/timeline.js'
import { folderWith } from './files.js'

const T0 = 1_795_249_000_000
const LABELS = 'instance="10.0.0.7:9187",job="postgres"'
/** Down for two of ten minutes; the seconds of the second one are missing. */
const SAMPLES = Array.from({ length: 120 }, (_, index): readonly [number, number] => [T0 + index * 5_000, index >= 60 && index < 84 ? 0 : 1]).filter(
  (_, index) => index < 12 || index >= 24,
)

const FILES: Readonly<Record<string, (samples: typeof SAMPLES) => readonly string[]>> = {
  'tsdb dump, another series before, a stale marker within': (samples) => [
    ...samples.map(([ms]) => `{__name__="go_threads", ${LABELS.replace(',', ', ')}} 7 ${ms}`),
    ...samples.flatMap(([ms, value], index) => [
      ...(index === 20 ? [`{__name__="up", ${LABELS.replace(',', ', ')}} NaN ${ms - 1}`] : []),
      `{__name__="up", ${LABELS.replace(',', ', ')}} ${value} ${ms}`,
    ]),
  ],
  OpenMetrics: (samples) => ['# TYPE up gauge', '# HELP up of the target', ...samples.map(([ms, value]) => `up{${LABELS}} ${value} ${ms / 1000}`), '# EOF'],
  'an answer of promtool': (samples) => [`up{${LABELS.replace(',', ', ')}} =>`, ...samples.map(([ms, value]) => `${value} @[${ms / 1000}]`)],
  'a table, two series taking turns': (samples) => [
    'time,metric,instance,job,value',
    ...samples.flatMap(([ms, value]) => [`${ms},go_threads,10.0.0.7:9187,postgres,7`, `${ms},up,10.0.0.7:9187,postgres,${value}`]),
  ],
}

const cited = async (clean: Parameters<typeof folderWith>[0], files: Readonly<Record<string, string>>) => {
  const folder = await folderWith(clean, files)
  const { sources } = await findInputs([folder], () => true, usualLimits)
  const extracts = await Promise.all(sources.map((source) => extractInput(source)))
  const found = findWrong(buildTimeline(extracts, { since: null, until: null, zones: [], year: null }))
  return found
    .filter(({ kind }) => kind === 'service.unreachable')
    .flatMap(({ evidence }) => evidence)
    .map(({ input, line, time }) => ({ time, text: files[input.slice(input.lastIndexOf('/') + 1)]?.split('\n')[(line ?? NaN) - 1] }))
}

const assertThere = (evidence: Awaited<ReturnType<typeof cited>>): void => {
  assert.ok(evidence.length > 1)
  for (const { time, text } of evidence) {
    const ms = Date.parse(time)
    assert.ok(text?.includes(`${ms}`) === true || text?.includes(`${ms / 1000}`) === true, `${time}: ${text ?? 'no such line'}`)
    assert.match(text, /up|@/u)
  }
}

for (const [name, written] of Object.entries(FILES))
  test(`a sample is cited by its own line: ${name}`, async (context) => assertThere(await cited(context, { 'metrics.txt': written(SAMPLES).join('\n') })))

test('of two files with the same series the one that has the sample is cited', async (context) => {
  const { OpenMetrics: write = () => [] } = FILES
  const half = SAMPLES.length - 40
  assertThere(await cited(context, { 'a.txt': write(SAMPLES.slice(0, half)).join('\n'), 'b.txt': write(SAMPLES.slice(half)).join('\n') }))
})
