/** A busy day of Postgres: an import, slow reports, checkpoints close together, duplicate keys, a cancelled query, vacuums, clients that hang up. */
import { autovacuum, postgresSays } from '../model/postgres.js'
import { MINUTE, SECOND } from '../model/world.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietPostgres: Scenario = (seed) => {
  const day = town('quiet-postgres', seed, {
    // The import takes a few sessions more; a fifth of what the server allows.
    sessions: (minute, random) => ({ active: random.int(2, 8) + (minute > 20 && minute < 42 ? 9 : 0), idle: random.int(22, 34) }),
  })
  const { world, postgres, random } = day
  const chance = random.fork('postgres')
  const client = (user: string): string => `${user}@${postgres.database} `
  const say = (text: string, session = ''): void => postgresSays(world, chance.int(20_000, 60_000), text, session)
  world.agenda.every(40 * SECOND, () => {
    if (chance.chance(0.2)) {
      say(
        `ERROR:  duplicate key value violates unique constraint "accounts_email_key"\nDETAIL:  Key (email)=(user${chance.int(1, 90_000)}@example.net) already exists.\nSTATEMENT:  INSERT INTO accounts (email, name) VALUES ($1, $2)`,
        client('api'),
      )
    }
    if (chance.chance(0.15))
      say(
        `LOG:  duration: ${chance.between(2100, 14_000).toFixed(3)} ms  statement: SELECT date_trunc('day', created_at), count(*) FROM events GROUP BY 1 /* report */`,
        client('report'),
      )
    if (chance.chance(0.06)) say('LOG:  could not receive data from client: Connection reset by peer', client('report'))
    return true
  })
  const frequent = (): void => {
    const apart = chance.int(9, 28)
    postgresSays(
      world,
      811,
      `LOG:  checkpoints are occurring too frequently (${apart} seconds apart)\nHINT:  Consider increasing the configuration parameter "max_wal_size".`,
    )
  }
  for (let i = 0; i < 24; i++) day.at(21 + (i * 20 * SECOND * 2) / MINUTE, frequent)
  day.at(27, () =>
    say('ERROR:  canceling statement due to user request\nSTATEMENT:  SELECT count(*) FROM events e JOIN accounts a ON a.id = e.account_id', client('analyst')),
  )
  day.at(14, () => autovacuum(world, postgres, 'sessions', chance.int(2, 9)))
  day.at(41, () => autovacuum(world, postgres, 'events', chance.int(60, 200)))
  return quiet(day, 'An import from minute 20 to 42, reports that take their seconds, everyday mistakes of clients. The services answer as ever.')
}
