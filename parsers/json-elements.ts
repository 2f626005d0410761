/**
 * Finds the JSON objects in a stream of bytes without parsing the whole: the elements of a document's `items` (`Items` in the dumps of
 * old clients) or of a top-level array, or else each document: JSON lines, documents one after the other, a single one.
 * Braces are counted outside strings, RFC 8259: https://www.rfc-editor.org/rfc/rfc8259
 * What is cut off or broken costs the element it happens in, not those beside it.
 */
import type { BytesReader } from '../src/model/format.js'

/** Larger elements are dropped with a warning: the largest API object that etcd takes is 1.5 MiB. */
const MAX_ELEMENT_BYTES = 16 * 1024 * 1024
const MAX_SHELL_BYTES = 1024 * 1024

export interface JsonElements {
  /** The elements of a document begin: what came before them. Typed lists name their kind there, plain ones after them. */
  opens(shell: string): void
  /** One whole object: bytes[start, end), which begins on `line`. Must not keep `bytes`. */
  element(bytes: Buffer, start: number, end: number, line: number): void
  /**
   * Takes the object that begins at `start`, if it is whole and of a sort that is read at sight, and those after it that are, too, with nothing but blanks
   * and commas between them: how many they were; the end of the last one and the lines up to there are left in `taken`. 0: it is sliced first. Must not
   * keep `bytes`.
   */
  atSight?(bytes: Buffer, start: number, line: number): number
  /** A document with elements has ended: itself without them, and how many there were. */
  list(shell: string, elements: number, line: number): void
  /** Lines between documents that are no JSON. */
  other(line: number): void
  broken(line: number, what: string): void
}

/** What the objects last taken at sight were: where the last one ended, the newlines from the first one on, and the last of them (-1: none). */
export interface Taken {
  readonly end: number
  readonly lines: number
  readonly lastNewline: number
}

/** Objects that are sliced in vain at first sight: after so many, and as long as they are the rule, it is not tried. */
const TRIED_IN_VAIN = 16

export interface JsonSlicer extends BytesReader {
  /** Lines seen so far, the one being read included. */
  readonly lines: number
}

const QUOTE = 34
const BACKSLASH = 92
const NEWLINE = 10
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
const OPEN_ARRAY = 91
const CLOSE_ARRAY = 93

/** Bytes that mean something outside a string, and inside one. */
const STRUCTURAL = new Uint8Array(256)
for (const byte of [QUOTE, NEWLINE, OPEN_OBJECT, CLOSE_OBJECT, OPEN_ARRAY, CLOSE_ARRAY]) STRUCTURAL[byte] = 1
const IN_STRING = new Uint8Array(256)
for (const byte of [QUOTE, NEWLINE, BACKSLASH]) IN_STRING[byte] = 1

/** Bytes gathered over chunks, up to a limit. */
interface Gathering {
  from: number // in the chunk at hand; -1: not gathering
  pieces: Buffer[]
  size: number
}

const NONE_TAKEN: Taken = { end: 0, lines: 0, lastNewline: -1 }

const gathering = (): Gathering => ({ from: -1, pieces: [], size: 0 })

export const sliceJson = (to: JsonElements, taken: Taken = NONE_TAKEN): JsonSlicer => {
  let inVain = 0

  let line = 1
  let base = 0 // where the chunk begins in the input
  let lineStart = 0
  let firstOnLine = true
  let depth = 0
  let inString = false
  let escaped = false
  let betweenDocuments: 'blank' | 'after' | 'garbage' = 'blank'
  /** The document's lines are not indented: a brace at their beginning tells nothing. */
  let flat = false
  let documentLine = 0
  let documentStart = 0
  /** Depth at which elements lie: 1 in a top-level array, 2 in `items`, -1 elsewhere. */
  let elementDepth = -1
  let elementIndent = -1
  let elementLine = 0
  let elements = 0
  let isList = false
  let lost = false
  const shell = gathering()
  const element = gathering()
  /** The last five bytes of the last string, and its length, for the key before an array. */
  let keyLength = 0
  let keyStart = 0
  const key = Buffer.alloc(5)

  const keep = (what: Gathering, bytes: Buffer, end: number, limit: number): void => {
    if (what.from < 0) return
    what.size += end - what.from
    if (what.size <= limit && end > what.from) what.pieces.push(Buffer.from(bytes.subarray(what.from, end)))
    else if (what.size > limit) what.pieces = []
    what.from = 0
  }

  const drop = (what: Gathering): void => {
    what.from = -1
    what.pieces = []
    what.size = 0
  }

  const give = (bytes: Buffer, end: number, at: number): void => {
    if (element.pieces.length === 0 && element.size === 0) to.element(bytes, element.from, end, at)
    else {
      keep(element, bytes, end, MAX_ELEMENT_BYTES)
      if (element.size > MAX_ELEMENT_BYTES) to.broken(at, `an object larger than ${MAX_ELEMENT_BYTES / 1024 / 1024} MiB was left out`)
      else {
        const whole = Buffer.concat(element.pieces)
        to.element(whole, 0, whole.length, at)
      }
    }
    drop(element)
  }

  const startDocument = (at: number, byte: number): void => {
    depth = 1
    lost = false
    flat = false
    documentLine = line
    documentStart = base + at
    elements = 0
    elementIndent = -1
    keyLength = 0
    drop(shell)
    drop(element)
    isList = byte === OPEN_ARRAY
    elementDepth = isList ? 1 : -1
    if (isList) shell.from = -1
    else element.from = at // until `items` shows that it is a list, the document is the element
    elementLine = line
  }

  const endDocument = (bytes: Buffer, end: number): void => {
    if (isList) {
      let text = '[]'
      if (shell.from >= 0) {
        keep(shell, bytes, end, MAX_SHELL_BYTES)
        text = shell.size > MAX_SHELL_BYTES ? '{}' : Buffer.concat(shell.pieces).toString('utf8')
      }
      to.list(text, elements, documentLine)
    } else give(bytes, end, documentLine)
    drop(shell)
    drop(element)
    isList = false
    elementDepth = -1
    depth = 0
    lost = false
    betweenDocuments = 'after'
  }

  const breakOff = (what: string): void => {
    to.broken(line, what)
    drop(element)
    inString = false
    escaped = false
    lost = true
  }

  const newline = (at: number): void => {
    line++
    lineStart = base + at + 1
    firstOnLine = true
  }

  /** An opening brace or bracket inside a document. */
  const open = (bytes: Buffer, at: number, byte: number): void => {
    const column = firstOnLine ? base + at - lineStart : -1
    if (byte === OPEN_OBJECT && column === 0 && !flat && depth !== elementDepth) {
      // Only a document begins there: the one before it was cut off.
      if (!lost) to.broken(line, 'a new document begins before the last one ended')
      startDocument(at, byte)
      return
    }
    if (byte === OPEN_OBJECT && column > 0 && column === elementIndent && depth !== elementDepth && !flat) {
      if (!lost) to.broken(line, 'an element begins before the last one ended')
      depth = elementDepth
      lost = false
      drop(element)
    }
    if (lost) return
    if (depth === 1 && byte === OPEN_ARRAY && elementDepth === -1 && isItemsKey()) {
      // The document is a list after all: what came before its elements is its shell.
      shell.from = element.from
      shell.pieces = element.pieces
      shell.size = element.size
      keep(shell, bytes, at + 1, MAX_SHELL_BYTES)
      shell.from = -2 // paused
      to.opens(Buffer.concat(shell.pieces).toString('utf8'))
      element.from = -1
      element.pieces = []
      element.size = 0
      isList = true
      elementDepth = 2
    } else if (depth === elementDepth && byte === OPEN_OBJECT) {
      element.from = at
      elementLine = line
      if (elementIndent < 0 && column > 0) elementIndent = column
    }
    depth++
  }

  const close = (bytes: Buffer, at: number): void => {
    if (lost) return
    depth--
    if (depth === 0) endDocument(bytes, at + 1)
    else if (depth === elementDepth && element.from >= 0) {
      elements++
      give(bytes, at + 1, elementLine)
    } else if (depth === 1 && elementDepth === 2 && shell.from === -2) {
      shell.from = at
      elementDepth = -2 // what else the document holds belongs to its shell
    }
  }

  const isItemsKey = (): boolean => {
    const text = keyLength === 5 ? key.toString('latin1') : ''
    return text === 'items' || text === 'Items'
  }

  const outside = (bytes: Buffer, at: number): void => {
    const byte = bytes[at] ?? 0
    if (byte === NEWLINE) {
      if (betweenDocuments === 'garbage') to.other(line)
      newline(at)
      betweenDocuments = 'blank'
    } else if (betweenDocuments === 'garbage' || byte === 32 || byte === 9 || byte === 13 || byte === 44) return
    else if (byte === 0xef || byte === 0xbb || byte === 0xbf)
      return // a byte order mark
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      startDocument(at, byte)
      firstOnLine = false
    } else betweenDocuments = 'garbage'
  }

  const string = (bytes: Buffer, from: number): number => {
    let at = from
    while (at < bytes.length) {
      while (at < bytes.length && IN_STRING[bytes[at] ?? 0] === 0) at++
      if (at >= bytes.length) break
      const byte = bytes[at] ?? 0
      if (byte === BACKSLASH) {
        if (at + 1 >= bytes.length) {
          escaped = true
          return at + 1
        }
        at += 2
      } else if (byte === QUOTE) {
        inString = false
        if (depth === 1) keyLength = base + at - keyStart
        return at + 1
      } else {
        // A raw newline is no part of a JSON string: the line was cut.
        breakOff('a line ends inside a string')
        return at
      }
    }
    return at
  }

  /** Keeps the first bytes of a string at depth 1, which may be the key of the elements; strings may be cut. */
  const rememberKey = (bytes: Buffer, from: number, end: number): void => {
    for (let at = from; at < end; at++) {
      const place = base + at - keyStart
      if (place >= 5) return
      key[place] = bytes[at] ?? 0
    }
  }

  /** Where the objects that were taken at sight end; -1: there were none. */
  const takeAtSight = (bytes: Buffer, from: number): number => {
    if (to.atSight === undefined || inVain > TRIED_IN_VAIN) return -1
    const count = to.atSight(bytes, from, line)
    if (count === 0) {
      inVain++
      return -1
    }
    inVain = 0
    if (depth > 0) elements += count
    if (taken.lines > 0) {
      line += taken.lines
      lineStart = base + taken.lastNewline + 1
    }
    firstOnLine = false
    return taken.end
  }

  return {
    get lines() {
      return line - (base === lineStart ? 1 : 0)
    },
    chunk(bytes) {
      let at = 0
      if (escaped && bytes.length > 0) {
        escaped = false
        at = 1
        if (depth === 1) rememberKey(bytes, 0, 1)
      }
      while (at < bytes.length) {
        if (depth === 0) {
          const end = bytes[at] === OPEN_OBJECT && betweenDocuments !== 'garbage' ? takeAtSight(bytes, at) : -1
          if (end >= 0) {
            betweenDocuments = 'after'
            at = end
            continue
          }
          outside(bytes, at)
          at++
          continue
        }
        if (inString) {
          const end = string(bytes, at)
          if (depth === 1) rememberKey(bytes, at, end)
          at = end
          continue
        }
        while (at < bytes.length && STRUCTURAL[bytes[at] ?? 0] === 0) at++
        if (at >= bytes.length) break
        const byte = bytes[at] ?? 0
        // '{', a line of its own, and no indent after it: a document that is not indented at all.
        if (firstOnLine && line === documentLine + 1 && base + at === lineStart && byte !== NEWLINE) flat = lineStart - documentStart <= 3
        if (byte === QUOTE) {
          inString = !lost
          keyStart = base + at + 1
          firstOnLine = false
        } else if (byte === NEWLINE) {
          newline(at)
        } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
          if (byte === OPEN_OBJECT && depth === elementDepth && !lost) {
            if (elementIndent < 0 && firstOnLine && base + at > lineStart) elementIndent = base + at - lineStart
            const end = takeAtSight(bytes, at)
            if (end >= 0) {
              at = end
              continue
            }
          }
          open(bytes, at, byte)
          firstOnLine = false
        } else {
          close(bytes, at)
          firstOnLine = false
        }
        at++
      }
      keep(shell, bytes, bytes.length, MAX_SHELL_BYTES)
      keep(element, bytes, bytes.length, MAX_ELEMENT_BYTES)
      base += bytes.length
    },
    end() {
      if (depth > 0 && !lost) to.broken(line, 'the document ends before it is complete')
      if (depth > 0 && isList) to.list('{}', elements, documentLine)
    },
  }
}
