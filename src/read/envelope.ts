/** What is around a line: one object for all lines of an input. */
import type { Envelope, Unwrapper } from '../model/format.js'
import { once } from '../model/once.js'

/** An envelope with nothing in it yet. */
export const emptyEnvelope = (): Envelope => ({
  ms: NaN,
  basis: 'utc',
  host: null,
  unit: null,
  pod: null,
  namespace: null,
  container: null,
  level: 0,
  bytes: Buffer.alloc(0),
  start: 0,
  end: 0,
})

export const reset = (envelope: Envelope, bytes: Buffer, start: number, end: number): void => {
  envelope.ms = NaN
  envelope.basis = 'utc'
  envelope.host = null
  envelope.unit = null
  envelope.pod = null
  envelope.namespace = null
  envelope.container = null
  envelope.level = 0
  envelope.bytes = bytes
  envelope.start = start
  envelope.end = end
}

/** Takes the wrappings off one line, outermost first. A line that is not wrapped goes on as it is. False: held, more is to come. */
export const undress = (unwrappers: readonly Unwrapper[], envelope: Envelope): boolean => {
  for (const unwrapper of unwrappers) {
    if (unwrapper.unwrap(envelope.bytes, envelope.start, envelope.end, envelope) === 'held') return false
  }
  return true
}

/** Every wrapping looks at the same few lines. */
const bytesOf = once((lines: readonly string[]) => lines.map((line) => Buffer.from(line)))

/** The share of a head's lines that are wrapped so, 0..1. Held lines (headers, pieces) count for neither side. */
export const shareOf = (lines: readonly string[], unwrapper: Unwrapper): number => {
  const envelope = emptyEnvelope()
  let wrapped = 0
  let looked = 0
  for (const bytes of bytesOf(lines)) {
    const took = unwrapper.unwrap(bytes, 0, bytes.length, envelope)
    if (took === 'held') continue
    looked++
    if (took === 'line') wrapped++
  }
  return looked === 0 ? 0 : wrapped / looked
}
