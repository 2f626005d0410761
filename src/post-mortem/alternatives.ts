/** What else was considered as the cause, and why it is less likely: said for everything that could look like one. */
import type { ExplainedIncident } from '../causes/explain.js'
import type { Found } from '../findings/finding.js'
import type { Alternative } from './post-mortem.js'

const MOST = 10

export const alternativesOf = ({ incident, causal, positions }: ExplainedIncident, found: readonly Found[]): readonly Alternative[] => {
  const of = new Map(incident.findings.map((finding) => [finding.id, finding]))
  const ids = new Map([...positions].map(([id, at]) => [at, id]))
  const root = incident.rootCauses[0]?.finding
  const lower = incident.rootCauses.slice(1).flatMap(({ finding }): Alternative[] => {
    const behind = incident.links.filter((link) => link.effect === finding).sort((a, b) => b.confidence - a.confidence)[0]
    if (behind !== undefined) return [{ finding, why: `It follows from something before it: ${of.get(behind.cause)?.summary ?? ''} ${behind.because}` }]
    return [{ finding, why: 'Nothing before it explains it, but it explains less of the impact than the first cause does, or less surely.' }]
  })
  const firstImpact = incident.findings
    .filter((finding) => finding.role === 'impact' && incident.links.some((link) => link.effect === finding.id))
    .map((finding) => Date.parse(finding.start))
    .sort((a, b) => a - b)[0]
  const unlinked = causal.considered.flatMap((at): Alternative[] => {
    const one = found[at]
    const finding = ids.get(at)
    if (one === undefined || finding === undefined || finding === root) return []
    return [{ finding, why: whyNot(one, firstImpact ?? causal.start, found) }]
  })
  return [...lower, ...unlinked].slice(0, MOST)
}

const whyNot = (one: Found, firstImpact: number, found: readonly Found[]): string => {
  if (one.start > firstImpact) return 'It began after the first impact, so it did not cause it, and no known mechanism makes it part of what followed.'
  const others = found.filter((other) => other.kind === one.kind && other !== one).length
  if (others >= 2) return `The same was seen ${others} more times in this data without this effect, and no known mechanism leads from it to the impact here.`
  return 'No known mechanism leads from it to the impact in this place and within the time it would take: a coincidence, as far as the data tell.'
}
