import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ExplainedIncident } from '../causes/explain.js'
import { HOUR, series, T0, timeline } from '../../test/timeline-builder.js'
import { gapsOf } from './gaps.js'

const iso = (seconds: number): string => new Date(T0 + seconds * 1000).toISOString()

/** Only what gaps are read from: whose incident it is, and from when to when. */
const about = (...entities: readonly string[]): ExplainedIncident =>
  ({
    incident: { findings: entities.map((entity) => ({ entity, kind: 'node.not-ready', start: iso(600) })) },
    causal: { start: T0 + 600_000, end: T0 + 1_800_000 },
  }) as unknown as ExplainedIncident // a whole incident would hide which part matters

const memory = (silent: (second: number) => boolean, node = 'a'): ReturnType<typeof series> =>
  series('node_memory_MemAvailable_bytes', { node }, (second) => (silent(second) ? null : 1e9), { to: HOUR })

describe('where an entity was not seen', () => {
  test('is told to the sample: from the last one before to the first one after', () => {
    const one = timeline({ series: [memory((second) => second > 900 && second < 1200)] })
    assert.deepEqual(gapsOf(about('node/a'), one), [{ entity: 'node/a', what: 'samples', start: iso(900), end: iso(1200) }])
  })

  test('is no gap where one sample or two are missing, nor before the first and after the last', () => {
    const one = timeline({ series: [memory((second) => second === 900 || second === 915 || second < 700 || second > 1500)] })
    assert.deepEqual(gapsOf(about('node/a'), one), [])
  })

  test('is not told of what is no part of the incident, nor of another time', () => {
    const one = timeline({ series: [memory((second) => second > 900 && second < 1200), memory((second) => second > 3000 && second < 3300, 'b')] })
    assert.deepEqual(gapsOf(about('node/c', 'node/b'), one), [])
  })
})
