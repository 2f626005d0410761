/**
 * A report without names: addresses, e-mails, the literals of queries, and whatever the data call a machine, a pod, a workload, a namespace, a user or a customer
 * have pseudonyms, the same everywhere, so that what belongs together still does. Done on the model, before anything is rendered: no form can forget it.
 */
import { isIPv6 } from 'node:net'
import { namesIn, type KnownName } from '../model/known-name.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { isGeneric, isPublicHost, looksLikeHost } from './generic.js'
import { makePseudonyms, type Kind, type Pseudonyms } from './pseudonyms.js'
import { redactSql } from './sql.js'

export interface Redacted {
  readonly postMortem: PostMortem
  /** Pseudonym to original: for those who may know. */
  readonly map: ReadonlyMap<string, string>
}

/** Closed sets, times, rules and hashes: they name no one, and links hang on them. */
const KEPT: ReadonlySet<string> = new Set(
  'schema kind role mechanism format wrapping unit sha256 start end time from to firstSymptom firstAlert version name finding findings cause effect chains rounds'.split(
    ' ',
  ),
)

const FIRST: readonly KnownName['kind'][] = ['node', 'customer', 'namespace', 'app', 'volume', 'database', 'pod', 'host']

/**
 * `also`: words of the user's own, such as a customer's name; they are found within others, too. `before`: the map of other reports, so that
 * one pseudonym means the same in all of them.
 */
export const redact = (postMortem: PostMortem, also: readonly string[] = [], before: ReadonlyMap<string, string> = new Map()): Redacted => {
  const texts: string[] = []
  each(postMortem, '', (text) => texts.push(text))
  const names = makePseudonyms(texts, before)
  const own = anyOf(also)
  const withoutOwn = (text: string): string => (own === null ? text : text.replace(own, (word) => names.give('customer', word.toLowerCase())))
  const change = (text: string): string => redactText(withoutOwn(text), names)
  // A name of several kinds is the first of them.
  const told = [...postMortem.analysis.incidents.flatMap((incident) => incident.findings), ...postMortem.incidents.flatMap((incident) => incident.charts)]
  const known = [...postMortem.known, ...told.flatMap(({ entity }) => namesIn(entity))].sort((a, b) => FIRST.indexOf(a.kind) - FIRST.indexOf(b.kind))
  // As it will stand in a text: of 'acme-billing' the rest is a name, too.
  for (const { kind, name } of known) for (const one of withoutOwn(name).match(NAME) ?? []) names.learn(kind, one)
  for (const text of texts) learnFrom(text, names)
  const rewritten = rewrite({ ...postMortem, known: [] }, '', change) as PostMortem // the shape is kept: only strings are replaced, by strings
  return { postMortem: rewritten, map: names.map() }
}

/** The longest first; words of one letter would leave no text. */
const anyOf = (also: readonly string[]): RegExp | null => {
  const words = [...new Set(also.flatMap((phrase) => [phrase.trim(), ...phrase.split(/\s+/u)]))]
    .filter((word) => word.length > 1)
    .sort((a, b) => b.length - a.length)
  return words.length === 0 ? null : new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/gu, '\\$&')).join('|'), 'giu')
}

// ---- every string of the model

const each = (value: unknown, key: string, visit: (text: string) => void): void => {
  if (typeof value === 'string') {
    if (!KEPT.has(key)) visit(value)
  } else if (Array.isArray(value)) for (const item of value) each(item, key, visit)
  else if (value !== null && typeof value === 'object') for (const [name, item] of Object.entries(value)) each(item, name, visit)
}

const rewrite = (value: unknown, key: string, change: (text: string) => string): unknown => {
  if (typeof value === 'string') {
    if (KEPT.has(key) || (key === 'reference' && isPublicAddress(value))) return value
    if (key === 'entity') return rewriteEntity(value, change)
    return key === 'id' || key === 'incident' ? rewriteId(value, change) : change(value)
  }
  if (Array.isArray(value)) return value.map((item) => rewrite(item, key, change))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, rewrite(item, name, change)]))
}

/** The type is the grammar's. */
const rewriteEntity = (entity: string, change: (text: string) => string): string => {
  const slash = entity.indexOf('/')
  return slash < 0 ? entity : `${entity.slice(0, slash + 1)}${change(entity.slice(slash + 1))}`
}

const isPublicAddress = (address: string): boolean => isPublicHost(/^https:\/\/([\w.-]{1,253})\//u.exec(address)?.[1] ?? '')

/** Of ids only an incident's tells names, addresses with hyphens for dots among them; the others are counted, and links hang on them. */
const rewriteId = (id: string, change: (text: string) => string): string =>
  /^incident-\d{8}-/u.test(id)
    ? change(id.replace(/(?<!\d)(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?!\d)/gu, (_, ...parts: string[]) => change(parts.slice(0, 4).join('.'))))
    : id

// ---- names that only texts tell

const NAME = /[\p{L}\p{N}]+(?:[-._]+[\p{L}\p{N}]+)*/gu

const TOLD: readonly (readonly [Kind, RegExp])[] = [
  // Mar 05 10:16:12.204 node-5 kubelet[911]: …, and the same with an ISO stamp
  [
    'node',
    /^(?:[A-Z][a-z]{2} {1,2}\d{1,2} [\d:.]{8,20}|\d{4}-\d\d-\d\dT[\d:.,]{5,20}(?:Z|[+-]\d\d:?\d\d)) ([\w.-]{2,253}) (?:kernel|[\w./@-]{1,80}\[\d{1,10}\]):/u,
  ],
  ['user', /(?<![\w.])(?:user|usename|username|role)(?:=|\s{1,2}(?=["']))["']?([\w.-]{1,63})/dgiu],
  ['database', /(?<![\w.])(?:db|dbname|datname|database)(?:=|\s{1,2}(?=["']))["']?([\w.-]{1,63})/dgiu],
  // [6450] portal@portal LOG:, and what is said of a session: process 6450 (portal@portal, …)
  ['user', /(?:\] |process \d{1,10} \()([\w.-]{1,63})@[\w.-]{1,63}(?: [A-Z]{3,9}:|[,)])/dgu],
  ['database', /(?:\] |process \d{1,10} \()[\w.-]{1,63}@([\w.-]{1,63})(?: [A-Z]{3,9}:|[,)])/dgu],
  ['user', /\/(?:home|Users)\/([\w.-]{1,63})/dgu],
  ['host', /:\/\/(?:[^\s/@"']{1,200}@)?([A-Za-z][\w-]{1,62})(?=[:/\s"']|$)/gu],
  ['host', /\blookup ([A-Za-z][\w-]{1,62})(?= on [\d[]|: (?:no such host|server misbehaving|i\/o timeout|Temporary failure|Name or service))/gu],
]

const learnFrom = (text: string, names: Pseudonyms): void => {
  for (const [kind, pattern] of TOLD)
    for (const match of pattern.global ? text.matchAll(pattern) : [pattern.exec(text)]) if (match?.[1] !== undefined) names.learn(kind, match[1])
}

/** Of two letters a name would be found in any text, so it is not learned; where it stands as the user or the database, it is one all the same. */
const SHORT = 2

const redactShort = (text: string, names: Pseudonyms): string =>
  TOLD.filter(([kind]) => kind === 'user' || kind === 'database').reduce((before, [kind, pattern]) => {
    let [after, from] = ['', 0]
    for (const { indices, 1: name } of before.matchAll(pattern)) {
      const [start, end] = indices?.[1] ?? [0, 0]
      if (name === undefined || name.length > SHORT || isGeneric(name)) continue
      after += before.slice(from, start) + names.give(kind, name)
      from = end
    }
    return after + before.slice(from)
  }, text)

// ---- one text

const EMAIL = String.raw`[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,7}\.\p{L}{2,24}(?![\p{L}\p{N}])`
const V6 = String.raw`(?<![\p{L}\p{N}:.])[0-9a-fA-F]{0,4}:[0-9a-fA-F:]{1,40}(?:\.\d{1,3}){0,3}`
const V4 = String.raw`(?<![\p{L}\p{N}.])\d{1,3}(?:\.\d{1,3}){3}(?![\p{L}\p{N}]|\.\d)`
const OTHERS = `(?<v6>${V6})|(?<v4>${V4})|(?<name>${NAME.source})`
const WORD = new RegExp(OTHERS, 'gu')
/** Dear where there is none to be found: every letter may begin one. */
const WORD_OR_EMAIL = new RegExp(`(?<email>${EMAIL})|${OTHERS}`, 'gu')

export const redactText = (text: string, names: Pseudonyms): string =>
  redactShort(
    redactSql(text, (literal) => names.give('literal', literal)),
    names,
  ).replace(text.includes('@') ? WORD_OR_EMAIL : WORD, (...found: unknown[]) => {
    const groups = found.at(-1) as Record<string, string | undefined> // what replace gives last where groups are named
    const [whole] = found as [string]
    if (groups['email'] !== undefined) return isPublicHost(whole.slice(whole.indexOf('@') + 1)) ? whole : names.give('email', whole)
    if (groups['v6'] !== undefined) return redactV6(whole, names)
    if (groups['v4'] !== undefined) return isAddress(whole) ? names.give('ip', whole) : whole
    return redactName(whole, names)
  })

/** Not those that every machine has, nor what only looks like one: a browser's version, 129.0.0.0. */
const isAddress = (text: string): boolean => text.split('.').every((part) => Number(part) < 256) && !/^(?:127\.|255\.255\.|\d+\.0\.0\.0$)/u.test(text)

const redactV6 = (text: string, names: Pseudonyms): string => {
  const address = text.replace(/:$/u, (end) => (text.endsWith('::') ? end : ''))
  const plain = address.toLowerCase()
  if (!isIPv6(plain) || plain === '::' || plain === '::1') return text.replace(NAME, (name) => redactName(name, names))
  return names.give('ip', plain) + text.slice(address.length)
}

/** A word, or several with dots and hyphens between them: known names in it, the longest first; else a host's name as a whole. */
const redactName = (word: string, names: Pseudonyms): string => {
  if (names.gave(word)) return word // what was put in before, for a literal
  const dashed = /^ip-(\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3})(?=$|\.)/u.exec(word)
  if (dashed?.[1] !== undefined && names.find(word) === undefined)
    return names.give('ip', dashed[1].replaceAll('-', '.')) + redactRest(word.slice(dashed[0].length), names)
  if (word.includes('.') && looksLikeHost(word) && !isPublicHost(word.toLowerCase()) && names.find(word) === undefined) return redactHost(word, names)
  return redactParts(word, names)
}

const redactRest = (rest: string, names: Pseudonyms): string => (rest.startsWith('.') ? `.${redactName(rest.slice(1), names)}` : rest)

/** A known machine within a domain keeps its own pseudonym. */
const redactHost = (host: string, names: Pseudonyms): string => {
  const labels = host.split('.')
  for (let count = labels.length - 1; count > 0; count--) {
    const own = names.find(labels.slice(0, count).join('.'))
    if (own !== undefined) return `${own}.${names.give('host', labels.slice(count).join('.').toLowerCase())}`
  }
  return names.give('host', host.toLowerCase())
}

const redactParts = (word: string, names: Pseudonyms): string => {
  const parts = [...word.matchAll(/[\p{L}\p{N}]+/gu)].map((match) => ({ from: match.index, to: match.index + match[0].length }))
  let out = ''
  let done = 0
  for (let first = 0; first < parts.length;) {
    const start = parts[first]
    if (start === undefined) break
    let next = first + 1
    if (names.begins(word.slice(start.from, start.to)))
      for (let last = Math.min(parts.length, first + names.mostParts) - 1; last >= first; last--) {
        const end = parts[last]?.to ?? start.to
        const pseudonym = names.find(word.slice(start.from, end))
        if (pseudonym === undefined) continue
        out += word.slice(done, start.from) + pseudonym
        done = end
        next = last + 1
        break
      }
    first = next
  }
  return out + word.slice(done)
}
