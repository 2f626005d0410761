import assert from 'node:assert/strict'
import { test } from 'node:test'
import { signal, timeline } from '../../test/timeline-builder.js'
import type { Explanation } from '../causes/explain.js'
import { missingIn } from './missing.js'

const nothing: Explanation = { analysis: { schema: 'faultline/analysis@1', inputs: [], incidents: [] }, incidents: [] }

test('events are not missing where a table lists them, whatever else that input is', () => {
  const isMissed = (text: string): boolean =>
    missingIn(nothing, true, timeline({ format: 'kubelet', signals: [signal('pod.unready', 'pod/shop/web-1', 300, {}, { text })] })).some(
      ({ what }) => what === 'No Kubernetes events',
    )
  assert.deepEqual(
    [isMissed('"Probe failed" probeType="Readiness" pod="shop/web-1"'), isMissed('Warning Unhealthy pod/shop/web-1: Readiness probe failed')],
    [true, false],
  )
})
