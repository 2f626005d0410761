/**
 * Metrics as lines, one sample each, read from bytes: what promtool prints and what exporters serve. parsers/promtool.ts and
 * parsers/exposition.ts say which shapes there are and where they are described.
 */
import type { InputContext, LineReader, Sink } from '../src/model/format.js'
import { utc } from '../src/read/stamps.js'
import type { Stamp } from '../src/model/extract.js'
import { viewOf } from '../src/read/json-shapes.js'
import { parseSelector, POWERS, readNumber, scanned, seriesEnd, skipBlanks } from './metric-bytes.js'
import { MAX_NAME_BYTES } from './metric-kernel.js'
import { metricSamples } from './metric-samples.js'
import { metricSeries, type SampleWriter } from './metric-series.js'

const HASH = 35
const SPACE = 32
const MINUS = 45
/** A point as it would be a digit. */
const POINT = -2
const OPEN = 123
const AT = 64
const EQUALS = 61
const GREATER = 62
/** Prometheus has milliseconds, OpenMetrics seconds: 10^11 s lie in the year 5138, 10^11 ms in 1973. */
const SECONDS_BELOW = 1e11

/** So many samples of a series are handed on together. */
const AT_ONCE = 1_024
/** Integers of no more digits are exact, and so is their quotient by a power of ten. */
const MAX_EXACT_DIGITS = 15
const MAX_PATIENCE = 1_024
/** Series that are told by their bytes alone. Those of a dump come one after the other: that one is asked for again which was there long ago is rare. */
const MAX_KNOWN = 20_000

interface Known {
  readonly writer: SampleWriter
  /** Its samples are taken in columns: there was one already, and nothing looks at single ones. */
  columns: boolean
  /** For samples without a time, where the file's name tells one of no zone. */
  readonly scrape: SampleWriter | null
  /** Writers of a native histogram's count and sum. */
  readonly count: () => SampleWriter
  readonly sum: () => SampleWriter
}

/** `unit`: promtool's dump is in milliseconds however small; otherwise the magnitude tells. */
export const openMetricLines = (sink: Sink, context: InputContext, unit: 'ms' | 'magnitude'): LineReader => {
  const series = metricSeries(sink, context, () => sink.line)
  /** A scrape has no times of its own: several of them are files that are named by theirs. */
  const scraped = unit === 'ms' ? null : timeInName(context.path)
  const known = new Map<string, Known>()
  let nameBytes = Buffer.alloc(0)
  let nameLength = 0
  let nameView = new DataView(nameBytes.buffer, 0, 0)
  let current: Known | null = null
  const columns = metricSamples()
  /** Where series take turns, each line is another one's: passing over them is tried less and less often. */
  let patience = 0
  let untried = 0
  /** Samples of `current` that were read and not yet handed on; the series has had its first one. */
  const times = new Float64Array(AT_ONCE)
  const values = new Float64Array(AT_ONCE)
  let waiting = 0
  /** The line of the first of them, on those after it the others stand. */
  let waitingFrom = 0
  /** Smaller ones are seconds. */
  const leastMs = unit === 'ms' ? 0 : SECONDS_BELOW
  /** Values of `current` follow, a line each: promtool's answer to a range query. */
  let answering = false
  /** First and last time; in an array, for a variable would be a new object at every change. */
  const range = new Float64Array([Infinity, -Infinity])

  /** Finds the series at `start`; most lines repeat the name of the one before. Returns where it ends, -1 where there is none. */
  const name = (bytes: Buffer, start: number, end: number): number => {
    const again = start + nameLength
    if (nameLength > 0 && again < end && (bytes[again] ?? 0) <= 32 && same(bytes, start)) return again
    handOn()
    const stop = seriesEnd(bytes, start, end)
    if (stop < 0 || stop - start > MAX_NAME_BYTES) return -1
    const key = bytes.toString('latin1', start, stop)
    let found = known.get(key)
    if (found === undefined) {
      // Words that begin a line are no series to remember: a value has to follow.
      if (!isValueStart(bytes[skipBlanks(bytes, stop, end)])) return -1
      const opened = open(bytes, start, stop)
      if (opened === null) return -1
      if (known.size >= MAX_KNOWN) for (const oldest of [...known.keys()].slice(0, MAX_KNOWN >> 1)) known.delete(oldest)
      known.set(key, (found = opened))
    }
    current = found
    nameLength = stop - start
    if (nameBytes.length < nameLength) {
      nameBytes = Buffer.alloc(nameLength * 2)
      nameView = new DataView(nameBytes.buffer, nameBytes.byteOffset, nameBytes.length)
    }
    bytes.copy(nameBytes, 0, start, stop)
    columns.named(bytes, start, stop)
    return stop
  }

  const same = (bytes: Buffer, start: number): boolean => {
    // From the end: series of one name differ in their last labels.
    const view = viewOf(bytes)
    let at = nameLength - 4
    for (; at >= 0; at -= 4) if (view.getInt32(start + at, true) !== nameView.getInt32(at, true)) return false
    for (at += 3; at >= 0; at--) if (bytes[start + at] !== nameBytes[at]) return false
    return true
  }

  const handOn = (): void => {
    if (waiting === 0 || current === null) return
    sink.records(waiting)
    const count = waiting
    waiting = 0
    current.writer.pushAll(times, values, count, waitingFrom)
  }

  /** ' 12.5 1795249035613' from `at` to `end`, as nearly all lines of a dump are, of a series that has samples; false: it is read the slow way. */
  const plain = (bytes: Buffer, at: number, end: number): boolean => {
    let next = at + 1
    const negative = bytes[next] === MINUS
    if (negative) next++
    const first = next
    let digit = (bytes[next] ?? 0) - 48
    // Nine digits are a small integer, which is much cheaper than a float.
    let whole = 0
    while (digit >= 0 && digit <= 9 && next - first < 9) {
      whole = (whole * 10 + digit) | 0
      digit = (bytes[++next] ?? 0) - 48
    }
    let value = whole
    while (digit >= 0 && digit <= 9) {
      value = value * 10 + digit
      digit = (bytes[++next] ?? 0) - 48
    }
    if (next === first) return false
    if (digit === POINT) {
      const point = next
      digit = (bytes[++next] ?? 0) - 48
      while (digit >= 0 && digit <= 9) {
        value = value * 10 + digit
        digit = (bytes[++next] ?? 0) - 48
      }
      value /= POWERS[next - point - 1] ?? NaN
    }
    if (next - first > MAX_EXACT_DIGITS || bytes[next] !== SPACE || end - next < 2 || end - next > MAX_EXACT_DIGITS) return false
    let high = 0
    let low = 0
    const middle = end - 6
    while (++next < middle) {
      digit = (bytes[next] ?? 0) - 48
      if (digit < 0 || digit > 9) return false
      high = (high * 10 + digit) | 0
    }
    for (; next < end; next++) {
      digit = (bytes[next] ?? 0) - 48
      if (digit < 0 || digit > 9) return false
      low = (low * 10 + digit) | 0
    }
    const ms = high * 1e6 + low
    if (ms < leastMs) return false
    widen(ms)
    if (waiting > 0 && sink.line !== waitingFrom + waiting) handOn()
    if (waiting === 0) waitingFrom = sink.line
    times[waiting] = ms
    values[waiting] = negative ? -value : value
    if (++waiting === AT_ONCE) handOn()
    return true
  }

  const open = (bytes: Buffer, start: number, stop: number): Known | null => {
    const selector = parseSelector(bytes, start, stop)
    if (selector === null) return null
    const { name: called, labels } = selector
    const part = (suffix: string): (() => SampleWriter) => {
      let writer: SampleWriter | null = null
      return () => (writer ??= series.of(`${called ?? ''}${suffix}`, labels))
    }
    const ofScrape = scraped === null || scraped.basis === 'utc' ? null : series.of(called, { ...labels, faultline_basis: scraped.basis })
    return { writer: series.of(called, labels), columns: false, scrape: ofScrape, count: part('_count'), sum: part('_sum') }
  }

  const widen = (ms: number): void => {
    if (ms < (range[0] ?? 0)) range[0] = ms
    if (ms > (range[1] ?? 0)) range[1] = ms
  }

  const sample = (writer: SampleWriter, ms: number, value: number): void => {
    widen(ms)
    writer.push(ms, value, sink.line)
  }

  const toMs = (time: number): number => {
    if (unit === 'ms') return time
    return Math.abs(time) < SECONDS_BELOW ? Math.round(time * 1000) : time
  }

  /** value [time] [# exemplar] after the name. */
  const afterName = (bytes: Buffer, at: number, end: number, found: Known): boolean => {
    if (bytes[at] === OPEN) return histogram(bytes, at, end, found)
    const value = readNumber(bytes, at, end)
    if (scanned.end < 0) return false
    let next = skipBlanks(bytes, scanned.end, end)
    if (next >= end || bytes[next] === HASH) {
      if (scraped === null) {
        sink.record(NaN, 'utc')
        found.writer.push(NaN, value)
      } else {
        sink.record(scraped.ms, scraped.basis)
        if (scraped.basis === 'utc') sample(found.writer, scraped.ms, value)
        else (found.scrape ?? found.writer).push(scraped.ms, value)
      }
      return true
    }
    const time = readNumber(bytes, next, end)
    if (scanned.end < 0 || !Number.isFinite(time)) return false
    next = skipBlanks(bytes, scanned.end, end)
    if (next < end && bytes[next] !== HASH && !isStart(bytes, next)) return false
    const ms = toMs(time)
    sink.record(NaN, 'utc')
    sample(found.writer, ms, value)
    if (found.writer.plain && !Number.isNaN(value)) found.columns = true
    return true
  }

  /** {count:12, sum:18.4, [-4,-2):1, …} time: a native histogram in a dump; its count and sum are kept. */
  const histogram = (bytes: Buffer, at: number, end: number, found: Known): boolean => {
    const close = bytes.indexOf(125, at)
    if (close < 0 || close >= end) return false
    const text = bytes.toString('latin1', at, Math.min(close + 1, at + 256))
    const count = /[{ ]count:([^,} ]+)/u.exec(text)
    const sum = /[{ ]sum:([^,} ]+)/u.exec(text)
    const time = readNumber(bytes, skipBlanks(bytes, close + 1, end), end)
    if (count === null || scanned.end < 0 || !Number.isFinite(time)) return false
    const ms = toMs(time)
    sink.record(NaN, 'utc')
    sample(found.count(), ms, Number(count[1]))
    if (sum !== null) sample(found.sum(), ms, Number(sum[1]))
    return true
  }

  /** 1 @[1795249415.25]: a sample in promtool's answer to a query, in seconds. */
  const answer = (bytes: Buffer, at: number, end: number, found: Known): boolean => {
    const value = readNumber(bytes, at, end)
    if (scanned.end < 0) return false
    const next = skipBlanks(bytes, scanned.end, end)
    if (bytes[next] !== AT || bytes[next + 1] !== 91) return false
    const time = readNumber(bytes, next + 2, end)
    if (scanned.end < 0 || !Number.isFinite(time)) return false
    const ms = Math.round(time * 1000)
    sink.record(NaN, 'utc')
    sample(found.writer, ms, value)
    return true
  }

  return {
    pass(bytes, _, start, limit, most, prefix) {
      if (current?.columns !== true || prefix.length > 0 || --untried > 0) return start
      let at = start
      let left = most
      while (at < limit && left > 0) {
        const read = columns.lines(bytes, at, limit, left, leastMs)
        if (read === null) break
        handOn()
        // Nothing is between them, so the first and the last time are looked for once.
        widen(read.first)
        widen(read.last)
        const first = sink.line + 1
        sink.passed(read.count, read.count)
        current.writer.pushAll(read.times, read.values, read.count, first)
        left -= read.count
        at = read.next
      }
      patience = at > start ? 0 : Math.min(MAX_PATIENCE, 2 * patience + 1)
      untried = patience
      return at
    },
    line(bytes, start, end) {
      const byte = bytes[start]
      if (byte === HASH) {
        sink.part()
        return true
      }
      // Before names: NaN could be one.
      if (answering && current !== null && isValueStart(byte) && answer(bytes, start, end, current)) return true
      const stop = name(bytes, start, end)
      if (stop < 0 || current === null) return false
      if (current.columns && bytes[stop] === SPACE && plain(bytes, stop, end)) return true
      handOn()
      const at = skipBlanks(bytes, stop, end)
      if (bytes[at] === EQUALS && bytes[at + 1] === GREATER) {
        const next = skipBlanks(bytes, at + 2, end)
        answering = next >= end
        if (!answering) return answer(bytes, next, end, current)
        sink.part()
        return true
      }
      return afterName(bytes, at, end, current)
    },
    end() {
      handOn()
      columns.end()
      series.end(range[0] ?? NaN, range[1] ?? NaN)
    },
  }
}

/** `st@1795249415`: when a counter started, after the time (OpenMetrics 2). */
const isStart = (bytes: Buffer, at: number): boolean => bytes[at] === 115 && bytes[at + 1] === 116 && bytes[at + 2] === AT

/** A digit, a sign, NaN or Inf, the brace of a histogram, the arrow of an answer. */
const isValueStart = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 48 && byte <= 57) ||
    byte === 43 ||
    byte === 45 ||
    byte === 46 ||
    byte === 78 ||
    byte === 110 ||
    byte === 73 ||
    byte === 105 ||
    byte === OPEN ||
    byte === EQUALS)

/** 2026-11-21T08-15-00Z, 2026-11-21_08.15.00, 20261121-081500, 20261121T081500Z */
const DATED = /(?:^|[^\d])(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_.T ]([0-2]\d)[-_.:h]?([0-5]\d)(?:[-_.:m]?([0-5]\d))?(Z|UTC)?(?!\d)/iu
/** Seconds or milliseconds since the epoch, of this century's first decades. */
const EPOCH = /(?:^|\D)(1[4-9]\d{8}|2[0-3]\d{8})(\d{3})?(?!\d)/u

/** When a scrape was made, by the name of its file or, where that tells none, of its folder; null where neither does. */
export const timeInName = (path: string): Stamp | null => {
  for (const part of path.slice(-1_000).split('/').slice(-2).reverse()) {
    const dated = DATED.exec(part)
    if (dated !== null) {
      const [, year, month, day, hour, minute, second = '0', zone] = dated.map((text) => text as string | undefined) // groups that are not there are undefined
      const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
      return { ms, basis: zone === undefined ? 'local' : 'utc' }
    }
    const epoch = EPOCH.exec(part)
    if (epoch !== null) return utc(Number(epoch[1]) * 1000 + Number(epoch[2] ?? 0))
  }
  return null
}
