/** Who is called what: the same original has the same pseudonym everywhere, two originals never share one, and none is a name that the report already has. */
import type { KnownName } from '../model/known-name.js'
import { isGeneric, isGenericWord } from './generic.js'

export type Kind = KnownName['kind'] | 'user' | 'ip' | 'email' | 'literal'

const PREFIX: Readonly<Record<Kind, string>> = {
  node: 'node',
  namespace: 'ns',
  app: 'app',
  pod: 'pod',
  volume: 'volume',
  database: 'db',
  customer: 'customer',
  host: 'host',
  user: 'user',
  ip: 'ip',
  email: 'email',
  literal: 'literal',
}

export interface Pseudonyms {
  /** A name to be found in texts; what names no one is not taken. */
  learn(kind: Kind, name: string): void
  /** The pseudonym of a known name; undefined where it is none. */
  find(name: string): string | undefined
  /** A pseudonym for what a pattern found. */
  give(kind: Kind, original: string): string
  /** Whether any known name begins with these letters. */
  begins(segment: string): boolean
  /** The most parts that a known name has. */
  readonly mostParts: number
  /** Whether it is a pseudonym that was given for these texts, not a name that looks like one. */
  gave(name: string): boolean
  /** Pseudonym to original, in the order in which they were given; those that were known before come first. */
  map(): ReadonlyMap<string, string>
}

/** Longer names have been made up by somebody who wants this to take long. */
const MOST_PARTS = 24
const PART = /[\p{L}\p{N}]+/gu

/** `before`: what was given for other texts. It keeps its meaning, but where these texts have that very word as a name of their own. */
export const makePseudonyms = (texts: readonly string[], before: ReadonlyMap<string, string> = new Map()): Pseudonyms => {
  const taken = numbered(texts)
  const next = new Map<string, number>()
  const kinds = new Map<string, Kind>()
  /** Of a name in small letters, or as an id writes it, the name as it was learned. */
  const spellings = new Map<string, string>()
  const firsts = new Set<string>()
  const given = new Map<string, string>()
  const originals = new Map<string, string>()
  const handed = new Set<string>()
  let mostParts = 1
  for (const [pseudonym, original] of before) {
    originals.set(pseudonym, original)
    if (taken.has(pseudonym)) continue
    taken.add(pseudonym)
    given.set(`${/^(?:ip|email|literal)(?=-\d+$)/u.exec(pseudonym)?.[0] ?? 'name'} ${original}`, pseudonym)
  }

  const numberedName = (prefix: string): string => {
    let count = (next.get(prefix) ?? 0) + 1
    while (taken.has(`${prefix}-${count}`) || before.has(`${prefix}-${count}`)) count++
    next.set(prefix, count)
    return `${prefix}-${count}`
  }

  const give = (kind: Kind, original: string): string => {
    const key = `${kind === 'ip' || kind === 'email' || kind === 'literal' ? kind : 'name'} ${original}`
    const known = given.get(key)
    if (known !== undefined) {
      handed.add(known)
      return known
    }
    const pseudonym = numberedName(kind === 'pod' ? podPrefix(original) : PREFIX[kind])
    given.set(key, pseudonym)
    originals.set(pseudonym, original)
    handed.add(pseudonym)
    return pseudonym
  }

  /** A pod keeps its workload: 'app-2-pod' of 'orders-7d9c5b8f6d-x2x4z'. */
  const podPrefix = (pod: string): string => {
    const parts = pod.split('-')
    for (let count = parts.length - 1; count > 0; count--) {
      const app = parts.slice(0, count).join('-')
      const kind = kinds.get(app)
      if (kind === 'app' || kind === 'customer' || kind === 'namespace') return `${give(kind, app)}-pod`
      if (isGeneric(app) && !/^\d/u.test(parts[count] ?? '') && count <= 3) return `${app.toLowerCase()}-pod`
    }
    return 'pod'
  }

  return {
    learn(kind, name) {
      const parts = name.match(PART) ?? []
      if (parts.length === 0 || parts.length > MOST_PARTS || name.length < 2 || !/\p{L}/u.test(name)) return
      if (name.length < 3 && !/\d/u.test(name)) return
      if (kind === 'node' || kind === 'pod' || kind === 'customer' ? isGenericWord(name) : isGeneric(name)) return
      if (kinds.has(name)) return
      kinds.set(name, kind)
      for (const spelling of [name, name.toLowerCase(), name.replace(/[^a-z0-9]+/giu, '-').toLowerCase()])
        if (!spellings.has(spelling)) spellings.set(spelling, name)
      firsts.add((parts[0] ?? '').toLowerCase())
      mostParts = Math.max(mostParts, parts.length)
    },
    find(name) {
      const original = kinds.has(name) ? name : (spellings.get(name) ?? spellings.get(name.toLowerCase()))
      const kind = original === undefined ? undefined : kinds.get(original)
      return original === undefined || kind === undefined ? undefined : give(kind, original)
    },
    give,
    begins: (segment) => firsts.has(segment.toLowerCase()),
    get mostParts() {
      return mostParts
    },
    gave: (name) => handed.has(name),
    map: () => originals,
  }
}

/** What the texts already call something: no pseudonym may be mistaken for it. */
const numbered = (texts: readonly string[]): Set<string> => {
  const found = new Set<string>()
  for (const text of texts)
    for (const [, name] of text.toLowerCase().matchAll(/(?<![a-z0-9])((?:[a-z0-9]{1,60}-){1,6}\d{1,9})(?![a-z0-9])/gu))
      if (name !== undefined) addTails(found, name)
  return found
}

const addTails = (found: Set<string>, name: string): void => {
  for (let at = 0; at >= 0; at = name.indexOf('-', at + 1)) found.add(at === 0 ? name : name.slice(at + 1))
}
