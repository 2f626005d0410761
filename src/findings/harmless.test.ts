/** By whom nobody is hurt: retried Jobs that are through, and a replica more that waits for the machine that an autoscaler brings. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findings, found, HOUR, signal, timeline, type InputParts } from '../../test/timeline-builder.js'
import type { Entity } from '../model/entity.js'
import type { Signal } from '../model/extract.js'
import { isHarmless } from './harmless.js'

const day: readonly Signal[] = [signal('log.warning', 'cluster', 0), signal('log.warning', 'cluster', HOUR)]

test('a Job that is tried again and is through in the end hurts nobody; one that never is does', () => {
  const pod: Entity = 'pod/ops/cert-check-29-x2x4z'
  const crashing = found('pod.crash-looping', pod, 600, { endSecond: 615 })
  const isOne = (...signals: readonly Signal[]): boolean => isHarmless(crashing, [crashing], timeline({ signals: [...day, ...signals] }))
  assert.equal(isOne(signal('job.completed', 'workload/ops/cert-check-29', 640)), true)
  assert.equal(isOne(signal('job.completed', 'workload/ops/cert-check-29', 500)), false)
  assert.equal(isOne(signal('job.completed', 'workload/ops/cert-check-30', 640)), false)
  assert.equal(isOne(), false)
})

test('one replica more that waits for its new machine leaves nobody short; one that waits in the place of another does', () => {
  const pod: Entity = 'pod/shop/web-7d9c5b8f6d-x2x4z'
  const shortages = (scaledAt: number, joined: number, placedOn = 'spot-5'): number => {
    const parts: InputParts = {
      signals: [
        ...day,
        signal('change.scaled', 'workload/shop/web', scaledAt, { replicaSet: 'web-7d9c5b8f6d', from: 6, to: 7 }),
        signal('pod.unschedulable', pod, 600, { reason: 'cpu' }, { phase: 'begin' }),
        signal('change.node-added', 'node/spot-5', joined),
        signal('pod.unschedulable', pod, 710, {}, { phase: 'end' }),
        signal('pod.scheduled', pod, 710, { node: placedOn }),
      ],
    }
    return findings('workload.degraded', parts).length
  }
  assert.equal(shortages(599, 690), 0)
  assert.equal(shortages(300, 690), 1)
  assert.equal(shortages(599, 690, 'worker-1'), 1)
})
