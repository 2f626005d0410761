/** SQLite in the out folder. The binding is native, so it is loaded only here: everything else works where it has no binary. */
import { createRequire } from 'node:module'
import { UserError } from '../model/user-error.js'

export type Value = string | number | bigint | Buffer | null
export type Row = Readonly<Record<string, unknown>>

/** What we use of libsql, whose interface is better-sqlite3's. */
export interface Database {
  exec(sql: string): unknown
  prepare(sql: string): Statement
  close(): void
}

interface Statement {
  run(...values: Value[]): { readonly lastInsertRowid: number | bigint }
  get(...values: Value[]): Row | undefined
  all(...values: Value[]): Row[]
}

type Constructor = new (file: string, options?: { readonly timeout?: number }) => Database

const constructor = (): Constructor => {
  try {
    return createRequire(import.meta.url)('libsql') as Constructor // its own types say the same
  } catch (error) {
    throw new UserError(
      `SQLite is not to be had on this machine (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}): faultline nightly needs libsql's binary for it`,
    )
  }
}

/** Each takes the state one version up; what is released is never changed. */
const MIGRATIONS: readonly string[] = [
  `create table settings (name text primary key, value text not null);
   -- A file of the archive as it was when it was last read; files that are gone or were written anew stay, for what was read of them.
   create table files (
     id integer primary key, path text not null, present integer not null,
     size integer not null, head text not null, tail text not null,
     address text not null, bytes integer not null, problems text not null
   );
   create unique index present_files on files (path) where present = 1;
   create index files_by_address on files (address);
   -- The inputs of a saved extract, in its order: when they speak, and on which days something happens in them.
   create table inputs (address text not null, position integer not null, first_ms real not null, last_ms real not null, days text not null, content text not null, primary key (address, position));
   -- What was concluded of a stretch of time, and from what: the same key is the same conclusion.
   create table windows (name text primary key, since_ms real not null, until_ms real not null, key text not null);
   create table conclusions (window text not null, position integer not null, post_mortem blob not null, primary key (window, position));
   create table incidents (id text primary key, start_ms real not null, facts text not null, post_mortem blob not null, published text);
   create table deliveries (id integer primary key, incident text not null, event text not null, body text not null, attempts integer not null default 0, unique (incident, event, body));`,
  // By it object storage says that nothing has changed.
  `alter table files add column tag text;`,
  // What its lines were looked at for; null: nothing.
  `alter table files add column signatures text;`,
]

/** Opens and migrates. Throws a UserError for a state that a later faultline wrote. */
export const openDatabase = (file: string): Database => {
  const database = new (constructor())(file, { timeout: 10_000 })
  try {
    migrate(database, file)
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

const migrate = (database: Database, file: string): void => {
  database.exec('pragma synchronous = full')
  const version = Number(database.prepare('pragma user_version').get()?.['user_version'] ?? 0)
  if (version > MIGRATIONS.length) throw new UserError(`${file}: written by a later faultline (state ${version}; this one knows ${MIGRATIONS.length})`)
  MIGRATIONS.forEach((migration, index) => {
    if (index >= version) within(database, () => database.exec(`${migration}; pragma user_version = ${index + 1}`))
  })
}

/** All of it or nothing. */
export const within = <T>(database: Database, act: () => T): T => {
  database.exec('begin immediate')
  try {
    const result = act()
    database.exec('commit')
    return result
  } catch (error) {
    try {
      database.exec('rollback')
    } catch {
      // Rolled back already, as after a full disk.
    }
    throw error
  }
}

/**
 * The lock against two runs: held on a database of its own for as long as the process lives. The operating system gives it up with the process,
 * however that ends, so there is no stale lock to be recognised.
 */
export const lock = (file: string): (() => void) | null => {
  const database = new (constructor())(file, { timeout: 0 })
  try {
    database.exec('begin exclusive')
  } catch (error) {
    database.close()
    if (error instanceof Error && /locked|busy/iu.test(`${error.message} ${'code' in error ? String(error.code) : ''}`)) return null
    throw error
  }
  return () => {
    try {
      database.exec('rollback')
    } catch {
      // Nothing was written: closing gives it up as well.
    }
    database.close()
  }
}
