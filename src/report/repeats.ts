/** What befell the same thing again and again is told once, with how often: a list that a person reads has room for what else happened. */
import { inOrder, type FindingView } from './finding-view.js'
import { clock, date, duration, moment, plural, secondsBetween } from './words.js'

/** So many alike are told as one; two or three are still read as what they are. */
const ALIKE = 4

export interface Told {
  /** The first of them; its summary says how often it came again. */
  readonly finding: FindingView
  readonly all: readonly FindingView[]
}

/** In the order of their first; those that `apart` keeps are told for themselves. */
export const foldRepeats = (findings: readonly FindingView[], apart: (finding: FindingView) => boolean = () => false): readonly Told[] =>
  groupsOf(findings, apart).map((all) => {
    const [first] = all
    const last = all.at(-1) ?? first
    if (all.length === 1) return { finding: first, all }
    const until = date(last.start) === date(first.start) ? clock(last.start) : moment(last.start)
    return { finding: { ...first, summary: `${first.summary} And ${all.length - 1} more times, the last at ${until} UTC.` }, all }
  })

/** The same for a table of how long what suffered: from the first to the last, and how long in all. */
export const foldRows = (findings: readonly FindingView[]): readonly Told[] =>
  groupsOf(findings, ({ end }) => end === null).map((all) => {
    const [first] = all
    if (all.length === 1) return { finding: first, all }
    const end = all.reduce((latest, one) => (one.end !== null && one.end > latest ? one.end : latest), first.start)
    const seconds = all.reduce((sum, one) => sum + (one.end === null ? 0 : secondsBetween(one.start, one.end)), 0)
    const [from] = first.between.split(' to ')
    return {
      finding: { ...first, end, between: `${from ?? ''} to ${moment(end, first.start)}`, lasted: `${plural(all.length, 'time')}, ${duration(seconds)} in all` },
      all,
    }
  })

type Group = readonly [FindingView, ...FindingView[]]

const groupsOf = (findings: readonly FindingView[], apart: (finding: FindingView) => boolean): readonly Group[] => {
  const alike = new Map<string, [FindingView, ...FindingView[]]>()
  for (const finding of findings.toSorted(inOrder)) {
    // Two alerts on one thing are two; how slow it was each time is not.
    const key = apart(finding) ? finding.anchor : JSON.stringify([finding.kind, finding.entity, finding.role === 'detection' ? finding.summary : ''])
    const known = alike.get(key)
    if (known === undefined) alike.set(key, [finding])
    else known.push(finding)
  }
  const groups = [...alike.values()].flatMap((group): Group[] => (group.length < ALIKE ? group.map((one): Group => [one]) : [group]))
  return groups.toSorted(([a], [b]) => inOrder(a, b))
}
