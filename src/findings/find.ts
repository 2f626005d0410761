/** All detectors in their order: each sees what the ones before it found. */
import type { Timeline } from '../timeline/timeline.js'
import { changes } from './detectors/changes.js'
import { conditions } from './detectors/conditions.js'
import { errors } from './detectors/errors.js'
import { fromSignals, gapOf } from './detectors/from-signals.js'
import { nodeCpu } from './detectors/node-cpu.js'
import { nodeDisk } from './detectors/node-disk.js'
import { nodeIdentity } from './detectors/node-identity.js'
import { nodeMemory } from './detectors/node-memory.js'
import { nodeNetwork } from './detectors/node-network.js'
import { podMetrics } from './detectors/pod-metrics.js'
import { pods } from './detectors/pods.js'
import { postgresMetrics } from './detectors/postgres-metrics.js'
import { targets } from './detectors/targets.js'
import { workloads } from './detectors/workloads.js'
import { mergeSame, type Detector, type Found } from './finding.js'

/** What is seen by itself first, then what follows from several sightings. */
export const detectors: readonly Detector[] = [
  fromSignals,
  changes,
  nodeCpu,
  nodeMemory,
  nodeDisk,
  targets,
  podMetrics,
  postgresMetrics,
  errors,
  nodeIdentity,
  nodeNetwork,
  pods,
  workloads,
  conditions,
]

export const findWrong = (timeline: Timeline): readonly Found[] => {
  let found: readonly Found[] = []
  for (const detector of detectors) {
    const next = detector.detect(timeline, found)
    if (next.length > 0) found = mergeSame([...found, ...next], gapOf)
  }
  return found
}
