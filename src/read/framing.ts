/**
 * How an input's bytes are cut into records: mostly into lines. Exports in one large document (JSON, CSV, the journal's own format) are cut into
 * one JSON object a record instead, which the wrappings then take off like any other.
 */
import type { LineCutter } from './line-cutter.js'

export interface RecordSink {
  /** One record, bytes[start, end), that begins on `line` (counted from 1). */
  record(bytes: Buffer, start: number, end: number, line: number): void
  /** Something to tell once: a record was cut or left out. */
  warn(message: string): void
}

export interface Framing {
  readonly id: string
  /** What is told of it in the input's wrapping; null: nothing, the records are the format's own. In place of `of`, where that is what its records look like. */
  readonly shows: { readonly as: string; readonly of: string | null } | null
  open(sink: RecordSink): LineCutter
}

/** What is shown as the input's wrapping. */
export const shownLayers = (framing: Framing | null, layers: readonly string[]): readonly string[] => {
  if (framing === null || framing.shows === null) return layers
  const { as, of } = framing.shows
  return layers[0] === of ? [as, ...layers.slice(1)] : [as, ...layers]
}
