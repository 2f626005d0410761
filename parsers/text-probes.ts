/** Lines of a prober's own log: a key that says what is probed beside one that says how it went. */
import { service } from '../src/model/entity.js'
import type { Stamp } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { decode } from '../src/read/text.js'
import { fields } from './logfmt.js'
import { causeOf } from './text-causes.js'
import { onBasis } from './text-counts.js'

const FAILED = /^(?:fail|failed|failure|false|down|error|timeout|unhealthy|critical)$/i
const WENT_WELL = /^(?:ok|success|successful|succeeded|true|up|healthy|pass|passed|passing)$/i
const NAME = /^[\w.@:+-]{1,80}$/
const LONGEST = 20

/** 1, 0, or null where the line does not say it in words that are known. An exit status of 0 is no failure, a success of 0 is. */
const outcome = (bytes: Buffer): 0 | 1 | null => {
  const { result, success } = fields
  const slice = success.start >= 0 ? success : result
  if (slice.start < 0 || slice.end - slice.start > LONGEST) return null
  const value = bytes.toString('latin1', slice.start, slice.end)
  if (slice === success && (value === '0' || value === '1')) return value === '1' ? 1 : 0
  return FAILED.test(value) ? 0 : WENT_WELL.test(value) ? 1 : null
}

export const sayProbe = (sink: Sink, bytes: Buffer, start: number, end: number, at: Stamp): void => {
  const went = outcome(bytes)
  if (went === null) return
  const probe = bytes.toString('utf8', fields.probe.start, Math.min(fields.probe.end, fields.probe.start + 81))
  if (!NAME.test(probe)) return
  sink.series('faultline_probe_success', onBasis({ probe }, at.basis), null).push(at.ms, went)
  if (went === 1) return
  const text = decode(bytes, start, end)
  const { reason } = causeOf(text)
  sink.signal({ kind: 'probe.failed', entity: service('-', probe), at: { ms: at.ms, basis: at.basis }, text, burst: reason, attributes: { probe, reason } })
}
