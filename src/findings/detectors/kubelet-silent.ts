/**
 * node.heartbeat-missed as others see it: the kubelet's own port does not answer, and then the control plane holds its node NotReady.
 * A kubelet that was stopped or killed writes no line about it; what is scraped from it tells when it fell silent.
 */
import type { Entity } from '../../model/entity.js'
import { addTo } from '../../model/lists.js'
import { once } from '../../model/once.js'
import type { Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, overlaps, type Detector, type Found } from '../finding.js'
import { KUBELET_PORT, KUBELET_START_MS, kubeletUnreachable, SHORTEST_GRACE_MS } from '../kubelet.js'
import { ofKind, signalsOf } from '../lookup.js'
import { valueAt } from '../statistics.js'
import { called, opening } from '../words.js'

/** node-monitor-grace-period is 40 s (50 s since 1.32), and clusters stretch it. */
const GRACE_MS = 5 * 60_000

/** `silent` stays where it is joined with what the kubelet itself wrote, which has reasons of its own. */
const SILENT: Found['attributes'] = { reason: 'silent', silent: 'yes', does: 'fell silent' }

export const kubeletSilent: Detector = {
  id: 'kubelet-silent',
  finds: ['node.heartbeat-missed'],
  detect: (timeline, found) =>
    ofKind(found, 'node.not-ready').flatMap((lost): readonly Found[] => {
      // A kubelet that still writes says more, and better, by itself; what it writes once it is back is another matter.
      const speaks = ofKind(found, 'node.heartbeat-missed', lost.entity).some(
        (one) => one.attributes['source'] === undefined && one.start <= lost.start && overlaps(one, lost, GRACE_MS),
      )
      const silent = kubeletUnreachable(lost.entity, found).filter(({ start }) => start <= lost.start && lost.start - start <= GRACE_MS)
      const [first] = silent
      if (speaks) return []
      if (first === undefined) {
        const all = allSilent(lost, timeline, found)
        return all === null ? stopped(lost, timeline, found) : [all]
      }
      if (isBlocked(found, lost, first) || answersOther(timeline, first)) return []
      const whole = silentAsAWhole(lost, silent, timeline, found)
      return [
        {
          kind: 'node.heartbeat-missed',
          entity: lost.entity,
          start: Math.min(...silent.map((one) => one.start)),
          end: lost.end,
          confidence: 0.85,
          summary: whole
            ? asAWhole(lost.entity)
            : `The kubelet of ${called(lost.entity)} fell silent: its port did not answer, and the control plane heard nothing from it.`,
          evidence: chooseEvidence(silent.flatMap((one) => one.evidence)),
          attributes: whole ? { ...SILENT, whole: 'yes' } : SILENT,
          slackMs: first.slackMs,
          dose: 5,
        },
      ]
    }),
}

const asAWhole = (node: Entity): string =>
  `${opening(node)} fell silent as a whole: nothing that is scraped from it answered, and the control plane heard nothing from it.`

/** Where nobody scrapes kubelets: everything else of the node stopped answering before the control plane gave it up. */
const allSilent = (lost: Found, timeline: Timeline, found: readonly Found[]): Found | null => {
  const others = othersOn(timeline).get(lost.entity) ?? []
  const gone = ofKind(found, 'service.unreachable').filter(
    (one) =>
      others.some((other) => one.entity.endsWith(other)) && one.start <= lost.start && lost.start - one.start <= GRACE_MS && (one.end ?? Infinity) > lost.start,
  )
  const start = Math.min(...gone.map((one) => one.start))
  if (others.length === 0 || new Set(gone.map(({ entity }) => entity)).size < others.length || gone.some((one) => one.start - start > TOGETHER_MS)) return null
  if (hasKubeletTarget(timeline).has(lost.entity)) return null
  return {
    kind: 'node.heartbeat-missed',
    entity: lost.entity,
    start,
    end: lost.end,
    confidence: 0.8,
    summary: asAWhole(lost.entity),
    evidence: chooseEvidence(gone.flatMap((one) => one.evidence)),
    attributes: { ...SILENT, whole: 'yes' },
    slackMs: Math.max(...gone.map((one) => one.slackMs)),
    dose: 5,
  }
}

const hasKubeletTarget = once(({ series, topology }: Timeline) => {
  const nodes = series.flatMap(({ name, labels }) =>
    name === 'up' && labels['instance']?.endsWith(KUBELET_PORT) === true
      ? (topology.nodeAt(labels['node'] ?? '') ?? topology.nodeAt(labels['instance']) ?? [])
      : [],
  )
  return new Set(nodes)
})

/** What listens on other ports of the node stopped answering with its kubelet, all of it: then it is the machine, or its network. */
const silentAsAWhole = (lost: Found, silent: readonly Found[], timeline: Timeline, found: readonly Found[]): boolean => {
  const from = Math.min(...silent.map((one) => one.start))
  const others = othersOn(timeline).get(lost.entity) ?? []
  const gone = ofKind(found, 'service.unreachable').filter((one) => Math.abs(one.start - from) <= TOGETHER_MS && (one.end === null || one.end > lost.start))
  return others.length > 0 && others.every((other) => gone.some((one) => one.entity.endsWith(other)))
}
/** What is scraped on each node but its kubelet: the ends of its targets' names. */
const othersOn = once(({ series, topology }: Timeline) => {
  const others = new Map<Entity, string[]>()
  for (const { name, labels } of series) {
    const instance = labels['instance'] ?? ''
    if (name !== 'up' || instance.endsWith(KUBELET_PORT)) continue
    const node = topology.nodeAt(labels['node'] ?? '') ?? topology.nodeAt(instance)
    if (node !== null) addTo(others, node, `/${labels['job'] ?? '-'}/${instance}`)
  }
  return others
})
/** Scrapes of one machine are spread over their interval, a minute at most. */
const TOGETHER_MS = 60_000

/**
 * Without metrics: a kubelet that reaches nobody complains of it every few seconds. One that says nothing while its node becomes NotReady, and then
 * starts anew, was not there.
 */
const stopped = (lost: Found, timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const until = (lost.end ?? timeline.to) + KUBELET_START_MS
  const start = signalsOf(timeline, lost.entity).find(({ kind, at }) => kind === 'kubelet.started' && at > lost.start && at <= until)
  const silence = timeline.silences.find(
    ({ node, from, to }) => start !== undefined && node === lost.entity && from < lost.start && Math.abs(to - start.at) <= KUBELET_START_MS,
  )
  const other = (['node.runtime-down', 'node.kernel-panic', 'node.network-lost', 'node.certificate-expired'] as const).some((kind) =>
    ofKind(found, kind, lost.entity).some((one) => one.start <= lost.start && overlaps(one, lost, GRACE_MS)),
  )
  if (start === undefined || silence === undefined || other) return []
  return [
    {
      kind: 'node.heartbeat-missed',
      entity: lost.entity,
      start: Math.max(silence.from, lost.start - SHORTEST_GRACE_MS),
      end: lost.end,
      confidence: 0.8,
      summary: `The kubelet of ${called(lost.entity)} fell silent: it wrote nothing until it started anew, and the control plane heard nothing from it.`,
      evidence: chooseEvidence([...start.evidence, ...lost.evidence]),
      attributes: SILENT,
      slackMs: SHORTEST_GRACE_MS,
      dose: 5,
    },
  ]
}

/** A kubelet that says what its runtime does is alive, and waits for it: so late an answer is no silence. One that says so only afterwards was not there to hear it. */
const isBlocked = (found: readonly Found[], lost: Found, silent: Found): boolean =>
  ofKind(found, 'node.runtime-down', lost.entity).some((down) => down.start <= lost.start && overlaps(down, silent, RUNTIME_MS))
const RUNTIME_MS = 30_000

/** Several jobs scrape one port: where one of them gets its answer, what did not answer is one page of it, not the kubelet. */
const answersOther = ({ series }: Timeline, { entity, start, end }: Found): boolean => {
  const instance = entity.slice(entity.lastIndexOf('/') + 1)
  // One that comes and goes answers in between, as the others do.
  const own = series.find(({ name, labels }) => name === 'up' && entity === `target/${labels['job'] ?? '-'}/${labels['instance'] ?? ''}`)
  const isDown = (at: number): boolean => own === undefined || valueAt(own, at) !== 1
  return series.some(
    ({ name, labels, times, values }) =>
      name === 'up' &&
      labels['instance'] === instance &&
      !entity.startsWith(`target/${labels['job'] ?? '-'}/`) &&
      times.filter((time, at) => time >= start && (end === null || time < end) && values[at] === 1 && isDown(time)).length >= ANSWERS,
  )
}
/** One answer may have been on its way when the kubelet stopped. */
const ANSWERS = 3
