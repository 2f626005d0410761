/** Three rollouts, the last of them back to what was before; new pods fail their first probe, as programs that are not up yet do. */
import { slowStart } from '../model/ordinary.js'
import { rollOut } from '../model/operations.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietRollout: Scenario = (seed) => {
  const day = town('quiet-rollout', seed)
  const { world, api, web } = day
  slowStart(world, api)
  slowStart(world, web)
  const before = web.image
  day.at(12 + day.random.between(0, 5), () => rollOut(world, api, { image: `${api.image}-rc1` }))
  day.at(25 + day.random.between(0, 5), () => rollOut(world, web, { image: `${web.image}-rc1` }))
  day.at(40 + day.random.between(0, 5), () => rollOut(world, web, { image: before }))
  return quiet(day, 'Two rollouts and a step back that somebody wanted for the looks of a page. Every old pod goes only when a new one is ready.')
}
