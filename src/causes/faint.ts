/**
 * Impacts that no sure link explains, in the time of an incident that has a known cause: the rule and the time fit, and whether the place does is not known.
 * They are told as that incident's, with a link that says how little is known. No incident begins with such a link, and none becomes one by it.
 */
import type { Found } from '../findings/finding.js'
import { isFragment, type Part } from './fragments.js'
import { graphOf, type Graph, type RankedRoot } from './graph.js'
import { roleOf } from '../model/vocabulary.js'
import type { CausalLink } from './link.js'

/** What a part of the graph is worth once it has grown. */
type Judge = (members: readonly number[], graph: Graph) => { readonly roots: readonly RankedRoot[]; readonly harm: number }

const AT_ONCE_MS = 2 * 60_000

interface Growing {
  readonly members: Set<number>
  links: CausalLink[]
  grown: boolean
}

/** Faint links come with the likeliest of an effect first; each effect takes one at most. */
export const joinFaintly = (parts: readonly Part[], faint: readonly CausalLink[], found: readonly Found[], judge: Judge): readonly Part[] => {
  if (faint.length === 0 || parts.length === 0) return parts
  const groups: (Growing | null)[] = parts.map(({ members, links }) => ({ members: new Set(members), links: [...links], grown: false }))
  const groupOf = new Map(parts.flatMap(({ members }, index) => members.map((at) => [at, index] as const)))
  for (const link of faint) {
    const into = groupOf.get(link.cause)
    const from = groupOf.get(link.effect)
    const host = into === undefined ? undefined : groups[into]
    if (into === undefined || host === undefined || host === null || into === from || host.links.some(({ effect }) => effect === link.effect)) continue
    const guest = from === undefined ? null : (groups[from] ?? null)
    // What has a beginning of its own is an incident of its own.
    if (guest !== null && !isFragment({ members: [...guest.members], graph: graphOf(guest.links) }, found)) continue
    for (const at of guest?.members ?? [link.effect]) {
      host.members.add(at)
      groupOf.set(at, into)
    }
    host.links = [...host.links, ...(guest?.links ?? []), link]
    host.grown = true
    if (from !== undefined) groups[from] = null
  }
  // A fault that leads to nothing else, moments before what nothing surely explains, or going on while it began.
  for (const link of faint) {
    const at = groupOf.get(link.effect)
    const host = at === undefined ? undefined : groups[at]
    const cause = found[link.cause]
    if (at === undefined || !host || !cause || groupOf.has(link.cause) || roleOf(cause) !== 'fault') continue
    const isOn = (cause.end ?? Infinity) >= cause.start + link.lagMs && link.lagMs <= link.mechanism.lag.max * 1000
    if (link.lagMs > AT_ONCE_MS && !isOn) continue
    if (host.links.some((other) => other.effect === link.effect && !other.faint)) continue
    host.members.add(link.cause)
    host.links = [...host.links, link]
    host.grown = true
    groupOf.set(link.cause, at)
  }
  return groups.flatMap((group, index): Part[] => {
    if (group === null) return []
    const old = parts[index]
    if (!group.grown && old !== undefined) return [old]
    const members = [...group.members].sort((a, b) => a - b)
    const graph = graphOf(group.links)
    return [{ members, links: group.links, graph, ...judge(members, graph) }]
  })
}
