/** Shards by number, and the names of their files. Imported by the command line: it loads nothing. */

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

/** A shard's file says which one it is; its content says the rest. An empty shard is a shard, too. */
export const shardName = (address: string, shard: Shard | undefined): string =>
  shard === undefined ? `${address.slice(0, 32)}.extract` : `shard-${shard.number % shard.of}-of-${shard.of}.${address.slice(0, 32)}.extract`

/** Numbers, from 0, of the shards of which there is no file. */
export const missingShards = (paths: readonly string[], of: number): readonly number[] => {
  const there = new Set(paths.flatMap((path) => /(?:^|\/)shard-(\d{1,6})-of-(\d{1,6})\.[0-9a-f]+\.extract$/u.exec(path)?.slice(1, 3).join('/') ?? []))
  return Array.from({ length: of }, (_, number) => number).filter((number) => !there.has(`${number}/${of}`))
}
