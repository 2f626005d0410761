/**
 * Requests as applications log them: lograge and others in logfmt, Rails' own `Started …` and `Completed …`.
 *
 *     method=GET path=/orders format=html controller=OrdersController action=index status=500 duration=58.33 view=40.43
 *     I, [2026-11-21T08:18:02.887391 #1234]  INFO -- : [9d5b] Completed 500 Internal Server Error in 5058ms (ActiveRecord: 0.0ms)
 *
 * https://github.com/roidrage/lograge · https://guides.rubyonrails.org/debugging_rails_applications.html#the-logger
 */
import { found } from '../src/read/stamps.js'
import { hit } from './access-log-lines.js'
import { fields, scanPlain } from './logfmt.js'
import { readHeadStamp, readStamp } from './text-stamps.js'

const OPEN_BRACKET = 91
const COMMA = 44
/** As much of a line as holds what is asked for: an error that the line quotes may be long. */
const LOOKED_AT = 1_024

const METHOD = /(?:^|\s)method="?(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)"?\s/u
const PATH = /\s(?:path|uri|url|request_path)=/u
const STATUS = /\sstatus(?:_code)?="?([1-5]\d\d)"?(?:\s|$)/u
const DURATION = /\sduration(_ms)?="?(\d{1,9}(?:\.\d{1,9})?)(ms|s)?"?(?:\s|$)/u
const COMPLETED = /(?:^|\s)Completed ([1-5]\d\d) .{0,60}? in (\d{1,9}(?:\.\d{1,3})?)ms/u
const STARTED = /(?:^|\s)Started (?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) "[^"]{0,500}" for \S{1,60} at (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4})/u

/** 'I, [2026-…': the stamp of Ruby's Logger stands behind the letter of its level. */
const stampAt = (bytes: Buffer, start: number): number => (bytes[start + 1] === COMMA && bytes[start + 3] === OPEN_BRACKET ? start + 3 : start)

/** Begins as such lines do: method=, Completed or Started, tags in brackets, Ruby's head, logfmt's time and level. Others are not looked at. */
const mayBe = (bytes: Buffer, start: number): boolean => {
  const first = bytes[start]
  return first === 109 || first === 67 || first === 83 || first === OPEN_BRACKET || first === 116 || first === 108 || bytes[start + 1] === COMMA
}

/** The line of a request that begins, whose own line tells no time when it ends: its time in `found`; false where it is none. */
export const readStarted = (bytes: Buffer, start: number, end: number): boolean => {
  if (!mayBe(bytes, start)) return false
  const stamp = STARTED.exec(bytes.toString('latin1', start, Math.min(end, start + LOOKED_AT)))?.[1]
  if (stamp === undefined) return false
  const told = Buffer.from(stamp)
  return readStamp(told, 0, told.length) >= 0
}

/** Reads bytes[start, end) into `hit`; false where it is no such line. `hit.ms` is NaN where the line has no time. */
export const readFields = (bytes: Buffer, start: number, end: number): boolean => {
  if (!mayBe(bytes, start)) return false
  const text = bytes.toString('latin1', start, Math.min(end, start + LOOKED_AT))
  const completed = COMPLETED.exec(text)
  const status = completed?.[1] ?? (METHOD.test(text) && PATH.test(text) ? STATUS.exec(text)?.[1] : undefined)
  if (status === undefined) return false
  const [, millis, figure, unit] = completed === null ? (DURATION.exec(text) ?? []) : [null, '_ms', completed[2], undefined]
  hit.status = Number(status)
  hit.seconds = figure === undefined ? NaN : Number(figure) / (unit === 's' && millis === undefined ? 1 : 1_000)
  hit.form = 'none'
  hit.flagsStart = hit.upstreamStart = -1
  hit.ms = NaN
  if (readHeadStamp(bytes, stampAt(bytes, start), end) < 0) {
    scanPlain(bytes, start, end)
    const { time } = fields
    if (time.start < 0 || readStamp(bytes, time.start, time.end) < 0) return true
  }
  hit.ms = found.ms
  hit.basis = found.basis
  return true
}
