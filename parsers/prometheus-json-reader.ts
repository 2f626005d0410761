/**
 * One pass over the bytes of Prometheus' JSON. Samples, nearly all of it, are read as numbers from the bytes; objects that mean
 * something (labels, targets, alerts) are cut out and parsed; the rest is walked over. What a chunk cuts in two waits for the next.
 */
import type { Labels } from '../src/model/extract.js'
import type { BytesReader, InputContext, Sink } from '../src/model/format.js'
import { MAX_VALUE_BYTES, parseJson, stringsOf, valueEnd } from './json-values.js'
import { readNumber, scanned } from './metric-bytes.js'
import type { Columns } from './metric-samples.js'
import { metricSeries, type SampleWriter } from './metric-series.js'
import { prometheusObjects } from './prometheus-json-objects.js'
import { bare, isBlank, MORE, readBare, sampleReader, skipSpace } from './prometheus-json-samples.js'

const QUOTE = 34
const BACKSLASH = 92
const COMMA = 44
const COLON = 58
const OPEN_LIST = 91
const CLOSE_LIST = 93
const OPEN = 123
const CLOSE = 125
/** As much of what was held as is gone on with by itself, and as much of a chunk as is copied for that at least. */
const MAX_HELD_BYTES = 16_384
const BRIDGE_BYTES = 1_024
/** walk: outside of samples. samples: in "values". mend: in a broken sample, up to its bracket. times: in "timestamps". elements: in a list whose objects are cut out. */
type Mode = 'walk' | 'samples' | 'mend' | 'times' | 'elements' | 'pass'

export const openPrometheusJson = (sink: Sink, context: InputContext): BytesReader => {
  const series = metricSeries(sink, context, () => null)
  const objects = prometheusObjects(sink, series)
  let held: Buffer = Buffer.alloc(0)
  let mode: Mode = 'walk'
  /** First and last time; in an array, for a variable would be a new object at every change. */
  const range = new Float64Array([Infinity, -Infinity])
  let broken = 0

  // The series being read. Its labels come before its samples, unless somebody reordered the keys.
  let labels: Labels | null = null
  let writer: SampleWriter | null = null
  /** Samples whose labels are still to come, values whose times are. */
  let waiting: { ms: number; value: number }[] = []
  let values: number[] = []
  let timesRead = 0

  let element: (value: unknown) => void = () => undefined
  /** Passing over a value: depth and whether within a string. */
  let passDepth = 0
  let passQuoted = false

  let failed = false
  let failure = ''
  let forSeconds: number | null = null

  const finishSeries = (): void => {
    if (waiting.length > 0) {
      const late = writerOfSeries() ?? series.of(null, {})
      for (const { ms, value } of waiting) late.push(ms, value)
    }
    labels = writer = null
    waiting = []
    values = []
    timesRead = 0
  }

  const writerOfSeries = (): SampleWriter | null => {
    if (writer === null && labels !== null) writer = seriesOf(labels, '')
    return writer
  }

  const seriesOf = (of: Labels, suffix: string): SampleWriter => {
    const { __name__: name, ...others } = of
    return series.of(name === undefined ? null : name + suffix, others)
  }

  const sample = (ms: number, value: number): void => {
    sink.record(NaN, 'utc')
    if (ms < (range[0] ?? 0)) range[0] = ms
    if (ms > (range[1] ?? 0)) range[1] = ms
    if (writer !== null) writer.push(ms, value)
    else {
      const to = writerOfSeries()
      if (to === null) waiting.push({ ms, value })
      else to.push(ms, value)
    }
  }

  /** Plain samples of one series, in columns. */
  const samplesOf = ({ times: atOnce, values: valuesAtOnce, count, first, last }: Columns): void => {
    const to = writer ?? writerOfSeries()
    if (to === null) {
      for (let index = 0; index < count; index++) sample(atOnce[index] ?? NaN, valuesAtOnce[index] ?? NaN)
      return
    }
    sink.records(count)
    if (first < (range[0] ?? 0)) range[0] = first
    if (last > (range[1] ?? 0)) range[1] = last
    to.pushAll(atOnce, valuesAtOnce, count)
  }

  const reader = sampleReader(sample, samplesOf)

  const wrong = (what: string): void => {
    broken++
    sink.skip(what)
  }

  const samples = (bytes: Buffer, from: number): number => {
    let at = from
    for (;;) {
      let byte = bytes[at]
      while (byte === COMMA || isBlank(byte)) byte = bytes[++at]
      if (byte === undefined) return at
      if (byte === OPEN_LIST) {
        // Where one was read by itself, those behind it may be plain again.
        const plain = reader.plain(bytes, at)
        if (plain > at) {
          at = plain
          continue
        }
        const next = reader.one(bytes, at)
        if (next === MORE) return at
        if (Number.isNaN(next)) {
          wrong('a sample that is not [time, "value"]')
          mode = 'mend'
          return at
        }
        at = next
      } else if (byte === CLOSE_LIST) {
        mode = 'walk'
        return at + 1
      } else {
        // VictoriaMetrics: bare values here, their times in "timestamps".
        const next = readBare(bytes, at)
        if (next === MORE) return at
        if (Number.isNaN(next)) {
          mode = 'walk'
          return at
        }
        values.push(bare.value)
        at = next
      }
    }
  }

  const mend = (bytes: Buffer, from: number): number => {
    const close = bytes.indexOf(CLOSE_LIST, from)
    if (close < 0) return bytes.length
    mode = 'samples'
    return close + 1
  }

  const times = (bytes: Buffer, from: number): number => {
    let at = from
    for (;;) {
      let byte = bytes[at]
      while (byte === COMMA || isBlank(byte)) byte = bytes[++at]
      if (byte === undefined) return at
      const next = byte === CLOSE_LIST ? NaN : readBare(bytes, at)
      if (next === MORE) return at
      if (Number.isNaN(next)) {
        mode = 'walk'
        return byte === CLOSE_LIST ? at + 1 : at
      }
      const value = values[timesRead++]
      if (value !== undefined && Number.isFinite(bare.value)) sample(bare.value, value)
      at = next
    }
  }

  const elements = (bytes: Buffer, from: number): number => {
    let at = from
    for (;;) {
      let byte = bytes[at]
      while (byte === COMMA || isBlank(byte)) byte = bytes[++at]
      if (byte === undefined) return at
      if (byte !== OPEN && byte !== OPEN_LIST) {
        mode = 'walk'
        return byte === CLOSE_LIST ? at + 1 : at
      }
      const end = valueEnd(bytes, at)
      if (end < 0) return at
      element(parseJson(bytes, at, end))
      at = end
    }
  }

  /** Over the rest of a value that means nothing, however long. */
  const pass = (bytes: Buffer, from: number): number => {
    for (let at = from; at < bytes.length; at++) {
      const byte = bytes[at]
      if (passQuoted) {
        if (byte === BACKSLASH) {
          if (at + 1 >= bytes.length) return at
          at++
        } else if (byte === QUOTE) passQuoted = false
        else continue
      } else if (byte === QUOTE) passQuoted = true
      else if (byte === OPEN || byte === OPEN_LIST) passDepth++
      else if (byte === CLOSE || byte === CLOSE_LIST) passDepth--
      else continue
      if (passDepth <= 0 && !passQuoted) {
        mode = 'walk'
        return at + 1
      }
    }
    return bytes.length
  }

  const startPass = (): void => {
    mode = 'pass'
    passDepth = 0
    passQuoted = false
  }

  const startElements = (each: (value: unknown) => void): void => {
    mode = 'elements'
    element = each
  }

  const startAlerts = (): void => {
    const seconds = forSeconds
    forSeconds = null
    startElements((value) => objects.alert(value, seconds))
  }

  /** Walks to the next key that means something. Returns where to go on; the mode may have changed. */
  const walk = (bytes: Buffer, from: number): number => {
    let at = from
    while (at < bytes.length) {
      const byte = bytes[at]
      if (byte === OPEN) {
        // A set of labels without a frame: /api/v1/series, promtool tsdb dump --format=seriesjson.
        const key = skipSpace(bytes, at + 1)
        if (bytes.length - key < 11 && bytes.indexOf(CLOSE, key) < 0) return at
        if (bytes.toString('latin1', key, key + 10) === '"__name__"') {
          const end = valueEnd(bytes, at)
          if (end < 0) return at
          objects.labelSet(parseJson(bytes, at, end))
          at = end
        } else {
          finishSeries()
          at++
        }
      } else if (byte === CLOSE) {
        finishSeries()
        at++
      } else if (byte === QUOTE) {
        const end = valueEnd(bytes, at)
        if (end < 0) return at
        const colon = skipSpace(bytes, end)
        if (colon >= bytes.length) return at
        if (bytes[colon] !== COLON) {
          at = end
          continue
        }
        const value = skipSpace(bytes, colon + 1)
        if (value >= bytes.length) return at
        const next = key(bytes, bytes.toString('latin1', at + 1, Math.min(end - 1, at + 32)), value)
        if (next === MORE) return at
        at = next
        if (mode !== 'walk') return at
      } else at++
    }
    return at
  }

  /** The value of a key begins at `at`. Returns where to go on, or MORE. */
  const key = (bytes: Buffer, name: string, at: number): number => {
    const byte = bytes[at]
    switch (name) {
      case 'metric': {
        if (byte !== OPEN) return at
        const end = valueEnd(bytes, at)
        if (end < 0) return MORE
        labels = stringsOf(parseJson(bytes, at, end))
        writer = null
        return end
      }
      case 'values':
        if (byte !== OPEN_LIST) return at
        mode = 'samples'
        return at + 1
      case 'timestamps':
        if (byte !== OPEN_LIST) return at
        mode = 'times'
        return at + 1
      case 'value':
      case 'result': {
        if (byte !== OPEN_LIST) return at
        const inside = skipSpace(bytes, at + 1)
        if (inside >= bytes.length) return MORE
        if (!isNumeric(bytes[inside])) return name === 'value' ? at : at + 1
        if (name === 'result') labels = {} // a scalar
        const end = reader.one(bytes, at)
        if (!Number.isNaN(end)) return end
        const string = valueEnd(bytes, at) // a string result: [time, "any text"]
        return string < 0 ? MORE : string
      }
      case 'histogram': {
        if (byte !== OPEN_LIST) return at
        const end = valueEnd(bytes, at)
        if (end < 0) return MORE
        objects.histogram(parseJson(bytes, at, end), labels)
        return end
      }
      case 'histograms':
        if (byte === OPEN_LIST) startElements((value) => objects.histogram(value, labels))
        return byte === OPEN_LIST ? at + 1 : at
      case 'activeTargets':
        if (byte === OPEN_LIST) startElements((value) => objects.activeTarget(value))
        return byte === OPEN_LIST ? at + 1 : at
      case 'alerts':
        if (byte !== OPEN_LIST) return at
        startAlerts()
        return at + 1
      case 'droppedTargets':
      case 'discoveredLabels':
      case 'annotations':
      case 'exemplars':
        if (byte === OPEN || byte === OPEN_LIST) startPass()
        return at
      case 'status':
      case 'error':
      case 'errorType': {
        if (byte !== QUOTE) return at
        const end = valueEnd(bytes, at)
        if (end < 0) return MORE
        const text = parseJson(bytes, at, end)
        if (name === 'status' && text === 'error') failed = true
        if (name === 'error' && typeof text === 'string') failure = text
        return end
      }
      case 'warnings': {
        if (byte !== OPEN_LIST) return at
        const end = valueEnd(bytes, at)
        if (end < 0) return MORE
        const said = parseJson(bytes, at, end)
        if (Array.isArray(said)) for (const text of said) if (typeof text === 'string') sink.warn(`Prometheus warned: ${text.slice(0, 200)}`)
        return end
      }
      case 'duration': {
        const seconds = readNumber(bytes, at, bytes.length)
        if (scanned.end >= bytes.length) return MORE
        forSeconds = scanned.end > 0 && Number.isFinite(seconds) ? seconds : null
        return at
      }
      default:
        return at
    }
  }

  const read = (bytes: Buffer): number => {
    let at = 0
    while (at < bytes.length) {
      const before = at
      const modeBefore = mode
      at = steps[mode](bytes, at)
      if (at === before && mode === modeBefore) break
    }
    return at
  }
  const steps: Readonly<Record<Mode, (bytes: Buffer, from: number) => number>> = { walk, samples, mend, times, elements, pass }

  // Small chunks wait until they are as much as what is held: looking at that again for each of them would be quadratic.
  let gathered: Buffer[] = []
  let gatheredBytes = 0
  /** What is held is mostly the half of a sample: read with the beginning of these bytes, the others need not be copied. Null where that is not enough. */
  const bridged = (bytes: Buffer): Buffer | null => {
    if (held.length === 0 || held.length > MAX_HELD_BYTES || gathered.length > 0 || bytes.length < 4 * MAX_HELD_BYTES) return null
    const bridge = Buffer.concat([held, bytes.subarray(0, Math.max(BRIDGE_BYTES, held.length))])
    const over = read(bridge) - held.length
    // What was read of it is behind us either way.
    if (over < 0) {
      held = Buffer.from(bridge.subarray(over + held.length, held.length))
      return null
    }
    return bytes.subarray(over)
  }

  const readOn = (bytes: Buffer): void => {
    const all = bridged(bytes) ?? (held.length > 0 || gathered.length > 0 ? Buffer.concat([held, ...gathered, bytes]) : bytes)
    gathered = []
    gatheredBytes = 0
    const rest = all.subarray(read(all))
    if (rest.length > MAX_VALUE_BYTES) {
      wrong('a value too long to be of a metric')
      startPass()
      held = Buffer.from(rest.subarray(pass(rest, 0)))
    } else held = Buffer.from(rest)
  }

  return {
    chunk(bytes) {
      if (gatheredBytes + bytes.length >= held.length) {
        readOn(bytes)
        return
      }
      gathered.push(Buffer.from(bytes))
      gatheredBytes += bytes.length
    },
    end() {
      if (gathered.length > 0) readOn(Buffer.alloc(0))
      // A number at the very end of an answer that was cut off has no bracket after it: nothing is lost but that sample.
      if (held.length > 0 && !held.every(isBlank)) sink.warn('the answer ends in the middle')
      finishSeries()
      reader.end()
      if (failed) {
        const why = failure.slice(0, 200)
        sink.warn(`Prometheus answered with an error: ${why}`)
        sink.fact({ fact: 'missing', what: `Prometheus' answer to ${context.expression ?? context.path}: ${why}`, hides: 'the metrics that were asked for' })
      }
      if (broken > 0) sink.warn('samples were left out')
      series.end(range[0] ?? NaN, range[1] ?? NaN)
    },
  }
}

const isNumeric = (byte: number | undefined): boolean => byte !== undefined && ((byte >= 48 && byte <= 57) || byte === 45 || byte === 43)
