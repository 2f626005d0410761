/** Ordinary days of all kinds. Whoever finds an incident in one of them invents it. */
import { quietAutoscaling } from './quiet-autoscaling.js'
import { quietBatch } from './quiet-batch.js'
import { quietCoincidence } from './quiet-coincidence.js'
import { quietDrain } from './quiet-drain.js'
import { quietExporters } from './quiet-exporters.js'
import { quietMaintenance } from './quiet-maintenance.js'
import { quietNodes } from './quiet-nodes.js'
import { quietNoise } from './quiet-noise.js'
import { quietPostgres } from './quiet-postgres.js'
import { quietRollout } from './quiet-rollout.js'
import { quietRush } from './quiet-rush.js'
import type { Scenario } from './scenario.js'

export const quietScenarios: ReadonlyMap<string, Scenario> = new Map([
  ['quiet-autoscaling', quietAutoscaling],
  ['quiet-batch', quietBatch],
  ['quiet-coincidence', quietCoincidence],
  ['quiet-drain', quietDrain],
  ['quiet-exporters', quietExporters],
  ['quiet-maintenance', quietMaintenance],
  ['quiet-nodes', quietNodes],
  ['quiet-noise', quietNoise],
  ['quiet-postgres', quietPostgres],
  ['quiet-rollout', quietRollout],
  ['quiet-rush', quietRush],
])
