/**
 * How a signature says which lines it means: words as they stand in the line, with holes for what changes.
 *
 *     lost quorum: {members} of {total} members left
 *
 * {name} takes one word (no blank in it), as short as what follows it allows; {name...}, at the end only, takes the rest of the line. '{{' and '}}' stand for
 * braces. There is nothing to go back to: each part is looked for once, from where the one before it ended, so time grows with the line and no more.
 */
export interface LinePattern {
  readonly parts: readonly Part[]
  /** The longest piece of text in it: a line without it need not be looked at. */
  readonly needle: Buffer
  readonly holes: readonly string[]
}

type Part = { readonly text: Buffer } | { readonly hole: string; readonly rest: boolean }

/** The longest word that a hole takes, and the most of a rest that is kept, bytes. */
const MAX_WORD = 200
const MAX_REST = 400
/** A line that has the first piece more often than this is not looked through to its end. */
const MAX_TRIES = 64
/** Shorter pieces stand in too many lines. */
const LEAST_ANCHOR = 4
const MAX_PATTERN = 500
const MAX_HOLES = 12

/** The pattern, or what is wrong with it. */
export const readPattern = (written: string): LinePattern | string => {
  if (written.length > MAX_PATTERN) return `expected at most ${MAX_PATTERN} characters`
  if (/[\n\r]/u.test(written)) return 'expected one line: a signature looks at lines'
  const parts: Part[] = []
  const holes: string[] = []
  let text = ''
  let last: 'text' | 'hole' | 'rest' = 'text'
  for (let at = 0; at < written.length; at++) {
    const letter = written.charAt(at)
    if ((letter === '{' || letter === '}') && written[at + 1] === letter) {
      text += letter
      at++
    } else if (letter === '}') return "a '}' that closes nothing; '}}' stands for a brace"
    else if (letter !== '{') text += letter
    else {
      const close = written.indexOf('}', at)
      const [, name, rest = ''] = /^([a-z][a-zA-Z0-9_]{0,39})(\.\.\.)?$/u.exec(close < 0 ? '' : written.slice(at + 1, close)) ?? []
      if (name === undefined) return "expected a hole such as {name}, or '{{' for a brace"
      if (holes.includes(name)) return `{${name}} stands in it twice: each hole has a name of its own`
      if (holes.length === MAX_HOLES) return `expected at most ${MAX_HOLES} holes`
      if (last === 'rest') return 'nothing can follow a hole that takes the rest of the line'
      if (text !== '') parts.push({ text: Buffer.from(text) })
      else if (last === 'hole') return `{${name}} follows a hole with nothing between them: where one ends is not told`
      text = ''
      last = rest === '' ? 'hole' : 'rest'
      holes.push(name)
      parts.push({ hole: name, rest: rest !== '' })
      at = close
    }
  }
  if (text !== '' && last === 'rest') return 'nothing can follow a hole that takes the rest of the line'
  if (text !== '') parts.push({ text: Buffer.from(text) })
  let longest: Buffer = Buffer.alloc(0)
  for (const part of parts) if ('text' in part && part.text.length > longest.length) longest = part.text
  if (longest.toString().trim().length < LEAST_ANCHOR) return `expected a piece of text of at least ${LEAST_ANCHOR} letters: else every line is looked at`
  return { parts, needle: longest, holes }
}

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9

const standsAt = (bytes: Buffer, at: number, end: number, text: Buffer): boolean => {
  if (at + text.length > end) return false
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text[index]) return false
  return true
}

/** Where the text stands in bytes[from, end); -1: nowhere. Buffer.indexOf would look on beyond the line. */
export const textIn = (bytes: Buffer, text: Buffer, from: number, end: number): number => {
  const first = text[0]
  for (let at = from; at + text.length <= end; at++) if (bytes[at] === first && standsAt(bytes, at, end, text)) return at
  return -1
}

/** What closes a word without being part of it, where nothing of the pattern follows: 'of 3, retrying', '(worker-1)'. */
const CLOSING = new Set(Buffer.from(',;:.)]}>"\''))

const wordEnd = (bytes: Buffer, from: number, end: number): number => {
  let at = from
  const most = Math.min(end, from + MAX_WORD)
  while (at < most && !isBlank(bytes[at])) at++
  while (at > from && CLOSING.has(bytes[at - 1] ?? 0)) at--
  return at
}

/** What the holes take of bytes[start, end), in their order; null where the line is not meant. */
export const matchLine = ({ parts }: LinePattern, bytes: Buffer, start: number, end: number): readonly string[] | null => {
  const [first, second] = parts
  const leading = first !== undefined && 'hole' in first
  const piece = leading ? second : first
  if (piece === undefined || !('text' in piece)) return null
  let from = start
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const at = textIn(bytes, piece.text, from, end)
    if (at < 0) return null
    from = at + 1
    const taken: string[] = []
    if (leading) {
      let word = at
      while (word > start && at - word < MAX_WORD && !isBlank(bytes[word - 1])) word--
      if (word === at) continue
      taken.push(bytes.toString('utf8', word, at))
    }
    if (goesOn(parts, leading ? 2 : 1, bytes, at + piece.text.length, end, taken)) return taken
  }
  return null
}

/** Whether what is left of the pattern stands from `from` on; fills what its holes take. */
const goesOn = (parts: readonly Part[], next: number, bytes: Buffer, from: number, end: number, taken: string[]): boolean => {
  let at = from
  for (let index = next; index < parts.length; index++) {
    const part = parts[index]
    if (part === undefined) return false
    if ('text' in part) {
      if (!standsAt(bytes, at, end, part.text)) return false
      at += part.text.length
      continue
    }
    const follows = parts[index + 1]
    let stop = at
    if (part.rest) stop = Math.min(end, at + MAX_REST)
    else if (follows === undefined || !('text' in follows)) stop = wordEnd(bytes, at, end)
    else {
      // One letter at least: what follows may stand right here.
      for (stop = at + 1; !standsAt(bytes, stop, end, follows.text); stop++) if (stop >= end || stop - at >= MAX_WORD || isBlank(bytes[stop])) return false
      if (isBlank(bytes[at])) return false
    }
    if (stop <= at) return false
    taken.push(bytes.toString('utf8', at, stop))
    at = stop
  }
  return true
}

const HOLE = /\{([a-z][a-zA-Z0-9_]{0,39})\}/gu

/** Names in braces of a template: 'process/{host}/ledger'. */
export const namesIn = (template: string): readonly string[] => [...template.matchAll(HOLE)].map(([, name]) => name ?? '')

/** The template with what its names stand for; null where one stands for nothing. */
export const filled = (template: string, value: (name: string) => string | null): string | null => {
  let whole = true
  const text = template.replace(HOLE, (_, name: string) => {
    const one = value(name)
    if (one === null || one === '') whole = false
    return one ?? ''
  })
  return whole ? text : null
}
