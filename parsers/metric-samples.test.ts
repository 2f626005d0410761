/** Samples read at once are what Number() makes of them, to the last bit; what else may stand there is left to others, and no cut of the bytes matters. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from '../test/read.js'

const random = (seed: number) => (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff)
const next = random(7)
const below = (most: number): number => (next() >> 8) % most
const digits = (count: number): string => Array.from({ length: count }, () => below(10)).join('')

/** Numbers as programs write them, and as they might. */
const FORMS: readonly (() => string)[] = [
  () => String(below(100_000)),
  () => (below(1_000_000) / 997).toString(),
  () => (-below(1_000_000) / 997).toString(),
  () => (below(1_000_000) / 2 ** below(60)).toFixed(20).replace(/0+$/u, ''),
  () => `0.${'0'.repeat(below(8))}${digits(1 + below(18))}`,
  () => `${digits(1 + below(20))}.${digits(below(24))}`,
  () => `9007199254740${990 + below(10)}`,
  () => `90071992547409${90 + below(10)}.5`,
  () => `${below(1_000)}e${below(30) - 15}`,
  () => `-0`,
]
const numbers = Array.from({ length: 30_000 }, (_, index) => FORMS[index % FORMS.length]?.() ?? '0').filter((text) =>
  /^-?\d+(?:\.\d+)?(?:e-?\d+)?$/u.test(text),
)
const START = 1_795_249_607

const isSame = (kept: Float64Array | undefined, texts: readonly string[]): void => {
  assert.equal(kept?.length, texts.length)
  texts.forEach((text, index) => assert.ok(Object.is(kept?.[index], Number(text)), `${text}: ${kept?.[index]}`))
}

test('the values of an answer, cut anywhere', async () => {
  const samples = numbers.map((text, index) => `[${START + index}${index % 3 === 0 ? '.5' : index % 7 === 0 ? '.125' : ''}, "${text}"]`).join(',')
  const answer = `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"x"},"values":[${samples}]}]}}`
  for (const chunkBytes of [answer.length, 100_003, 20_011]) {
    const { series } = await read(answer, { path: 'x.json', chunkBytes })
    isSame(series[0]?.values, numbers)
    assert.deepEqual(
      [...(series[0]?.times.subarray(0, 8) ?? [])],
      [500, 1_000, 2_000, 3_500, 4_000, 5_000, 6_500, 7_125].map((ms) => START * 1000 + ms),
    )
  }
})

test('the lines of a dump, with either end of line, and with what is no plain sample among them', async () => {
  for (const end of ['\n', '\r\n']) {
    const lines = numbers.map((text, index) => `{__name__="x", job="a"} ${text} ${START * 1000 + index}`)
    const odd = [
      '{__name__="x", job="a"} NaN 1795249607001',
      '{__name__="x", job="ab"} 4 1795249607001',
      '{__name__="y", job="a"} 5 1795249607002',
      'what is this',
      '',
    ]
    for (const [index, line] of odd.entries()) lines.splice(5_000 * (index + 1), 0, line)
    const dump = `${lines.join(end)}${end}`
    for (const chunkBytes of [dump.length, 100_003, 20_011]) {
      const { series, skipped, lines: count, records } = await read(dump, { path: 'x.txt', chunkBytes })
      isSame(series[0]?.values, numbers)
      assert.deepEqual(
        series.slice(1).map(({ labels, values }) => [labels, [...values]]),
        [
          [{ job: 'ab' }, [4]],
          [{ job: 'a' }, [5]],
        ],
      )
      assert.deepEqual([skipped, count, records], [1, lines.length, numbers.length + 3])
    }
  }
})
