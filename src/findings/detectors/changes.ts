/**
 * change.deployed and change.scaled: rollouts told apart from scaling. A ReplicaSet that grows while another of the workload gives way is a rollout, forward or
 * back; one that grows from nothing and was not there before is one, too. The same ReplicaSet with another number is scaling.
 */
import { replicaSetName, typeOf, type Entity } from '../../model/entity.js'
import { countWhile, groupBy } from '../../model/lists.js'
import type { TimedSignal, Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { hasOthers } from '../replicas.js'
import { roundsOfPods } from '../rounds-of-pods.js'
import { eachTime, scalings, STEP_MS } from '../steps.js'
import { called, opening } from '../words.js'

const MINUTE = 60_000
/** Where no pod may be missing, the last old one goes last; where one may, the last new one comes right after it. */
const LAST_STEP_MS = MINUTE
/** So many changes ago is no change that somebody takes back now. */
const MOST_BACK = 100
/** An autoscaler asks the Deployment, which asks its ReplicaSet in the next moment. */
const ASKED_MS = 30_000

export const changes: Detector = {
  id: 'changes',
  finds: ['change.deployed', 'change.scaled'],
  detect(timeline) {
    const deployed = timeline.signals.filter(({ kind }) => kind === 'change.deployed')
    const byWorkload = groupBy([...deployed, ...roundsOfPods(timeline), ...scalings(timeline)], (signal) => {
      // An object created long before the data begins was deployed then, not in this incident.
      if (signal.at < timeline.from - 60 * MINUTE) return null
      const workload = timeline.topology.workloadOf(signal.entity) ?? signal.entity
      return typeOf(workload) === 'workload' ? workload : null
    })
    return [...byWorkload].flatMap(([workload, signals]) =>
      changesOf(
        workload,
        signals.flatMap((signal) => (setOf(signal) === '' ? [signal] : eachTime(signal))).sort((a, b) => a.at - b.at),
        timeline,
      ),
    )
  },
}

/** One change of replicas as its signals tell it, or a rollout with all of its steps. */
interface Change {
  readonly kind: 'change.deployed' | 'change.scaled'
  /** The ReplicaSet that grows, or whose number changes; '' as long as nobody names it. */
  set: string
  readonly signals: TimedSignal[]
  /** Back to a ReplicaSet that had given way before, or to the number that an earlier change left. */
  back: boolean
  /** A later one goes back to what was before this, or puts something else in its place before it was through. */
  undone: boolean
  /** Of a rollout: another ReplicaSet is down to nothing. */
  done: boolean
  /** Of a rollout: it comes in the place of one that was not through. */
  readonly replaces?: boolean
}

const setOf = (signal: TimedSignal): string => String(signal.attributes['replicaSet'] ?? '')
const numberOf = (signal: TimedSignal | undefined, name: 'from' | 'to'): number | null => {
  const value = signal?.attributes[name]
  return value === undefined ? null : Number(value)
}
/** Of the signals that tell it, the first. */
const fromOf = ({ signals }: Change): number | null => signals.map((signal) => numberOf(signal, 'from')).find((from) => from !== null) ?? null
const toOf = ({ signals }: Change): number | null => signals.map((signal) => numberOf(signal, 'to')).findLast((to) => to !== null) ?? null
const shrinks = (signal: TimedSignal): boolean => (numberOf(signal, 'to') ?? Infinity) < (numberOf(signal, 'from') ?? -Infinity)
const isByAutoscaler = ({ attributes }: TimedSignal): boolean => attributes['reason'] === 'hpa'

const changesOf = (workload: Entity, signals: readonly TimedSignal[], timeline: Timeline): readonly Found[] => {
  const all: Change[] = []
  const seen = new Set<string>()
  const gaveWay = new Set<string>()
  let rollout: Change | null = null
  for (const signal of signals) {
    const set = setOf(signal)
    const until = rollout?.signals.at(-1)?.until ?? -Infinity
    const inTime = rollout !== null && signal.at - until <= (rollout.done ? LAST_STEP_MS : STEP_MS)
    const goesOn = inTime && !isTakenAway(rollout, all.at(-1)) && !leavesNothing(signal, signals) && !isOfAnObject(rollout, signal)
    const going: Change | null = goesOn && !givesMore(signal, signals) ? rollout : null
    const begins = signal.kind === 'change.deployed' || isNew(signal, seen, givingWay(signals, signal, until), timeline)
    if (set !== '' && shrinks(signal)) gaveWay.add(set)
    if (going !== null && isStepOf(signal, going)) {
      going.signals.push(signal)
      if (going.set === '' && !shrinks(signal)) going.set = set
      going.done ||= set !== going.set && numberOf(signal, 'to') === 0
    } else if (begins) {
      const before = recreated(all.at(-1), signal)
      if (before !== null) all.pop()
      rollout = {
        kind: 'change.deployed',
        set,
        signals: [...(before?.signals ?? []), signal],
        back: gaveWay.has(set),
        undone: false,
        done: before !== null && toOf(before) === 0 && before.replaces !== true,
        ...(before?.replaces === true ? { replaces: true } : {}),
      }
      all.push(rollout)
    } else if (rollout !== null && takesBack(signal, rollout) && isReplaced(signal, signals, seen)) {
      rollout.undone = true
      all.push({ kind: 'change.scaled', set, signals: [signal], back: false, undone: false, done: false, replaces: true })
    } else if (rollout !== null && takesBack(signal, rollout) && hasOthers(workload, set, signal.at, timeline)) {
      all.push({ kind: 'change.deployed', set: '', signals: [signal], back: true, undone: false, done: false })
      rollout = null
    } else if (rollout !== null && all.at(-1) === rollout && isLastStep(signal, rollout)) {
      rollout.done = true
    } else {
      const last = all.at(-1)
      if (last !== undefined && isSameScaling(signal, last)) last.signals.push(signal)
      else all.push({ kind: 'change.scaled', set, signals: [signal], back: false, undone: false, done: false })
    }
    if (set !== '') seen.add(set)
  }
  for (const [index, change] of all.entries()) {
    const before = all.slice(Math.max(0, index - MOST_BACK), index)
    if (!change.back) change.set ||= foundThere(all[index + 1])
    const taken = change.kind === 'change.scaled' ? takenBack(change, before) : change.back ? rolledBack(change, before) : []
    for (const one of taken) one.undone = true
    if (change.kind === 'change.scaled') change.back = taken.length > 0
    else if (isKnownUndone(all[index - 1])) change.back = true
    if (isKnownUndone(change)) change.undone = true
  }
  return all.map((change) => found(workload, change))
}

/** Its revision was there when a later one was the older of the two. */
const isKnownUndone = (change: Change | undefined): boolean => change?.signals.some(({ attributes }) => attributes['undone'] === 'yes') === true

/** The ReplicaSet that had pods when the next change came is what the change before brought. */
const foundThere = (next: Change | undefined): string => {
  const had = next?.signals.find((signal) => (numberOf(signal, 'from') ?? 0) > 0)
  return had === undefined ? '' : setOf(had)
}

/** What a rollout brought is taken away again while the ReplicaSets before it go on. */
const takesBack = (signal: TimedSignal, rollout: Change): boolean =>
  numberOf(signal, 'to') === 0 && rollout.set !== '' && setOf(signal) === rollout.set && !rollout.done && !rollout.back

/** Another version comes in its place: a step forward, not back. */
const isReplaced = (signal: TimedSignal, signals: readonly TimedSignal[], seen: ReadonlySet<string>): boolean =>
  goesWithAnother(signal, signals, (other) => numberOf(other, 'from') === 0 && !shrinks(other) && !seen.has(setOf(other)))

/** A ReplicaSet that was not there before, or that takes over from another one. */
const isNew = (signal: TimedSignal, seen: ReadonlySet<string>, around: Around, timeline: Timeline): boolean => {
  const set = setOf(signal)
  if (set === '' || shrinks(signal)) return false
  if (around.givesWay) return true
  const from = numberOf(signal, 'from')
  if (from !== null && from > 0) return false
  if (seen.has(set)) return false
  // Older releases do not tell from how many: the autoscaler that asked for it, or a pod that was there before, tell that it was some.
  return from !== null || !(around.isAsked || hadPods(set, signal, timeline))
}

interface Around {
  /** Another ReplicaSet of the workload shrinks, and not as a step of the rollout before. */
  readonly givesWay: boolean
  readonly isAsked: boolean
}

const givingWay = (signals: readonly TimedSignal[], signal: TimedSignal, after: number): Around => {
  const set = setOf(signal)
  // By time: an autoscaler that cannot make up its mind changes a number thousands of times.
  const from = countWhile(signals.length, (index) => (signals[index]?.at ?? 0) < signal.at - STEP_MS)
  const to = countWhile(signals.length, (index) => (signals[index]?.at ?? 0) <= signal.at + STEP_MS)
  const near = signals.slice(from, to).filter((other) => other !== signal)
  return {
    givesWay: near.some((other) => setOf(other) !== '' && setOf(other) !== set && shrinks(other) && other.at > after),
    isAsked: near.some((other) => isByAutoscaler(other) && Math.abs(other.at - signal.at) <= ASKED_MS),
  }
}

const hadPods = (set: string, signal: TimedSignal, { topology }: Timeline): boolean =>
  topology
    .podsOf(topology.workloadOf(signal.entity) ?? signal.entity)
    .some((pod) => replicaSetName(pod) === set && topology.placements(pod).some(({ from }) => Number.isFinite(from) && from < signal.at - MINUTE))

/** The old ReplicaSet down, the new one up; the same rollout as an object tells it. */
const isStepOf = (signal: TimedSignal, rollout: Change): boolean => {
  const set = setOf(signal)
  if (isByAutoscaler(signal)) return false
  if (set === '') return !isOther(rollout.signals, signal)
  return rollout.set === '' || set !== rollout.set ? shrinks(signal) || rollout.set === '' : !shrinks(signal)
}

/** What is left of a version that began to give way goes when the new pods are ready at last, however long that takes. */
const isLastStep = (signal: TimedSignal, { set, done, signals }: Change): boolean =>
  !done && set !== '' && setOf(signal) !== set && numberOf(signal, 'to') === 0 && signals.some((other) => setOf(other) === setOf(signal) && shrinks(other))

/** What a rollout brought was scaled down since: the next change of it is none of the rollout's steps. */
const isTakenAway = (rollout: Change | null, last: Change | undefined): boolean =>
  rollout !== null && last?.kind === 'change.scaled' && (rollout.set === '' || last.set === rollout.set) && last.signals.every(shrinks)

/** An object that names no ReplicaSet, as its creation does: its controller makes one at once, so what changes replicas later is none of its steps. */
const isOfAnObject = (rollout: Change | null, signal: TimedSignal): boolean =>
  rollout?.set === '' && setOf(signal) !== '' && signal.at - (rollout.signals.at(-1)?.until ?? 0) > ASKED_MS

/** What has pods already gets more of them while no other ReplicaSet gives any away: that is its number, not a rollout's next step. */
const givesMore = (signal: TimedSignal, signals: readonly TimedSignal[]): boolean =>
  setOf(signal) !== '' && !shrinks(signal) && (numberOf(signal, 'from') ?? 0) > 0 && !goesWithAnother(signal, signals, shrinks)

/** Down to nothing while no other ReplicaSet grows: a rollout puts something in its place. */
const leavesNothing = (signal: TimedSignal, signals: readonly TimedSignal[]): boolean =>
  numberOf(signal, 'to') === 0 && setOf(signal) !== '' && !goesWithAnother(signal, signals, (other) => !shrinks(other))

/** Whether another ReplicaSet changes so within a rollout's step of it. */
const goesWithAnother = (signal: TimedSignal, signals: readonly TimedSignal[], so: (other: TimedSignal) => boolean): boolean =>
  signals.some((other) => setOf(other) !== '' && setOf(other) !== setOf(signal) && so(other) && Math.abs(other.at - signal.at) <= STEP_MS)

/** Of objects without ReplicaSets another image or revision is another rollout, and so is another round through their pods. */
const TELLS_APART = ['image', 'revision', 'round'] as const
const isOther = (signals: readonly TimedSignal[], { attributes }: TimedSignal): boolean =>
  TELLS_APART.some(
    (name) => attributes[name] !== undefined && signals.some((other) => other.attributes[name] !== undefined && other.attributes[name] !== attributes[name]),
  )

/** The old ReplicaSet may be told of first: with the strategy Recreate it is down to nothing before the new one comes, and seconds tell no order. */
const recreated = (last: Change | undefined, signal: TimedSignal): Change | null => {
  if (last?.kind !== 'change.scaled' || last.set === '' || last.set === setOf(signal) || !last.signals.every(shrinks)) return null
  const ago = signal.at - (last.signals.at(-1)?.until ?? 0)
  return ago <= (toOf(last) === 0 ? STEP_MS : ASKED_MS) ? last : null
}

/** One change is told by the autoscaler, the Deployment, its ReplicaSet and whoever watches; a number that goes on in its direction is one change, too. */
const isSameScaling = (signal: TimedSignal, last: Change): boolean => {
  if (last.kind !== 'change.scaled' || signal.at - (last.signals.at(-1)?.until ?? 0) > MINUTE) return false
  const set = setOf(signal)
  if (set !== '' && last.set !== '' && set !== last.set) return false
  const down = [...last.signals, signal].filter((one) => numberOf(one, 'from') !== null).map(shrinks)
  return down.every((one) => one === down[0])
}

/** Somebody set the number back to what an earlier change had made something else of. An autoscaler does so by itself, when there is less to do. */
const takenBack = (change: Change, before: readonly Change[]): readonly Change[] => {
  const to = toOf(change)
  const from = fromOf(change)
  if (to === null || from === null || from === to || change.signals.some(isByAutoscaler)) return []
  const last = before.findLast((one) => {
    const [was, became] = [fromOf(one), toOf(one)]
    if (one.kind !== 'change.scaled' || was === null || became === null || was === became || one.back) return false
    return became > was ? to <= was && from > to : to >= was && from < to
  })
  return last === undefined ? [] : [last]
}

/** Whatever was rolled out since the ReplicaSet that comes back gave way; where nobody saw that, since it was rolled out; else the rollout before this. */
const rolledBack = (change: Change, before: readonly Change[]): readonly Change[] => {
  const rollouts = before.filter(({ kind }) => kind === 'change.deployed')
  if (change.set === '') return rollouts.slice(-1)
  const gaveWay = rollouts.findLastIndex(({ signals }) => signals.some((signal) => setOf(signal) === change.set && shrinks(signal)))
  if (gaveWay >= 0) return rollouts.slice(gaveWay)
  const at = rollouts.findLastIndex(({ set }) => set === change.set)
  return rollouts.slice(at < 0 ? -1 : at + 1)
}

const found = (workload: Entity, change: Change): Found => {
  const { kind, signals, set, back, undone } = change
  const first = signals[0] as TimedSignal // made of one at least
  const last = signals.at(-1) ?? first
  const name = called(workload)
  const scaled = kind === 'change.scaled'
  const [from, to] = scaled ? [fromOf(change), toOf(change)] : [null, null]
  const numbers = to === null ? '' : from === null || from === to ? ` to ${replicas(to)}` : ` from ${from} to ${replicas(to)}`
  const attributes = Object.assign({}, ...signals.map((signal) => signal.attributes).reverse()) as Found['attributes'] // a merge of attributes is attributes
  return {
    kind,
    ...(back ? { role: 'response' } : {}),
    entity: workload,
    start: first.at,
    end: last.until,
    confidence: 0.95,
    summary: scaled
      ? `${opening(workload)} was scaled${back ? ' back' : ''}${numbers}.`
      : back
        ? `${opening(workload)} was rolled back${set !== '' ? ` to its earlier ReplicaSet ${set}` : attributes['round'] === undefined ? ': what the rollout had brought was taken away' : ''}.`
        : attributes['created'] === 'yes'
          ? `${opening(workload)} was created.`
          : `A rollout of ${name} started.`,
    evidence: chooseEvidence(evidenceOf(signals)),
    attributes: {
      ...attributes,
      ...(set === '' ? {} : { replicaSet: set }),
      ...(attributes['created'] === 'yes' ? { does: 'was created' } : {}),
      ...(from === null ? {} : { from }),
      ...(to === null ? {} : { to }),
      ...(from !== null && from > 0 && to !== null && to >= MUCH_MORE * from && !signals.some(isByAutoscaler) ? { grew: 'twice' } : {}),
      ...(back ? { back: 'yes' } : {}),
      ...(undone ? { undone: 'yes' } : {}),
      ...(change.replaces === true ? { replaces: 'yes' } : {}),
    },
    slackMs: 1_000,
    dose: 1,
  }
}

/** As many times the replicas ask as many times as much. An autoscaler follows what is asked of a workload: it is not what makes more of it. */
const MUCH_MORE = 2

const replicas = (count: number): string => (count === 1 ? '1 replica' : `${count} replicas`)
