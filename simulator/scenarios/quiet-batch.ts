/** Waves of batch work: the last node but one computes at 100 % for a quarter of an hour, others are busy too; the services' nodes keep enough to answer in time. */
import { runJob } from '../model/operations.js'
import { MINUTE, workload } from '../model/world.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietBatch: Scenario = (seed) => {
  const day = town('quiet-batch', seed, { nodes: 6, minutes: 70 })
  const { world, random } = day
  const own = day.nodes[4]
  if (!own) throw new Error('six nodes')
  // Others are cordoned for the moment in which the large wave is placed: a node pool of its own, in small.
  const minuteOfEpoch = Math.floor(world.startMs / MINUTE)
  for (const [i, name] of ['reindex', 'thumbnails', 'reindex'].entries()) {
    const from = 12 + 19 * i + random.between(0, 3)
    day.at(from, () => {
      const kept = world.nodes.filter((node) => node !== own && !node.cordoned)
      for (const node of kept) node.cordoned = true
      const job = workload(random, { ...day.plain(`${name}-${minuteOfEpoch + Math.round(from)}`, own.cores / 3.4, 500, 0.4), kind: 'Job' })
      runJob(world, job, 4, 14 * MINUTE)
      world.agenda.after(1000, () => {
        for (const node of kept) node.cordoned = false
      })
    })
  }
  day.at(30, () => runJob(world, workload(random, { ...day.plain(`export-${minuteOfEpoch + 30}`, 0.9, 300, 0.3), kind: 'Job' }), 3, 9 * MINUTE))
  return quiet(day, 'Three waves of batch jobs use one node to the full; nobody else lives there but an agent. Nobody waits for anything.')
}
