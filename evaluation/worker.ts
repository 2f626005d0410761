/** A process that runs one case after the other, as evaluate.ts sends them. */
import { runCase, type Case, type Row } from './run-case.js'

export interface Reply {
  readonly of: Case
  readonly rows: readonly Row[]
  readonly error: string | null
}

// Sent by evaluate.ts, which forks this file.
process.on('message', (of: Case) => {
  const reply = (rows: readonly Row[], error: string | null): void => {
    process.send?.({ of, rows, error } satisfies Reply)
  }
  runCase(of).then(
    (rows) => reply(rows, null),
    (error: unknown) => reply([], error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
})
