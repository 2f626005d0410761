/** Times, durations, confidence, entities and kinds in the words of a report: one way to say each, in every renderer. */
import { nameOf, typeOf, type Entity } from '../model/entity.js'
import { isFindingKind, type Role } from '../model/vocabulary.js'

/** '10:02:11' of '2024-03-05T10:02:11.000Z'. */
export const clock = (iso: string): string => iso.slice(11, 19)
export const date = (iso: string): string => iso.slice(0, 10)

/** The clock alone on the day already told, else with its date. */
export const moment = (iso: string, told?: string): string => (told !== undefined && date(told) === date(iso) ? clock(iso) : `${date(iso)} ${clock(iso)}`)

/** The day that times within an incident need not repeat; none where it went on for longer than a day, for then a clock alone says little. */
export const dayTold = ({ start, end }: { readonly start: string; readonly end: string | null }): string | undefined =>
  end !== null && Date.parse(end) - Date.parse(start) > 86_400_000 ? undefined : start

/** '2024-03-05 10:02:11 to 10:31:40 UTC'; an open end says that the data ends first. */
export const range = (start: string, end: string | null, told?: string): string => {
  if (end === null) return `${moment(start, told)} UTC, not over when the data end`
  return end === start ? `${moment(start, told)} UTC` : `${moment(start, told)} to ${moment(end, start)} UTC`
}

const UNITS = [
  { name: 'd', seconds: 86_400 },
  { name: 'h', seconds: 3_600 },
  { name: 'min', seconds: 60 },
  { name: 's', seconds: 1 },
] as const

/** '4 min 12 s': the two largest units that matter. */
export const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return 'an unknown time'
  if (seconds < 0) return `−${duration(-seconds)}`
  if (seconds > 0 && seconds < 1) return seconds < 0.05 ? 'less than 0.1 s' : `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  const first = UNITS.findIndex((unit) => whole >= unit.seconds)
  const large = UNITS[first]
  if (large === undefined) return '0 s'
  const count = Math.floor(whole / large.seconds)
  const small = UNITS[first + 1]
  const rest = small === undefined ? 0 : Math.floor((whole % large.seconds) / small.seconds)
  return small === undefined || rest === 0 ? `${count} ${large.name}` : `${count} ${large.name} ${rest} ${small.name}`
}

export const secondsBetween = (start: string, end: string): number => (Date.parse(end) - Date.parse(start)) / 1_000

const SURE = [
  [0.95, 'almost certain'],
  [0.85, 'very likely'],
  [0.6, 'likely'],
  [0.4, 'possible'],
  [0, 'weak'],
] as const

/** Never 100 %: nothing read from logs alone is certain. */
export const percent = (confidence: number): number => Math.min(99, Math.max(1, Math.round(confidence * 100)))

/** 'likely, 78 %'. */
export const sureness = (confidence: number): string => {
  const [, word] = SURE.find(([from]) => confidence >= from) ?? [0, 'weak']
  return `${word}, ${percent(confidence)} %`
}

const CAPITALS: Readonly<Record<string, string>> = { cpu: 'CPU', oom: 'OOM', dns: 'DNS', io: 'I/O' }

const KINDS: Readonly<Record<string, string>> = {
  'node.not-ready': 'not ready',
  'node.oom-kill': 'OOM kill',
  'pod.oom-killed': 'OOM-killed',
  'alert.fired': 'alert',
  'app.errors': 'application errors',
  'service.errors': 'errors',
  'metric.anomalous': 'unusual series',
  'change.node-added': 'node added',
  'change.node-removed': 'node removed',
}

/** 'CPU saturated' of 'node.cpu-saturated'; a user's own kinds read the same way. */
export const kindWords = (kind: string): string => {
  if (Object.hasOwn(KINDS, kind)) return KINDS[kind] ?? kind
  const tail = kind.slice(kind.indexOf('.') + 1)
  return hyphenated(tail)
}

/** What a follow-up comes from: the kind of a finding, or a mechanism. */
export const becauseOf = (source: string): string => (isFindingKind(source) ? kindWords(source) : hyphenated(source))

/** 'pods on a saturated node' of 'pods-on-a-saturated-node'. */
export const hyphenated = (id: string): string =>
  id
    .split(/[-_]/u)
    .map((word) => (Object.hasOwn(CAPITALS, word) ? (CAPITALS[word] ?? word) : word))
    .join(' ')
    .trim() || id

const TYPES: Readonly<Record<ReturnType<typeof typeOf>, string>> = {
  cluster: 'cluster',
  node: 'node',
  pod: 'pod',
  workload: 'workload',
  service: 'service',
  volume: 'volume',
  postgres: 'Postgres server',
  redis: 'Redis server',
  target: 'scrape target',
  loadbalancer: 'load balancer',
  process: 'process',
  external: 'external system',
}

export const entityType = (entity: Entity): string => {
  const type = typeOf(entity)
  return Object.hasOwn(TYPES, type) ? TYPES[type] : type
}

/** 'shop/web-1' of 'pod/shop/web-1'; an unknown namespace is left out. */
export const entityName = (entity: Entity): string => {
  const name = nameOf(entity)
  return name.startsWith('-/') ? name.slice(2) : name || 'cluster'
}

/** 'pod shop/web-1'; a name that says its type itself is not told twice: 'node-3'. */
export const entityWords = (entity: Entity): string => {
  if (nameOf(entity) === '') return 'the cluster'
  const name = entityName(entity)
  return name.toLowerCase().startsWith(typeOf(entity)) ? name : `${entityType(entity)} ${name}`
}

export const ROLE_WORDS: Readonly<Record<Role, string>> = {
  condition: 'Condition',
  change: 'Change',
  fault: 'Fault',
  symptom: 'Symptom',
  impact: 'Impact',
  detection: 'Detection',
  response: 'Response',
  recovery: 'Recovery',
}

/** '12,345'. Node's own words for a number take 20 ms to make ready. */
export const grouped = (count: number): string =>
  Number.isSafeInteger(count) ? String(count).replace(/\B(?=(?:\d{3})+$)/gu, ',') : count.toLocaleString('en-US')

export const plural = (count: number, one: string, many = `${one}s`): string => `${grouped(count)} ${count === 1 ? one : many}`

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** Three digits at most: '1.5 GiB', '980 B'. */
export const bytes = (count: number): string => {
  const power = Math.min(SIZES.length - 1, count > 0 ? Math.max(0, Math.floor(Math.log2(count) / 10)) : 0)
  return `${short(count / 1024 ** power)} ${SIZES[power] ?? 'B'}`
}

/** A number as a person reads it: three significant digits, no exponent. */
export const short = (value: number): string => {
  const size = Math.abs(value)
  if (size >= 100) return grouped(Math.round(value))
  return String(Number(value.toPrecision(3)))
}

/** Cut in the middle: the ends of long names tell them apart. */
export const cut = (text: string, length: number): string => {
  const letters = Array.from(text)
  if (letters.length <= length) return text
  const tail = Math.floor((length - 1) / 2)
  return `${letters.slice(0, length - 1 - tail).join('')}…${tail === 0 ? '' : letters.slice(-tail).join('')}`
}

/** With its full stop; its first letter may be a name's and stays. */
export const sentence = (text: string): string => (/[.!?…]$/u.test(text.trim()) ? text.trim() : `${text.trim()}.`)
