/**
 * Any other text log with times and levels. Replaced by its full version; for now it only counts stamped lines.
 */
import type { LineFormat } from '../src/model/format.js'
import { found, preferEnvelope, readIso, readMonthDay } from '../src/read/stamps.js'

export const text: LineFormat = {
  id: 'text',
  takes: 'lines',
  reads: 'any text log with times and levels',
  reference: 'https://www.rfc-editor.org/rfc/rfc3339',
  example: '2026-11-21T08:28:23.469Z level=error app=orders-worker msg="job failed"',
  units: [],
  sniff: () => 0,
  open: (sink) => ({
    line(bytes, start, end, envelope) {
      if (readIso(bytes, start, end) < 0 && readMonthDay(bytes, start, end) < 0) {
        if (envelope === null || Number.isNaN(envelope.ms)) return false
        found.ms = envelope.ms
        found.basis = envelope.basis
      } else preferEnvelope(envelope)
      sink.record(found.ms, found.basis)
      return true
    },
    end: () => undefined,
  }),
}
