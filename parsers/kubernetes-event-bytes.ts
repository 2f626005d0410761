/**
 * One event, read from its bytes: only the fields that kubernetes-event.ts looks at become values, everything else (managed fields, annotations)
 * is passed over. What is unusual in any way is left to JSON.parse, which reads the same and takes its time.
 */
import { remembering } from './postgres-bytes.js'
import { isObject, type Json, type JsonObject } from './kubernetes-fields.js'

const QUOTE = 34
const BACKSLASH = 92
const NEWLINE = 10
const COLON = 58
const COMMA = 44

/** What a key's value is to become. */
type Wanted = 'shared' | 'text' | 'count' | 'nothing' | Fields
interface Field {
  readonly name: string
  readonly bytes: Uint8Array
  readonly wanted: Wanted
}
/** Fields by the length, first and last byte of their names; `others`: whether further ones may be passed over. */
interface Fields {
  readonly byKey: ReadonlyMap<number, Field>
  readonly others: boolean
}

const keyOf = (length: number, first: number, last: number): number => (length << 16) | (first << 8) | last
const fields = (others: boolean, names: Readonly<Record<string, Wanted>>): Fields => ({
  others,
  byKey: new Map(
    Object.entries(names).map(([name, wanted]) => {
      const bytes = Buffer.from(name)
      return [keyOf(bytes.length, bytes[0] ?? 0, bytes.at(-1) ?? 0), { name, bytes, wanted }]
    }),
  ),
})

const REFERENCE = fields(true, { kind: 'shared', namespace: 'shared', name: 'shared', uid: 'shared', fieldPath: 'shared' })
/** All that an Event has, core/v1 or events.k8s.io/v1: an object with anything else is something else. */
const EVENT = fields(false, {
  apiVersion: 'shared',
  kind: 'shared',
  metadata: fields(true, { namespace: 'shared', uid: 'text', creationTimestamp: 'text' }), // without a uid its name matters
  involvedObject: REFERENCE,
  regarding: REFERENCE,
  source: fields(true, { component: 'shared', host: 'shared' }),
  series: fields(true, { lastObservedTime: 'text', count: 'count' }),
  reason: 'shared',
  message: 'text',
  note: 'text',
  firstTimestamp: 'text',
  lastTimestamp: 'text',
  eventTime: 'text',
  count: 'count',
  type: 'shared',
  action: 'nothing',
  related: 'nothing',
  reportingComponent: 'shared',
  reportingController: 'shared',
  reportingInstance: 'shared',
})

/** Where the last event ended, and the lines within it. */
export const scanned = { end: 0, lines: 0, lastNewline: -1 }

/** Where reading stands; -1 once something was unusual. */
let at = 0

const blanks = (bytes: Buffer, end: number): void => {
  for (; at < end; at++) {
    const byte = bytes[at]
    if (byte === NEWLINE) {
      scanned.lines++
      scanned.lastNewline = at
    } else if (byte !== 32 && byte !== 13 && byte !== 9) return
  }
}

/** After the closing quote of the string whose contents begin at `from`; -1 where it holds escapes or control characters, or does not end. */
const afterString = (bytes: Buffer, from: number, end: number): number => {
  for (let next = from; next < end; next++) {
    const byte = bytes[next] ?? 0
    if (byte === QUOTE) return next + 1
    if (byte === BACKSLASH || byte < 32) return -1
  }
  return -1
}

/** As afterString, but escapes are no harm: nobody asks what the string says. Sets escaped. */
const afterAnyString = (bytes: Buffer, from: number, end: number): number => {
  escaped = false
  for (let next = from; next < end; next++) {
    const byte = bytes[next] ?? 0
    if (byte === QUOTE) return next + 1
    if (byte < 32) return -1
    if (byte === BACKSLASH) {
      escaped = true
      next++
    }
  }
  return -1
}
let escaped = false

/** Passes over a value, whatever it is. Only what JSON.parse would take is passed over for good: a scalar out of the ordinary is unusual. */
const pass = (bytes: Buffer, end: number): void => {
  const first = bytes[at] ?? 0
  if (first === QUOTE) {
    const after = afterAnyString(bytes, at + 1, end)
    // What an escape may be, JSON.parse knows.
    at = escaped ? -1 : after
    return
  }
  if (first === 123 || first === 91) {
    const close = first + 2
    at++
    blanks(bytes, end)
    if (bytes[at] === close) {
      at++
      return
    }
    while (at >= 0 && at < end) {
      if (first === 123) {
        if (bytes[at] !== QUOTE) break
        const after = afterString(bytes, at + 1, end)
        if (after < 0) break
        at = after
        blanks(bytes, end)
        if (bytes[at] !== COLON) break
        at++
        blanks(bytes, end)
      }
      if (++depth > 60) break
      pass(bytes, end)
      depth--
      if (at < 0) return
      blanks(bytes, end)
      const byte = bytes[at]
      at++
      if (byte === close) return
      if (byte !== COMMA) break
      blanks(bytes, end)
    }
    at = -1
    return
  }
  at = afterScalar(bytes, at, end)
}
let depth = 0

const SCALARS = ['null', 'true', 'false'].map((word) => Buffer.from(word))
/** After null, true, false or a whole number; -1 for any other. */
const afterScalar = (bytes: Buffer, from: number, end: number): number => {
  const first = bytes[from] ?? 0
  if (first >= 49 && first <= 57) {
    let next = from + 1
    while (next < end && next - from < 15 && (bytes[next] ?? 0) >= 48 && (bytes[next] ?? 0) <= 57) next++
    return endsScalar(bytes[next]) ? next : -1
  }
  if (first === 48) return endsScalar(bytes[from + 1]) ? from + 1 : -1
  for (const word of SCALARS) {
    if (first !== word[0] || from + word.length >= end) continue
    for (let index = 1; index < word.length; index++) if (bytes[from + index] !== word[index]) return -1
    return endsScalar(bytes[from + word.length]) ? from + word.length : -1
  }
  return -1
}
const endsScalar = (byte: number | undefined): boolean => byte === COMMA || byte === 125 || byte === 93 || byte === 32 || byte === NEWLINE || byte === 13

const decoded = (bytes: Buffer, start: number, end: number): string => bytes.toString('utf8', start, end)
/** Names and reasons come again and again: one string for all of them. */
const shared = remembering(decoded)

const value = (bytes: Buffer, end: number, wanted: Wanted): Json => {
  const start = at
  if (wanted === 'shared' || wanted === 'text') {
    if (bytes[start] !== QUOTE) {
      pass(bytes, end)
      if (bytes[start] !== 110) at = -1 // null says nothing; what else is no string is unusual
      return null
    }
    const after = wanted === 'text' ? afterAnyString(bytes, start + 1, end) : afterString(bytes, start + 1, end)
    at = after
    if (after < 0) return null
    if (wanted === 'shared' && after - start < 300) return shared(bytes, start + 1, after - 1)
    if (!(wanted === 'text' && escaped)) return decoded(bytes, start + 1, after - 1)
    try {
      return JSON.parse(decoded(bytes, start, after)) as string // it begins and ends with quotes
    } catch {
      at = -1
      return null
    }
  }
  if (wanted === 'count') {
    pass(bytes, end)
    if (at < 0 || bytes[start] === 110) return null
    const first = bytes[start] ?? 0
    if (first < 48 || first > 57) at = -1
    return Number(bytes.toString('latin1', start, Math.max(start, at)))
  }
  if (wanted === 'nothing' || bytes[start] === 110) {
    pass(bytes, end)
    return null
  }
  return object(bytes, end, wanted)
}

const object = (bytes: Buffer, end: number, { byKey, others }: Fields): JsonObject => {
  const result: Record<string, Json> = {}
  if (bytes[at] !== 123) {
    at = -1
    return result
  }
  at++
  blanks(bytes, end)
  if (bytes[at] === 125) {
    at++
    return result
  }
  while (at < end && bytes[at] === QUOTE) {
    const start = at + 1
    const after = afterString(bytes, start, end)
    if (after < 0) break
    const length = after - 1 - start
    const field = byKey.get(keyOf(length, bytes[start] ?? 0, bytes[after - 2] ?? 0))
    let same = field !== undefined && field.bytes.length === length
    for (let index = 1; same && index < length; index++) same = bytes[start + index] === field?.bytes[index]
    at = after
    blanks(bytes, end)
    if (bytes[at] !== COLON) break
    at++
    blanks(bytes, end)
    if (same && field !== undefined) {
      const is = value(bytes, end, field.wanted)
      if (Object.hasOwn(result, field.name)) break // twice: the last one counts, which JSON.parse knows
      if (is !== null) result[field.name] = is
    } else if (others) pass(bytes, end)
    else break
    if (at < 0) return result
    blanks(bytes, end)
    const byte = bytes[at]
    at++
    if (byte === 125) return result
    if (byte !== COMMA) break
    blanks(bytes, end)
  }
  at = -1
  return result
}

/** The event that begins at `start`; null where it is no event, goes on beyond `end`, or is in any way unusual. Sets `scanned`. */
export const eventAt = (bytes: Buffer, start: number, end: number): JsonObject | null => {
  at = start
  depth = 0
  scanned.lines = 0
  scanned.lastNewline = -1
  const event = object(bytes, end, EVENT)
  scanned.end = at
  if (at < 0 || at > end || event['kind'] !== 'Event' || !isUsual(event)) return null
  const version = event['apiVersion']
  return typeof version === 'string' && version.startsWith('audit.') ? null : event
}

/** It says what it is about, and has a uid. */
const isUsual = (event: JsonObject): boolean => isObject(event['involvedObject']) && isObject(event['metadata']) && event['metadata']['uid'] !== undefined
