/** Cascades told as rounds: each time the load of a failed node lands on the next one, a new round begins. */
import type { CausalIncident } from './incidents.js'

const NEXT_ROUND: ReadonlySet<string> = new Set(['pods-land-on-next-node', 'pods-overwhelm-next-node'])

/** Positions of findings by round; empty where there is one round only. */
export const roundsOf = (incident: CausalIncident): readonly (readonly number[])[] => {
  const round = new Map<number, number>()
  for (const at of incident.findings) round.set(at, 0)
  // Links point forward in the order of the findings, so one pass in that order settles every round.
  for (const link of [...incident.links].sort((a, b) => a.effect - b.effect)) {
    const next = (round.get(link.cause) ?? 0) + (NEXT_ROUND.has(link.mechanism.id) ? 1 : 0)
    if (next > (round.get(link.effect) ?? 0)) round.set(link.effect, next)
  }
  const most = Math.max(0, ...round.values())
  if (most === 0) return []
  return Array.from({ length: most + 1 }, (_, number) => incident.findings.filter((at) => round.get(at) === number))
}
