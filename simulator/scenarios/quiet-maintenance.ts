/** A minor upgrade of Postgres in the small hours: a requested shutdown, up again seconds later; then a rolling restart of the API for a new password. */
import { rollOut } from '../model/operations.js'
import { postgresRestart } from '../model/postgres.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietMaintenance: Scenario = (seed) => {
  const day = town('quiet-maintenance', seed, { rate: () => 0.25, sessions: (_, random) => ({ active: random.int(0, 2), idle: random.int(6, 10) }) })
  const { world, random } = day
  const from = 24 + random.between(0, 8)
  day.at(from, () => postgresRestart(world, day.postgres))
  day.at(from + 6, () => rollOut(world, day.api, { image: day.api.image }))
  return quiet(day, 'A planned restart of Postgres that takes three seconds in a quiet hour, and a rolling restart afterwards. No request failed.')
}
