/** Logs full of alarming words all day long: clients that send nonsense, a retrying library, a scanner that finds nothing. */
import { instant, podsOf, SECOND } from '../model/world.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

const SAID: readonly [readonly [string, string], ...(readonly [string, string])[]] = [
  ['error', 'validation failed: field "email" is required'],
  ['error', 'payment provider declined the card: insufficient funds'],
  ['warn', 'retrying request to https://api.mail.example.com/v1/send after timeout (attempt 1)'],
  ['warn', 'slow consumer, dropping connection of client'],
  ['error', 'invalid token: signature verification failed'],
  ['info', 'no error in the last interval, 0 failed, 0 timeouts'],
]

export const quietNoise: Scenario = (seed) => {
  const day = town('quiet-noise', seed)
  const { world, random } = day
  const chance = random.fork('words')
  world.agenda.every(5 * SECOND, () => {
    for (const pod of [...podsOf(world, day.web), ...podsOf(world, day.api)]) {
      if (!chance.chance(0.25)) continue
      const [level, message] = chance.pick(SAID)
      world.record.pod(pod, instant(world), JSON.stringify({ level, message, timestamp: new Date(Math.floor(world.agenda.now)).toISOString() }))
    }
    return true
  })
  return quiet(day, 'The same share of errors as on any day, from the first minute to the last: other people’s mistakes, well answered.')
}
