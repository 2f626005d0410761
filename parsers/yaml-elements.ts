/**
 * The elements of Kubernetes YAML: of a List's `items`, of a top-level sequence, or each document. Lines are cut by their indent, so that
 * one element at a time is parsed: emitters write sequences at the indent of their key or deeper, https://yaml.org/spec/1.2.2/
 */
import { yaml } from '../src/read/yaml.js'
import type { BytesReader } from '../src/model/format.js'
import { cutLines } from '../src/read/line-cutter.js'
import { decode } from '../src/read/text.js'

const MAX_ELEMENT_CHARS = 4 * 1024 * 1024
/** An alias repeats what its anchor holds: a few nested ones can stand for gigabytes. */
const MAX_ALIASES = 20

/** Braces and explicit keys in each other cost the parser more than the square of their depth (400 of them minutes); objects have ten. */
const MAX_DEPTH = 32

/** Tags or anchors one after another, which are one node's: their cost is the square of their number, and one of each is all there can be. */
const MANY_MARKS = /(?:[!&]\S{0,80}\s+){9}/u

/** Counts roughly, since text in quotes is not told apart: what is open at once in the object, and explicit keys ('? ') one after another. */
const isTooDeep = (text: string): boolean => {
  if (MANY_MARKS.test(text)) return true
  let open = 0
  let keys = 0
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === 123 || char === 91) {
      open++
      keys = 0
    } else if (char === 125 || char === 93) open = Math.max(0, open - 1)
    else if (char === 63) keys++
    else if (char !== 32 && char !== 10 && char !== 45) keys = 0
    if (open + keys > MAX_DEPTH) return true
  }
  return false
}

export interface YamlElements {
  element(value: unknown, line: number): void
  /** A list has ended: the lines around its elements, and how many there were. */
  list(shell: unknown, elements: number, line: number): void
  broken(line: number, what: string): void
  /** Asked with the text of an element before it is parsed, which is slow: false leaves it out. */
  wanted(text: string): boolean
}

export interface YamlSlicer extends BytesReader {
  readonly lines: number
}

export const sliceYaml = (to: YamlElements): YamlSlicer => {
  let line = 0
  let shell: string[] = []
  let element: string[] = []
  let size = 0
  let elementLine = 0
  let documentLine = 1
  let elements = 0
  /** Inside `items:`; the indent of its dashes, -1 until the first one. */
  let inItems = false
  let indent = -1
  let isList = false

  const parsed = (text: string, at: number): unknown => {
    if (isTooDeep(text)) {
      to.broken(at, 'an object with too much in each other was left out')
      return undefined
    }
    try {
      return yaml().parse(text, { maxAliasCount: MAX_ALIASES, logLevel: 'silent', uniqueKeys: false, schema: 'core', merge: false })
    } catch (error) {
      to.broken(at, `this YAML was not understood: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'unknown error'}`)
      return undefined
    }
  }

  const endElement = (): void => {
    if (element.length === 0) return
    const text = element.join('\n')
    element = []
    if (size > MAX_ELEMENT_CHARS) to.broken(elementLine, `an object larger than ${MAX_ELEMENT_CHARS / 1024 / 1024} MiB was left out`)
    else if (to.wanted(text)) {
      const value = parsed(text, elementLine)
      if (value !== undefined && value !== null) to.element(value, elementLine)
    }
    size = 0
    elements++
  }

  const endDocument = (): void => {
    endElement()
    if (isList) {
      const text = shell.join('\n')
      to.list(text.length > MAX_ELEMENT_CHARS ? {} : parsed(text, documentLine), elements, documentLine)
    }
    shell = []
    elements = 0
    inItems = false
    isList = false
    indent = -1
    size = 0
  }

  const add = (text: string, at: number): void => {
    if (element.length === 0) elementLine = at
    size += text.length + 1
    if (size <= MAX_ELEMENT_CHARS) element.push(text)
  }

  const take = (text: string): void => {
    const first = text.search(/[^ ]/u)
    if (text.startsWith('---') || text.startsWith('...')) {
      endDocument()
      documentLine = line + 1
      return
    }
    if (inItems) {
      if (first < 0) {
        if (element.length > 0) add('', line)
        return
      }
      const isDash = text[first] === '-' && (text[first + 1] === ' ' || text[first + 1] === undefined)
      if (indent < 0 && isDash) indent = first
      if (isDash && first === indent) {
        endElement()
        add(`${' '.repeat(indent + 1)}${text.slice(indent + 1)}`, line)
        return
      }
      if (first > indent && indent >= 0) {
        add(text, line)
        return
      }
      endElement()
      inItems = false
    }
    if (first === 0 && !isList && /^\ufeff?["']?items["']?:\s*$/u.test(text)) {
      // What was gathered as an element is the shell of a list.
      shell = element
      element = []
      size = 0
      isList = true
      inItems = true
      return
    }
    if (first === 0 && !isList && element.length === 0 && /^- /u.test(text)) {
      isList = true
      inItems = true
      indent = 0
      add(`  ${text.slice(2)}`, line)
      return
    }
    if (isList) {
      if (shell.length < 1000) shell.push(text.slice(0, 4096))
    } else if (first >= 0 && text[first] !== '#') add(text, line)
    else if (element.length > 0) add(text, line)
  }

  const cutter = cutLines({
    line(bytes, start, end) {
      line++
      take(decode(bytes, start, end))
    },
    overlong() {
      to.broken(line, 'a line longer than 1 MiB was cut')
    },
  })
  return {
    get lines() {
      return line
    },
    chunk: (bytes) => cutter.chunk(bytes),
    end() {
      cutter.end()
      endDocument()
    },
  }
}
