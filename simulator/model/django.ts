/** What a Django site and a bot that lives on its API write when the database does not let them in. Each line of a traceback is a record of its own. */
import { instant, SECOND, type Pod, type Workload, type World } from './world.js'
import type { Database } from './database.js'

const clock = (ms: number): string => new Date(Math.floor(ms)).toISOString().slice(0, 23).replace('T', ' ').replace('.', ',')

const SITE = '/usr/local/lib/python3.9/site-packages'

/** How psycopg2 puts what the server or the network says (libpq 14 and later). */
export const libpq = (db: Database, address: string, why: string): string => {
  const where = `connection to server at "${db.workload.name}.${db.workload.namespace}.svc.cluster.local" (${address}), port 5432 failed: `
  return why === 'Connection refused' ? `${where}Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?` : `${where}${why}`
}

/** django.request logs the path and the exception of every 500. */
export const siteError = (world: World, pod: Pod, path: string, error: string): void => {
  const ms = instant(world)
  const lines = [
    `${clock(ms)} | 9:140231 | log | ERROR    | Internal Server Error: ${path}`,
    'Traceback (most recent call last):',
    `  File "${SITE}/django/db/backends/base/base.py", line 219, in ensure_connection`,
    '    self.connect()',
    `  File "${SITE}/django/db/backends/postgresql/base.py", line 187, in get_new_connection`,
    '    connection = Database.connect(**conn_params)',
    `  File "${SITE}/psycopg2/__init__.py", line 122, in connect`,
    '    conn = _connect(dsn, connection_factory=connection_factory, **kwasync)',
    `psycopg2.OperationalError: ${error}`,
    '',
    'The above exception was the direct cause of the following exception:',
    '',
    `django.db.utils.OperationalError: ${error}`,
  ].flatMap((line) => line.split('\n'))
  lines.forEach((line, i) => world.record.pod(pod, ms + i * 0.02, line))
}

export const siteSays = (world: World, pod: Pod, level: string, message: string): void => {
  const ms = instant(world)
  world.record.pod(pod, ms, `${clock(ms)} | 9:140231 | log | ${level.padEnd(8)} | ${message}`)
}

export const botSays = (world: World, pod: Pod, level: string, module: string, message: string): void => {
  const ms = instant(world)
  world.record.pod(pod, ms, `${clock(ms).slice(0, 19)} | ${module} | ${level} | ${message}`)
}

/** The bot asks the site's API every few seconds; `ask` gives the status of one request. */
export const runBot = (world: World, bot: () => Pod | undefined, site: Workload, ask: () => number, everyMs = 5 * SECOND): void => {
  world.agenda.every(
    everyMs,
    () => {
      const pod = bot()
      if (!pod || pod.startedMs === null) return true
      const status = ask()
      if (status < 500) {
        if (world.random.chance(0.03)) botSays(world, pod, 'INFO', 'bot.exts.info.help', 'Channel made dormant after 30 minutes of inactivity.')
        return true
      }
      world.record.note('bot-errors', pod.workload.name, world.agenda.now)
      const url = world.random.pick(['infractions', 'users', 'reminders', 'filter-lists'] as const)
      botSays(
        world,
        pod,
        'ERROR',
        'bot.exts.backend.error_handler',
        `Error executing command invoked by user: ResponseCodeError: Status: ${status} Response: Server Error (${status}) for http://${site.name}.${site.namespace}.svc.cluster.local/bot/${url}`,
      )
      return true
    },
    world.random.between(0, everyMs),
  )
}
