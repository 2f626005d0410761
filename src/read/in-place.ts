/**
 * Members of an archive are read where the walk that lists them stands, so that it is unpacked once. What may yet turn out to be part of something else, or to answer
 * a query, is kept until that is known, where it is small; all the rest is read on a walk of its own.
 */
import { bounded, wholeOf, type Bytes } from './decompress.js'
import type { Source } from './extract-input.js'
import type { Gauge } from './limits.js'
import { mayBeAnswer } from './query-index.js'
import { isOfBlock } from './tsdb-block.js'

/** Larger files are not kept, nor more of all of them. */
const MAX_KEPT_BYTES = 1 << 20
const MAX_ALL_KEPT_BYTES = 32 << 20

export interface InPlace {
  /** There are about so many bytes to read in all. */
  expect(totalBytes: number): void
  /** Reads a source whose bytes are at hand; resolves when they are read. Where they break off it is read again when it is asked for. */
  read(source: Source, bytes: Bytes): Promise<void>
  /** A small file, packed or not, for later; null where it is too large, or does not unpack: what was read of it is lost. `told`: the bytes that it is said to have. */
  keep(bytes: Bytes, told: number): Promise<Buffer | null>
  /** What is said about the source is all that there is to say. */
  settle(source: Pick<Source, 'chunks' | 'warnings'>): void
}

/** What a file is may depend on others that come after it. */
export const dependsOnOthers = (path: string): boolean => mayBeAnswer(path) || isOfBlock(path)

export const keeper = (): InPlace['keep'] => {
  let all = 0
  return async (bytes, told) => {
    const room = Math.min(MAX_KEPT_BYTES, MAX_ALL_KEPT_BYTES - all)
    if (told > room) return null
    const kept = await wholeOf(bytes, room).catch(() => null)
    all += kept?.length ?? 0
    return kept
  }
}

/** How much may be unpacked depends on how many packed files there are, which is not known yet: no more than what is allowed however many there are. */
export const strictly = (bytes: Bytes, gauge: Gauge): Bytes =>
  bounded(bytes, {
    get raw() {
      return gauge.raw
    },
    allowance: { ...gauge.allowance, packed: Infinity },
  })
