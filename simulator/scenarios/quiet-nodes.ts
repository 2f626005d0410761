/** The cluster's autoscaler adds a node for jobs that have no room, and later takes one away. */
import { addNode, removeNode, triggerScaleUp } from '../model/ordinary.js'
import { runJob } from '../model/operations.js'
import { GIB, MINUTE, podsOf, workload } from '../model/world.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietNodes: Scenario = (seed) => {
  const day = town('quiet-nodes', seed, { minutes: 65 })
  const { world, random, nodes } = day
  const [{ name, cores, ip }] = nodes as [(typeof nodes)[number]]
  const job = workload(random, { ...day.plain(`render-${Math.floor(world.startMs / MINUTE) + 14}`, cores * 0.55, 900, cores * 0.6), kind: 'Job' })
  // Every node has room for one; the last waits.
  day.at(14, () => runJob(world, job, nodes.length + 1, 22 * MINUTE))
  day.at(14.3, () => {
    for (const pod of podsOf(world, job)) if (pod.node === null) triggerScaleUp(world, pod, 'default-pool', nodes.length)
  })
  day.at(15.6, () => addNode(world, { name: name.replace(/\d+$/, String(random.int(40, 90))), ip: ip.replace(/\d+$/, '77'), cores, memoryBytes: 16 * GIB }))
  day.at(48, () => {
    const added = world.nodes.at(-1)
    if (added && !nodes.includes(added)) removeNode(world, added)
  })
  return quiet(day, 'Jobs wait a minute for a node that the autoscaler adds; half an hour later it takes it away again.')
}
