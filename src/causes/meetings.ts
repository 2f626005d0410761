/** A workload may lack one pod for one reason and another for another: where two troubles only meet in that, they are two. */
import { groupBy } from '../model/lists.js'
import { roleOf } from '../model/vocabulary.js'
import type { Found } from '../findings/finding.js'
import { components } from './graph.js'
import type { CausalLink } from './link.js'

const SHORTAGES: ReadonlySet<string> = new Set(['workload.degraded', 'workload.unavailable'])

/**
 * The links without those by which a rollout's trouble, with harm of its own, meets another trouble with harm of its own in a shortage that led to nothing
 * more: that stays with whoever completed it.
 */
export const withoutMeetings = (links: readonly CausalLink[], found: readonly Found[]): readonly CausalLink[] => {
  const leading = new Set(links.map(({ cause }) => cause))
  const meeting = [...groupBy(links, ({ effect }) => (SHORTAGES.has(found[effect]?.kind ?? '') && !leading.has(effect) ? effect : null)).values()].filter(
    (into) => into.length > 1,
  )
  if (meeting.length === 0) return links
  const met = new Set(meeting.flat())
  const partOf = new Map<number, Part>()
  for (const { members } of components(links.filter((link) => !met.has(link)))) {
    const part = partWith(members, found)
    for (const at of members) partOf.set(at, part)
  }
  const cut = new Set(
    meeting.flatMap((into) => {
      const parts = new Set(into.map(({ cause }) => partOf.get(cause)))
      if (parts.size < 2 || ![...parts].every((part) => part?.isHarmful === true) || ![...parts].some((part) => part?.isRollout === true)) return []
      const last = into.reduce((latest, link) => ((found[link.cause]?.start ?? 0) > (found[latest.cause]?.start ?? 0) ? link : latest))
      return into.filter(({ cause }) => partOf.get(cause) !== partOf.get(last.cause))
    }),
  )
  return cut.size === 0 ? links : links.filter((link) => !cut.has(link))
}

interface Part {
  readonly isHarmful: boolean
  /** It began with one. */
  readonly isRollout: boolean
}

const partWith = (members: readonly number[], found: readonly Found[]): Part => {
  const [first] = members
  return {
    isHarmful: members.some((at) => roleOf(found[at] ?? '') === 'impact'),
    isRollout: first !== undefined && found[first]?.kind === 'change.deployed',
  }
}
