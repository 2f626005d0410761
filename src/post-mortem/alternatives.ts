/** What else was considered as the cause, and why it is less likely: said for everything that could look like one. */
import type { ExplainedIncident } from '../causes/explain.js'
import type { Finding } from '../model/analysis.js'
import { groupBy } from '../model/lists.js'
import { once } from '../model/once.js'
import type { Found } from '../findings/finding.js'
import { roleOf } from '../model/vocabulary.js'
import type { Alternative } from './post-mortem.js'

const MOST = 10
const MOST_NAMED = 5

export const alternativesOf = ({ incident, causal, positions }: ExplainedIncident, found: readonly Found[]): readonly Alternative[] => {
  const of = new Map(incident.findings.map((finding) => [finding.id, finding]))
  const ids = new Map([...positions].map(([id, at]) => [at, id]))
  const root = incident.rootCauses[0]?.finding
  const byEffect = groupBy(incident.links, ({ effect }) => effect)
  const lower = incident.rootCauses.slice(1, MOST + 1).flatMap(({ finding }): Alternative[] => {
    const behind = byEffect.get(finding)?.toSorted((a, b) => b.confidence - a.confidence)[0]
    if (behind !== undefined) return [{ finding, why: `It follows from something before it: ${of.get(behind.cause)?.summary ?? ''} ${behind.because}` }]
    return [{ finding, why: 'Nothing before it explains it, but it explains less of the impact than the first cause does, or less surely.' }]
  })
  const impact = incident.findings
    .filter((finding) => finding.role === 'impact' && byEffect.has(finding.id))
    .reduce((first, { start }) => Math.min(first, Date.parse(start)), Infinity)
  const first = Number.isFinite(impact) ? impact : causal.start
  const beside = causal.considered.flatMap((at): Beside[] => {
    const [one, finding] = [found[at], ids.get(at)]
    // A condition is told as a contributing factor: it never was a rival.
    if (one === undefined || finding === undefined || finding === root || roleOf(one.kind) === 'condition') return []
    return isToldBy(one, of.get(root ?? '')) || isAnswer(one) ? [] : [{ one, finding }]
  })
  const before = groupBy(
    beside.filter(({ one }) => one.start <= first),
    ({ one }) => whyNot(one, sameIn(found)),
  )
  const late = beside.filter(({ one }) => one.start > first)
  return [
    ...lower,
    ...[...before].slice(0, MOST - lower.length).flatMap(([why, all]) => saidOnce(why, 'of', all)),
    ...saidOnce(TOO_LATE, 'of what else came later', late),
  ]
}

/** A change that was made for what went wrong. */
const isAnswer = ({ kind, role }: Found): boolean => kind === 'metric.anomalous' && role === 'response'

/** The change of a setting that the first cause names is no rival of it. */
const isToldBy = (one: Found, root: Finding | undefined): boolean =>
  one.role === 'change' &&
  root !== undefined &&
  one.evidence.some(({ input, line }) => root.evidence.some((cited) => cited.input === input && cited.line === line))

interface Beside {
  readonly one: Found
  readonly finding: string
}

const TOO_LATE = 'It began after the first impact, so it did not cause it, and no known mechanism makes it part of what followed.'

/** One reason for all of them is said once. */
const saidOnce = (why: string, of: string, [first, ...others]: readonly Beside[]): readonly Alternative[] => {
  if (first === undefined) return []
  const more = others.length - MOST_NAMED
  const same = others.slice(0, MOST_NAMED).map(({ one }) => one.summary)
  const rest = same.length === 0 ? '' : ` The same holds ${of}: ${same.join(' ')}${more > 0 ? ` And of ${more} more.` : ''}`
  return [{ finding: first.finding, why: why + rest }]
}

/** How many findings there are of each kind and entity. */
const sameIn = once((found: readonly Found[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const one of found) counts.set(nameOf(one), (counts.get(nameOf(one)) ?? 0) + 1)
  return counts
})
const nameOf = ({ kind, entity }: Found): string => `${kind} ${entity}`

const whyNot = (one: Found, same: ReadonlyMap<string, number>): string => {
  const others = (same.get(nameOf(one)) ?? 1) - 1
  if (others >= 2) return `The same was seen ${others} more times in this data without this effect, and no known mechanism leads from it to the impact here.`
  return 'No known mechanism leads from it to the impact in this place and within the time it would take: a coincidence, as far as the data tell.'
}
