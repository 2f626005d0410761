/** Which of n machines reads a file: told by its path alone, so that every machine comes to the same answer, whatever has grown or come meanwhile. */
import { createHash } from 'node:crypto'

export interface Shard {
  /** From 0 to `of`: schedulers count from 0 (an Indexed Job) or from 1, and the last is the same as 0. */
  readonly number: number
  readonly of: number
}

/** '3/10'; null where it is none. */
export const shardOf = (text: string): Shard | null => {
  const [, number, of] = /^(\d{1,6})\/(\d{1,6})$/u.exec(text) ?? []
  const shard = { number: Number(number), of: Number(of) }
  return number !== undefined && shard.of > 0 && shard.number <= shard.of ? shard : null
}

export const isMine = (path: string, { number, of }: Shard): boolean => createHash('sha256').update(path).digest().readUInt32LE(0) % of === number % of
