/** Cuts a stream of bytes into JSON values, one after another or the elements of one array, without parsing what lies between. */

/** A value longer than this is passed over: no alert, target or set of labels is. */
export const MAX_VALUE_BYTES = 8 << 20

const QUOTE = 34
const BACKSLASH = 92

/** Where the value (object, array or string) that begins at `at` ends; -1 where the bytes end before it does. */
export const valueEnd = (bytes: Buffer, at: number): number => {
  let depth = 0
  let quoted = false
  for (let next = at; next < bytes.length; next++) {
    const byte = bytes[next]
    if (quoted) {
      if (byte === BACKSLASH) next++
      else if (byte === QUOTE) {
        quoted = false
        if (depth === 0) return next + 1
      }
    } else if (byte === QUOTE) quoted = true
    else if (byte === 123 || byte === 91) depth++
    else if (byte === 125 || byte === 93) {
      if (--depth <= 0) return next + 1
    }
  }
  return -1
}

/** JSON.parse that answers undefined to what is no JSON. */
export const parseJson = (bytes: Buffer, start: number, end: number): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8', start, end)) as unknown
  } catch {
    return undefined
  }
}

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A key of the object's own, never of its prototype. */
export const own = (value: unknown, key: string): unknown => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined)

export const ownText = (value: unknown, key: string): string => {
  const text = own(value, key)
  return typeof text === 'string' ? text : ''
}

/** The strings of an object, as labels; other values are left out. */
export const stringsOf = (value: unknown): Readonly<Record<string, string>> =>
  isObject(value) ? Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string')) : {}

export interface JsonValues {
  chunk(bytes: Buffer): void
  end(): void
}

const NEWLINE = 10
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/** The beginning of a value whose end is still to come: grows by doubling, so that single bytes cost no more than long chunks. */
const growing = (): { add(bytes: Buffer, start: number, end: number): void; take(): Buffer; readonly size: number } => {
  let kept = Buffer.alloc(0)
  let size = 0
  return {
    get size() {
      return size
    },
    add(bytes, start, end) {
      const needed = size + end - start
      if (needed > kept.length) {
        const larger = Buffer.allocUnsafe(Math.max(2 * kept.length, needed))
        kept.copy(larger, 0, 0, size)
        kept = larger
      }
      bytes.copy(kept, size, start, end)
      size = needed
    },
    take() {
      const whole = kept.subarray(0, size)
      kept = Buffer.alloc(0)
      size = 0
      return whole
    },
  }
}

/**
 * Calls `give` for every object at the top, or in an array at the top, with the line it begins on. `broken`: bytes that are no JSON.
 * Every byte is looked at once, however the input was cut.
 */
export const jsonValues = (give: (value: unknown, line: number) => void, broken: (line: number) => void): JsonValues => {
  const held = growing()
  let line = 1
  /** Of the value being read: the line it begins on; depth 0: none is. */
  let begins = 1
  let depth = 0
  let quoted = false
  let escaped = false
  /** What was too long is passed over until its line ends. */
  let passing = false

  const close = (bytes: Buffer, start: number, end: number): void => {
    let value: unknown
    if (held.size > 0) {
      held.add(bytes, start, end)
      const whole = held.take()
      value = parseJson(whole, 0, whole.length)
    } else value = parseJson(bytes, start, end)
    if (value === undefined) broken(begins)
    else give(value, begins)
  }

  const tooLong = (): void => {
    held.take()
    depth = 0
    quoted = false
    escaped = false
    passing = true
    broken(begins)
  }

  return {
    chunk(bytes) {
      /** Where the value being read begins in these bytes. */
      let start = 0
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at]
        if (byte === NEWLINE) {
          line++
          passing = false // the next line may be whole again
        }
        if (depth === 0) {
          if (byte !== OPEN_OBJECT || passing) continue
          start = at
          begins = line
          depth = 1
        } else if (escaped) escaped = false
        else if (quoted) {
          if (byte === BACKSLASH) escaped = true
          else if (byte === QUOTE) quoted = false
        } else if (byte === QUOTE) quoted = true
        else if (byte === OPEN_OBJECT || byte === 91) depth++
        else if ((byte === CLOSE_OBJECT || byte === 93) && --depth === 0) close(bytes, start, at + 1)
        if (depth > 0 && held.size + at + 1 - start > MAX_VALUE_BYTES) tooLong()
      }
      if (depth > 0) held.add(bytes, start, bytes.length)
    },
    end() {
      if (depth > 0) broken(begins)
    },
  }
}
