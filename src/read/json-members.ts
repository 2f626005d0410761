/** The members of one JSON object, found in its bytes without building it: for envelopes, where one member of twenty matters. */

export type MemberVisitor = (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void

const QUOTE = 34
const BACKSLASH = 92

const skipBlanks = (bytes: Buffer, at: number, end: number): number => {
  let next = at
  while (next < end && (bytes[next] === 32 || bytes[next] === 9 || bytes[next] === 13 || bytes[next] === 10)) next++
  return next
}

/** After the string that begins at `at` (its opening quote); -1 where it does not end. */
const afterString = (bytes: Buffer, at: number, end: number): number => {
  for (let next = at + 1; next < end; next++) {
    const byte = bytes[next]
    if (byte === BACKSLASH) next++
    else if (byte === QUOTE) return next + 1
  }
  return -1
}

const afterValue = (bytes: Buffer, at: number, end: number): number => {
  const first = bytes[at]
  if (first === QUOTE) return afterString(bytes, at, end)
  let depth = 0
  for (let next = at; next < end; next++) {
    const byte = bytes[next]
    if (byte === QUOTE) {
      next = afterString(bytes, next, end) - 1
      if (next < 0) return -1
    } else if (byte === 123 || byte === 91) depth++
    else if (byte === 125 || byte === 93) {
      if (depth === 0) return next
      depth--
      if (depth === 0) return next + 1
    } else if (depth === 0 && (byte === 44 || byte === 32)) return next
  }
  return -1
}

/** Visits each member of the object in bytes[start, end). A string's value includes its quotes. False: no whole object. */
export const eachMember = (bytes: Buffer, start: number, end: number, visit: MemberVisitor): boolean => {
  let at = skipBlanks(bytes, start, end)
  if (bytes[at] !== 123 || at >= end) return false
  at = skipBlanks(bytes, at + 1, end)
  while (at < end && bytes[at] === QUOTE) {
    const keyEnd = afterString(bytes, at, end)
    if (keyEnd < 0) return false
    const colon = skipBlanks(bytes, keyEnd, end)
    if (bytes[colon] !== 58 || colon >= end) return false
    const value = skipBlanks(bytes, colon + 1, end)
    const valueEnd = value < end ? afterValue(bytes, value, end) : -1
    if (valueEnd < 0) return false
    visit(at + 1, keyEnd - 1, value, valueEnd)
    at = skipBlanks(bytes, valueEnd, end)
    if (bytes[at] === 44) at = skipBlanks(bytes, at + 1, end)
  }
  return at < end && bytes[at] === 125
}

/** The bytes of a JSON string given with its quotes: a view where nothing is escaped, else a new buffer; null where it is broken. */
export const stringBytes = (bytes: Buffer, start: number, end: number): Buffer | null => {
  const inside = bytes.subarray(start + 1, end - 1)
  if (!inside.includes(BACKSLASH)) return inside
  const value = parsed(bytes, start, end)
  return typeof value === 'string' ? Buffer.from(value) : null
}

export const parsed = (bytes: Buffer, start: number, end: number): unknown => {
  try {
    return JSON.parse(bytes.toString('utf8', start, end))
  } catch {
    return undefined
  }
}

/** A whole number, written as such or in quotes; NaN where there is none. */
export const wholeNumber = (bytes: Buffer, start: number, end: number): number => {
  const quoted = bytes[start] === QUOTE ? 1 : 0
  let value = 0
  if (end - start - 2 * quoted < 1 || end - start > 20) return NaN
  for (let at = start + quoted; at < end - quoted; at++) {
    const digit = (bytes[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return NaN
    value = value * 10 + digit
  }
  return value
}
