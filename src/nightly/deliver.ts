/** Tells others of incidents: a command with JSON on its stdin, or a POST. What could not be told is told by the next run. */
import { spawn } from 'node:child_process'
import { within, type Database } from './database.js'
import type { Facts } from './incidents.js'

/** After so many runs nobody is listening. */
const MAX_ATTEMPTS = 10
const TIMEOUT_MS = 30_000

export interface Hooks {
  /** Given to the shell. */
  readonly command: string | null
  readonly url: string | null
}

export interface Delivered {
  readonly delivered: number
  readonly failures: readonly string[]
}

/** At least once: who is killed between telling and noting it tells it again, under the same delivery number. */
/** `told`: what may be told of each incident where that is not what the state has of it, with names left out; null: that is. */
export const deliver = async (database: Database, hooks: Hooks, told: ReadonlyMap<string, Facts> | null): Promise<Delivered> => {
  const failures: string[] = []
  let delivered = 0
  const forget = (id: number): void => within(database, () => void database.prepare('delete from deliveries where id = ?').run(id))
  for (const row of database.prepare('select * from deliveries order by id').all()) {
    const id = Number(row['id'])
    if (hooks.command === null && hooks.url === null) {
      forget(id)
      continue
    }
    const event = String(row['event'])
    const incident = told === null ? (JSON.parse(String(row['body'])) as unknown) : told.get(String(row['incident'])) // as reconcile wrote it
    if (incident === undefined) {
      forget(id) // withdrawn before anybody could be told
      continue
    }
    const body = `${JSON.stringify({ schema: 'faultline/hook@1', delivery: id, event, incident })}\n`
    try {
      if (hooks.command !== null) await run(hooks.command, body, event)
      if (hooks.url !== null) await post(hooks.url, body)
      forget(id)
      delivered++
    } catch (error) {
      failures.push(`${event} of ${String(row['incident'])}: ${error instanceof Error ? error.message : String(error)}`)
      if (Number(row['attempts']) + 1 >= MAX_ATTEMPTS) forget(id)
      else within(database, () => void database.prepare('update deliveries set attempts = attempts + 1 where id = ?').run(id))
    }
  }
  return { delivered, failures }
}

const run = (command: string, body: string, event: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, { shell: true, stdio: ['pipe', 'ignore', 'inherit'], env: { ...process.env, FAULTLINE_EVENT: event }, timeout: TIMEOUT_MS })
    child.on('error', reject)
    child.on('close', (status, signal) => {
      if (status === 0) resolve()
      else reject(new Error(`the hook ended with ${status === null ? String(signal) : String(status)}`))
    })
    child.stdin.on('error', () => undefined) // it need not read what it is told
    child.stdin.end(body)
  })

const post = async (url: string, body: string): Promise<void> => {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(TIMEOUT_MS) })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`)
}
