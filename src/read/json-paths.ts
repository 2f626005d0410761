/**
 * Finds the objects and arrays at given places of JSON documents, in their bytes, as they stream by: `events[]` are the elements of the array in the
 * member `events` of the outermost object, `` are whole documents, one after the other. Nothing else is kept or built.
 */
import type { LineCutter } from './line-cutter.js'

export interface JsonPaths {
  /** The object or array at one of the paths: bytes[start, end). Must not keep `bytes`. */
  value(path: string, bytes: Buffer, start: number, end: number, line: number): void
  overlong(line: number): void
}

/** Larger ones are left out. */
const MAX_VALUE_BYTES = 4 << 20
/** Deeper containers and longer keys have no part in a path. */
const MAX_DEPTH = 12
const MAX_KEY = 40

const QUOTE = 34
const BACKSLASH = 92
const NEWLINE = 10
const COMMA = 44
const COLON = 58

const isOpen = (byte: number): boolean => byte === 123 || byte === 91
const isClose = (byte: number): boolean => byte === 125 || byte === 93

export const findJsonPaths = (wanted: ReadonlySet<string>, to: JsonPaths): LineCutter => {
  let line = 1
  let depth = 0
  let inString = false
  let escaped = false
  /** One step for each open container: '[]' for an array, the key at hand for an object. */
  let steps: string[] = []
  let arrays: boolean[] = []
  let key: number[] = []
  let keyOpen = false
  /** The container being kept: where it began, at which depth, what came of it in earlier chunks. */
  let path: string | null = null
  let keptDepth = 0
  let keptLine = 0
  let from = 0
  let size = 0
  let pieces: Buffer[] = []

  const placeOf = (): string => {
    let place = ''
    for (let level = 0; level < depth; level++) {
      const step = steps[level] ?? ''
      place += step === '[]' || place === '' ? step : `.${step}`
    }
    return place
  }

  const keep = (bytes: Buffer, end: number): void => {
    size += end - from
    if (size > MAX_VALUE_BYTES) pieces = []
    else pieces.push(Buffer.from(bytes.subarray(from, end)))
  }

  const give = (bytes: Buffer, end: number): void => {
    const place = path ?? ''
    path = null
    if (size === 0 && end - from <= MAX_VALUE_BYTES) to.value(place, bytes, from, end, keptLine)
    else {
      keep(bytes, end)
      if (size > MAX_VALUE_BYTES) to.overlong(keptLine)
      else {
        const whole = Buffer.concat(pieces)
        to.value(place, whole, 0, whole.length, keptLine)
      }
    }
    pieces = []
    size = 0
  }

  const forget = (): void => {
    depth = 0
    steps = []
    arrays = []
    path = null
    pieces = []
    size = 0
  }

  return {
    chunk(bytes) {
      from = 0
      for (let at = 0; at < bytes.length; at++) {
        const byte = bytes[at] ?? 0
        if (byte === NEWLINE) {
          line++
          // A line break in a string is no JSON: what was cut off before it shall not cost what comes after.
          if (inString) {
            inString = false
            forget()
          }
          continue
        }
        if (inString) {
          if (escaped) escaped = false
          else if (byte === BACKSLASH) escaped = true
          else if (byte === QUOTE) inString = false
          else if (keyOpen && key.length < MAX_KEY) key.push(byte)
          continue
        }
        if (byte === QUOTE) {
          inString = true
          escaped = false
          keyOpen = path === null && depth > 0 && depth <= MAX_DEPTH && arrays[depth - 1] === false
          if (keyOpen) key = []
        } else if (isOpen(byte)) {
          if (path === null && depth < MAX_DEPTH) {
            const place = placeOf()
            if (wanted.has(place)) {
              path = place
              keptDepth = depth
              keptLine = line
              from = at
            }
          }
          if (depth < MAX_DEPTH) {
            arrays[depth] = byte === 91
            steps[depth] = byte === 91 ? '[]' : ''
          }
          depth++
        } else if (isClose(byte)) {
          if (depth > 0) depth--
          if (path !== null && depth === keptDepth) give(bytes, at + 1)
        } else if (byte === COLON && path === null && depth > 0 && depth <= MAX_DEPTH && keyOpen) {
          steps[depth - 1] = String.fromCharCode(...key)
          keyOpen = false
        } else if (byte === COMMA) keyOpen = false
      }
      if (path !== null) keep(bytes, bytes.length)
    },
    end() {
      if (path !== null) to.overlong(keptLine)
      forget()
    },
  }
}
