/** change.deployed and change.scaled: rollouts told apart from scaling. A ReplicaSet that grows from nothing and was not there before is a rollout. */
import { typeOf, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { TimedSignal } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { called } from '../words.js'

const MINUTE = 60_000

export const changes: Detector = {
  id: 'changes',
  finds: ['change.deployed', 'change.scaled'],
  detect(timeline) {
    const byWorkload = groupBy(timeline.signals, (signal) => {
      if (signal.kind !== 'change.deployed' && signal.kind !== 'change.scaled') return null
      // An object created long before the data begins was deployed then, not in this incident.
      if (signal.at < timeline.from - 60 * MINUTE) return null
      const workload = timeline.topology.workloadOf(signal.entity) ?? signal.entity
      return typeOf(workload) === 'workload' ? workload : null
    })
    return [...byWorkload].flatMap(([workload, signals]) => changesOf(workload, signals))
  },
}

const changesOf = (workload: Entity, signals: readonly TimedSignal[]): readonly Found[] => {
  const deployed: TimedSignal[] = []
  const scaled: TimedSignal[] = []
  const seen = new Set<string>()
  for (const signal of signals) {
    const set = String(signal.attributes['replicaSet'] ?? '')
    const grows = Number(signal.attributes['to'] ?? 0) > Number(signal.attributes['from'] ?? 0)
    const fromNothing = Number(signal.attributes['from'] ?? 0) === 0
    if (signal.kind === 'change.deployed' || (set !== '' && !seen.has(set) && grows && fromNothing)) deployed.push(signal)
    else if (!near(signal, deployed)) scaled.push(signal)
    if (set !== '') seen.add(set)
  }
  return [
    ...group(deployed, 2 * MINUTE).map((list) => found('change.deployed', workload, list)),
    ...group(scaled, MINUTE).map((list) => found('change.scaled', workload, list)),
  ]
}

/** The steps of a rolling update (old set down, new set up) belong to its rollout. */
const near = (signal: TimedSignal, deployed: readonly TimedSignal[]): boolean => deployed.some((one) => signal.at >= one.at && signal.at - one.at < 5 * MINUTE)

const group = (signals: readonly TimedSignal[], gapMs: number): readonly (readonly TimedSignal[])[] => {
  const groups: TimedSignal[][] = []
  for (const signal of signals) {
    const open = groups.at(-1)
    const last = open?.at(-1)
    if (open !== undefined && last !== undefined && signal.at - last.until <= gapMs) open.push(signal)
    else groups.push([signal])
  }
  return groups
}

const found = (kind: 'change.deployed' | 'change.scaled', workload: Entity, signals: readonly TimedSignal[]): Found => {
  const first = signals[0] as TimedSignal // groups are never empty
  const last = signals.at(-1) ?? first
  const [from, to] = [first.attributes['from'], last.attributes['to']]
  return {
    kind,
    entity: workload,
    start: first.at,
    end: last.until,
    confidence: 0.95,
    summary:
      kind === 'change.deployed'
        ? `A rollout of ${called(workload)} started.`
        : `${called(workload).replace(/^w/u, 'W')} was scaled${from === undefined || to === undefined ? '' : ` from ${from} to ${to} replicas`}.`,
    evidence: chooseEvidence(evidenceOf(signals)),
    attributes: { ...(Object.assign({}, ...signals.map((signal) => signal.attributes).reverse()) as Found['attributes']) }, // a merge of attributes is attributes
    slackMs: 1_000,
    dose: 1,
  }
}
