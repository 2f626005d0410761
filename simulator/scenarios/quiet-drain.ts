/** Kernel updates: the nodes are drained, restarted and taken back one after the other. */
import { drain, restartMachine, uncordon } from '../model/operations.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietDrain: Scenario = (seed) => {
  const day = town('quiet-drain', seed, { nodes: 5, minutes: 65 })
  for (const [i, node] of day.nodes.slice(0, 3).entries()) {
    const from = 9 + 17 * i + day.random.between(0, 3)
    day.at(from, () => drain(day.world, node))
    day.at(from + 3, () => restartMachine(day.world, node))
    day.at(from + 9, () => uncordon(day.world, node))
  }
  return quiet(day, 'Three nodes are drained, restarted and uncordoned, one after the other. There is always enough of everything elsewhere.')
}
