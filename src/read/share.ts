/** How many lines of a head a wrapping takes: what its sniff answers. */
import type { Envelope, Unwrapper } from '../model/format.js'

/** An envelope with nothing in it yet. */
export const emptyEnvelope = (): Envelope => ({
  ms: NaN,
  basis: 'utc',
  host: null,
  unit: null,
  pod: null,
  container: null,
  bytes: Buffer.alloc(0),
  start: 0,
  end: 0,
})

/** The share of lines that are wrapped so, 0..1. Held lines (headers, pieces) count for neither side. */
export const shareOf = (lines: readonly string[], unwrapper: Unwrapper): number => {
  const envelope = emptyEnvelope()
  let wrapped = 0
  let looked = 0
  for (const line of lines) {
    const bytes = Buffer.from(line)
    const took = unwrapper.unwrap(bytes, 0, bytes.length, envelope)
    if (took === 'held') continue
    looked++
    if (took === 'line') wrapped++
  }
  return looked === 0 ? 0 : wrapped / looked
}
