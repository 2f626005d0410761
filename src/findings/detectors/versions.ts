/** change.deployed of a program that is no pod: it starts with another version than it said before. Back to one that it had is a rollback. */
import { groupBy } from '../../model/lists.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { evidenceOf, type Detector, type Found } from '../finding.js'
import { opening } from '../words.js'

export const versions: Detector = {
  id: 'versions',
  finds: ['change.deployed'],
  detect: (timeline) =>
    [...startsOf(timeline).values()].flatMap((starts) => {
      const changes = changesIn(starts)
      return changes.map((change, index) => found(change, changes[index + 1]))
    }),
}

/** By the program, and by what of it says that it starts. */
const startsOf = (timeline: Timeline): ReadonlyMap<string, readonly TimedSignal[]> =>
  groupBy(timeline.signals, ({ kind, entity, attributes }) => (kind === 'app.started' ? `${entity} ${attributes['what'] ?? ''}` : null))

const versionOf = ({ attributes }: TimedSignal): string => String(attributes['version'] ?? '')

interface Change {
  readonly start: TimedSignal
  readonly from: string
  readonly back: boolean
}

/** Instances of two versions that start in turn, over and over, are no changes: nobody knows which of them serves. */
const MOST_CHANGES = 5
const changesIn = (starts: readonly TimedSignal[]): readonly Change[] => {
  const seen = new Set<string>()
  const changes: Change[] = []
  let last: string | null = null
  for (const start of starts) {
    const version = versionOf(start)
    if (last !== null && version !== last) changes.push({ start, from: last, back: seen.has(version) })
    seen.add(version)
    last = version
  }
  return changes.length > MOST_CHANGES ? [] : changes
}

const found = ({ start, from, back }: Change, next: Change | undefined): Found => ({
  kind: 'change.deployed',
  ...(back ? { role: 'response' } : {}),
  entity: start.entity,
  start: start.at,
  end: start.at,
  confidence: 0.9,
  summary: `${opening(start.entity)} ${back ? 'went back' : 'was changed'} from version ${from} to ${versionOf(start)}.`,
  evidence: evidenceOf([start]),
  attributes: { of: 'version', version: versionOf(start), from, ...(back ? { back: 'yes' } : {}), ...(next?.back === true ? { undone: 'yes' } : {}) },
  slackMs: 1_000,
  dose: 1,
})
