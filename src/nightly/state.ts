/** What a nightly run remembers, as questions and answers; the tables are in database.ts. */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import type { Database, Row } from './database.js'
import type { Print } from './files.js'

export interface FileState extends Print {
  readonly id: number
  readonly path: string
  readonly present: boolean
  /** The name of its saved extract. */
  readonly address: string
  readonly bytes: number
  readonly problems: readonly { readonly path: string; readonly reason: string }[]
  /** What object storage said of it; null for files. */
  readonly tag: string | null
  /** Stands for the signatures that its lines were looked at for; null: none were. */
  readonly signatures: string | null
}

export interface InputState {
  readonly address: string
  /** In the saved extract. */
  readonly position: number
  readonly firstMs: number
  readonly lastMs: number
  /** Days since the epoch on which something happens. */
  readonly days: readonly number[]
  /** The same for what says the same at the same place: a copy, a rotated file beside the compressed one. */
  readonly content: string
}

export interface WindowState {
  readonly name: string
  readonly sinceMs: number
  readonly untilMs: number
  readonly key: string
}

const text = (row: Row, name: string): string => String(row[name])
const number = (row: Row, name: string): number => Number(row[name])

export const pack = (postMortem: PostMortem): Buffer => gzipSync(JSON.stringify(postMortem))
export const unpack = (blob: unknown): PostMortem => JSON.parse(gunzipSync(blob as Buffer).toString('utf8')) as PostMortem // as `pack` wrote it

export const fileStates = (database: Database): readonly FileState[] =>
  database
    .prepare('select * from files order by path, id')
    .all()
    .map((row) => ({
      id: number(row, 'id'),
      path: text(row, 'path'),
      present: number(row, 'present') === 1,
      size: number(row, 'size'),
      head: text(row, 'head'),
      tail: text(row, 'tail'),
      address: text(row, 'address'),
      bytes: number(row, 'bytes'),
      problems: JSON.parse(text(row, 'problems')) as FileState['problems'], // as addFile wrote it
      tag: typeof row['tag'] === 'string' ? row['tag'] : null,
      signatures: typeof row['signatures'] === 'string' ? row['signatures'] : null,
    }))

export const addFile = (database: Database, { path, size, head, tail, address, bytes, problems, tag, signatures }: Omit<FileState, 'id' | 'present'>): void => {
  database
    .prepare('insert into files (path, present, size, head, tail, address, bytes, problems, tag, signatures) values (?, 1, ?, ?, ?, ?, ?, ?, ?, ?)')
    .run(path, size, head, tail, address, bytes, JSON.stringify(problems), tag, signatures)
}

export const removeFile = (database: Database, id: number): void => void database.prepare('delete from files where id = ?').run(id)
export const markGone = (database: Database, id: number): void => void database.prepare('update files set present = 0 where id = ?').run(id)

export const inputStates = (database: Database): readonly InputState[] =>
  database
    .prepare('select * from inputs where address in (select address from files) order by address, position')
    .all()
    .map((row) => ({
      address: text(row, 'address'),
      position: number(row, 'position'),
      firstMs: number(row, 'first_ms'),
      lastMs: number(row, 'last_ms'),
      days: JSON.parse(text(row, 'days')) as number[], // as addInput wrote it
      content: text(row, 'content'),
    }))

export const addInput = (database: Database, input: InputState): void => {
  database
    .prepare('insert or replace into inputs (address, position, first_ms, last_ms, days, content) values (?, ?, ?, ?, ?, ?)')
    .run(input.address, input.position, input.firstMs, input.lastMs, JSON.stringify(input.days), input.content)
}

export const windowStates = (database: Database): readonly WindowState[] =>
  database
    .prepare('select * from windows order by since_ms, name')
    .all()
    .map((row) => ({ name: text(row, 'name'), sinceMs: number(row, 'since_ms'), untilMs: number(row, 'until_ms'), key: text(row, 'key') }))

/** Call it within a transaction: a window and what was concluded of it belong together. */
export const setWindow = (database: Database, { name, sinceMs, untilMs, key }: WindowState, postMortems: readonly PostMortem[]): void => {
  dropWindow(database, name)
  database.prepare('insert into windows (name, since_ms, until_ms, key) values (?, ?, ?, ?)').run(name, sinceMs, untilMs, key)
  postMortems.forEach((postMortem, position) => {
    database.prepare('insert into conclusions (window, position, post_mortem) values (?, ?, ?)').run(name, position, pack(postMortem))
  })
}

export const dropWindow = (database: Database, name: string): void => {
  database.prepare('delete from conclusions where window = ?').run(name)
  database.prepare('delete from windows where name = ?').run(name)
}

export const conclusionsOf = (database: Database, window: string): readonly PostMortem[] =>
  database
    .prepare('select post_mortem from conclusions where window = ? order by position')
    .all(window)
    .map((row) => unpack(row['post_mortem']))

export const setting = (database: Database, name: string): string | null => {
  const row = database.prepare('select value from settings where name = ?').get(name)
  return row === undefined ? null : text(row, 'value')
}

export const setSetting = (database: Database, name: string, value: string): void => {
  if (setting(database, name) !== value) database.prepare('insert or replace into settings (name, value) values (?, ?)').run(name, value)
}
