/** Rush hour: three times the traffic, busier nodes, twice the sessions; everything was built for that. */
import { scaleUp } from '../model/operations.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietRush: Scenario = (seed) => {
  const load = (minute: number): number => 1 / (1 + Math.exp(-(minute - 28) / 5))
  const day = town('quiet-rush', seed, {
    rate: (minute) => 0.35 + 0.8 * load(minute),
    webCores: (minute) => 0.3 + 1.3 * load(minute),
    sessions: (minute, random) => ({ active: random.int(2, 5) + Math.round(10 * load(minute)), idle: random.int(24, 30) + Math.round(30 * load(minute)) }),
  })
  day.at(33, () => scaleUp(day.world, day.web, 4))
  return quiet(day, 'The load of an ordinary morning arrives. Nodes are at 60 to 80 %, sessions at half of what is allowed, answers as fast as ever.')
}
