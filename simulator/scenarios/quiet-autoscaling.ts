/** Traffic comes and goes in waves; the autoscaler follows, up and down. */
import { scaleDown } from '../model/ordinary.js'
import { scaleUp } from '../model/operations.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietAutoscaling: Scenario = (seed) => {
  const wave = (minute: number): number => 1 + Math.max(0, Math.sin((minute - 8) / 7))
  const day = town('quiet-autoscaling', seed, { minutes: 70, rate: (minute) => 0.45 * wave(minute), webCores: (minute) => 0.25 * wave(minute) })
  const { world, web, api } = day
  web.antiAffinity = false
  for (const [minute, replicas] of [
    [15, 5],
    [31, 3],
    [58, 4],
  ] as const)
    day.at(minute + day.random.between(0, 3), () => (replicas > web.replicas ? scaleUp : scaleDown)(world, web, replicas))
  day.at(18, () => scaleUp(world, api, 4))
  day.at(36, () => scaleDown(world, api, 3))
  return quiet(day, 'Load rises and falls twice, replicas with it. Latency and errors stay as they are.')
}
