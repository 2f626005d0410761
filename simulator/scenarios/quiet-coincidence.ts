/** Things that fall together by chance: an alert with a threshold too low, a rollout just before it, a vacuum, a night job that reaches its own limit and starts again. */
import { limitOom } from '../model/ordinary.js'
import { rollOut, runJob } from '../model/operations.js'
import { autovacuum } from '../model/postgres.js'
import { MIB, MINUTE, podsOf, workload } from '../model/world.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietCoincidence: Scenario = (seed) => {
  let firing = false
  const labels = { namespace: 'kube-system', container: 'node-agent' }
  const day = town('quiet-coincidence', seed, {
    rules: [
      {
        alertname: 'CPUThrottlingHigh',
        severity: 'warning',
        forMs: 2 * MINUTE,
        summary: 'Processes experience elevated CPU throttling.',
        active: () => (firing ? [labels] : []),
      },
    ],
  })
  const { world, random } = day
  const from = 20 + random.between(0, 10)
  day.at(from, () => rollOut(world, day.web, { image: `${day.web.image}-hotfix` }))
  day.at(from + 1, () => autovacuum(world, day.postgres, 'sessions', 64))
  day.at(from + 3, () => (firing = true))
  day.at(from + 9, () => (firing = false))
  const job = workload(random, { ...day.plain(`mailing-${Math.floor(world.startMs / MINUTE) + 22}`, 0.4, 160, 0.2), kind: 'Job', memory: () => 470 * MIB })
  day.at(from + 2, () => runJob(world, job, 1, 15 * MINUTE))
  // It takes one letter too many at once, and is started again; the second time it is done. All that waits for it is the morning.
  day.at(from + 6, () => {
    for (const pod of podsOf(world, job)) limitOom(world, pod, 'ruby')
  })
  return quiet(
    day,
    'An alert about throttling that fires for an agent nobody waits for, a rollout, a vacuum, a job that is killed at its own limit and done at the second try: all within ten minutes, none the cause of another, nobody hurt.',
  )
}
