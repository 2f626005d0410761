/** Which of n machines reads a file: told by its path alone, so that every machine comes to the same answer, whatever has grown or come meanwhile. */
import { createHash } from 'node:crypto'
import type { Shard } from './shard.js'

export const isMine = (path: string, { number, of }: Shard): boolean => createHash('sha256').update(path).digest().readUInt32LE(0) % of === number % of
