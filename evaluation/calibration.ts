/**
 * Is a link that is given 0.8 right about eight times in ten? Every link of every incident of a dump with a known truth is judged:
 *
 *   right       both ends match steps of the truth, and these are one step or the truth has a directed path from the one to the other
 *   by-product  both ends are known, but at least one only as a true by-product (`related`), of which the truth does not say what led to it
 *   wrong       anything else: an end that is neither step nor by-product, or two steps of which the one did not lead to the other
 *
 * By-products are in the table, but not in the share: the truth cannot tell.
 */
import type { Truth } from '../simulator/truth.js'
import type { Analysis, Finding } from '../src/model/analysis.js'
import { matches, reachable } from './score.js'

export type Verdict = 'right' | 'by-product' | 'wrong'

export interface JudgedLink {
  readonly mechanism: string
  readonly confidence: number
  readonly verdict: Verdict
  readonly ends: string
}

export const judgeLinks = (truth: Truth, { incidents }: Pick<Analysis, 'incidents'>): JudgedLink[] =>
  incidents.flatMap(({ findings, links }) => {
    const byId = new Map(findings.map((finding) => [finding.id, finding]))
    return links.flatMap(({ cause, effect, mechanism, confidence }) => {
      const [from, to] = [byId.get(cause), byId.get(effect)]
      if (!from || !to) return []
      return [{ mechanism, confidence, verdict: judge(truth, from, to), ends: `${from.kind} ${from.entity} -> ${to.kind} ${to.entity}` }]
    })
  })

const judge = (truth: Truth, from: Finding, to: Finding): Verdict => {
  const stepsOf = (finding: Finding): string[] => truth.steps.filter((step) => matches(finding, step)).map(({ id }) => id)
  const effects = stepsOf(to)
  const causes = stepsOf(from)
  if (causes.some((cause) => effects.some((effect) => reachable(truth.edges, [cause]).has(effect)))) return 'right'
  const related = (finding: Finding): boolean => truth.related.some((spec) => matches(finding, spec))
  const known = (related(from) || causes.length > 0) && (related(to) || effects.length > 0)
  return known && (related(from) || related(to)) ? 'by-product' : 'wrong'
}

export interface Bucket {
  readonly from: number
  readonly to: number
  readonly counts: Readonly<Record<Verdict, number>>
  /** Of those that the truth can judge; null where there are none. */
  readonly rightShare: number | null
  readonly meanConfidence: number | null
}

const BOUNDS = [0, 0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0001] as const

export const calibration = (links: readonly JudgedLink[]): Bucket[] =>
  BOUNDS.slice(1).map((to, i) => {
    const from = BOUNDS[i] ?? 0
    const within = links.filter(({ confidence }) => confidence >= from && confidence < to)
    const count = (verdict: Verdict): number => within.filter((link) => link.verdict === verdict).length
    const counts = { right: count('right'), 'by-product': count('by-product'), wrong: count('wrong') }
    const judged = counts.right + counts.wrong
    return {
      from,
      to: Math.min(to, 1),
      counts,
      rightShare: judged === 0 ? null : counts.right / judged,
      meanConfidence: within.length === 0 ? null : within.reduce((sum, { confidence }) => sum + confidence, 0) / within.length,
    }
  })
