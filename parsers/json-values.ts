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

/** Calls `give` for every object at the top, or in an array at the top, with the line it begins on. `broken`: bytes that are no JSON. */
export const jsonValues = (give: (value: unknown, line: number) => void, broken: (line: number) => void): JsonValues => {
  let held: Buffer = Buffer.alloc(0)
  let line = 1
  let passing = false
  const read = (bytes: Buffer): number => {
    let at = 0
    while (at < bytes.length) {
      const byte = bytes[at] ?? 0
      if (passing ? byte !== 10 : byte !== 123) {
        if (byte === 10) line++
        at++
        continue
      }
      if (passing) {
        passing = false // the next line may be whole again
        continue
      }
      const end = valueEnd(bytes, at)
      if (end < 0) return at
      const value = parseJson(bytes, at, end)
      if (value === undefined) broken(line)
      else give(value, line)
      for (let next = bytes.indexOf(10, at); next >= 0 && next < end; next = bytes.indexOf(10, next + 1)) line++
      at = end
    }
    return at
  }
  return {
    chunk(bytes) {
      const all = held.length > 0 ? Buffer.concat([held, bytes]) : bytes
      const rest = all.subarray(read(all))
      if (rest.length > MAX_VALUE_BYTES) {
        broken(line)
        passing = true
        held = Buffer.alloc(0)
      } else held = Buffer.from(rest)
    },
    end() {
      if (held.length > 0) broken(line)
    },
  }
}
