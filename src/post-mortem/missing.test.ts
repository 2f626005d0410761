import assert from 'node:assert/strict'
import { test } from 'node:test'
import { found, signal, timeline } from '../../test/timeline-builder.js'
import type { ExplainedIncident, Explanation } from '../causes/explain.js'
import type { Entity } from '../model/entity.js'
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

test('a quiet cluster without the logs of its kubelets may hide what only they say', () => {
  const absent = (format: string): readonly string[] =>
    missingIn(nothing, false, timeline({ format, signals: [signal('pod.started', 'pod/shop/web-1', 300)] })).map(({ what }) => what)
  assert.match(absent('kubernetes-objects').join(' '), /the kubelets' logs/u)
  assert.doesNotMatch(absent('postgres').join(' '), /kubelet/u)
})

test('where a Postgres server is part of it and its log is not at hand, that is missing', () => {
  const isMissed = (format: string, entity: Entity): boolean => {
    const all = [found('postgres.lock-pileup', entity, 300), found('service.slow', 'service/shop/web', 301)]
    const links = [{ cause: 'f1', effect: 'f2' }]
    const findings = all.map((one, index) => ({ id: `f${index + 1}`, kind: one.kind, entity: one.entity, start: new Date(one.start).toISOString() }))
    const incident = { id: 'i', findings, links, rootCauses: [], end: '2026-03-04T10:00:00Z' }
    const explained = { incident, causal: { unexplained: [] }, positions: new Map() } as unknown as ExplainedIncident // nothing else of it is looked at
    return missingIn({ ...nothing, incidents: [explained] }, true, timeline({ format, signals: [signal('log.error', 'process/-/web', 300)] })).some(
      ({ what }) => what === 'No log of the Postgres server',
    )
  }
  assert.deepEqual([isMissed('text', 'postgres/main'), isMissed('postgres', 'postgres/main')], [true, false])
})
