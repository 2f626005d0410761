/**
 * node.kernel-panic by silence: a node's log stops in the middle of a sentence and goes on with a boot. A shutdown says so;
 * a crash does not. Also node.rebooted from a boot time that jumped.
 */
import type { Entity } from '../../model/entity.js'
import type { FindingKind } from '../../model/vocabulary.js'
import { iso, type TimedSignal, type TimedSilence, type Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, overlaps, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { nodeOfLabels } from '../measures.js'
import { called, duration } from '../words.js'
import { emptiedBefore } from './drains.js'

/** A machine needs a while to boot before its kernel writes its first line, and its clock may be set after that. */
const BOOT_MS = 120_000

/** A kubelet posts the whole of its node's status at least this often: nodeStatusReportFrequency is 5 min. */
const SEEN_WITHIN_MS = 6 * 60_000

export const nodeCrash: Detector = {
  id: 'node-crash',
  finds: ['node.kernel-panic', 'node.rebooted', 'action.drain'],
  detect(timeline, found) {
    const timed = [...ofKind(found, 'node.rebooted'), ...bootsByClock(timeline)]
    const boots = [...timed, ...bootsById(timeline, timed)]
    return [...boots.filter((boot) => !found.includes(boot)), ...boots.flatMap((boot) => crashBefore(boot, timeline, found))]
  },
}

const bootsByClock = (timeline: Timeline): readonly Found[] =>
  timeline.series
    .filter((series) => series.name === 'node_boot_time_seconds')
    .flatMap((series) => {
      const node = nodeOfLabels(series.labels, timeline)
      const boots: Found[] = []
      for (let index = 1; index < series.times.length && node !== null; index++) {
        const booted = series.values[index] ?? 0
        // A clock that is being set moves the computed boot time by seconds; a boot moves it to the present.
        if (booted - (series.values[index - 1] ?? 0) < 60 || booted * 1000 < timeline.from) continue
        boots.push({
          kind: 'node.rebooted',
          entity: node,
          start: booted * 1000,
          end: booted * 1000,
          confidence: 0.95,
          summary: `${called(node).replace(/^n/u, 'N')} started again.`,
          evidence: [sampleEvidence(series, series.times[index] ?? 0, `→ booted at ${iso(booted * 1000)}`)],
          attributes: {},
          slackMs: 1_000,
          dose: 1,
        })
      }
      return boots
    })

/** The node object shows a new boot id some time after the boot: of one that nothing else tells of it is the trace. */
const bootsById = (timeline: Timeline, known: readonly Found[]): readonly Found[] =>
  timeline.signals
    .filter(({ kind, attributes }) => kind === 'node.identity' && attributes['bootId'] !== undefined && attributes['machineId'] === undefined)
    .filter(({ entity, at }) => !known.some((boot) => boot.entity === entity && boot.start <= at + BOOT_MS && boot.start >= at - SEEN_WITHIN_MS))
    .map((signal) => ({
      kind: 'node.rebooted',
      entity: signal.entity,
      start: signal.at,
      end: signal.at,
      confidence: 0.85,
      summary: `${called(signal.entity).replace(/^n/u, 'N')} started again: it has a new boot id.`,
      evidence: chooseEvidence(signal.evidence),
      attributes: {},
      slackMs: SEEN_WITHIN_MS,
      dose: 1,
    }))

const crashBefore = (boot: Found, timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const silence = silenceBefore(boot.entity, boot.start, timeline)
  if (silence === null) return []
  const around = { start: silence.from - BOOT_MS, end: boot.start }
  const seen = (kind: FindingKind): boolean => ofKind(found, kind, boot.entity).some((one) => overlaps(one, around))
  if (seen('action.node-restarted') || seen('action.drain') || seen('node.kernel-panic')) return []
  const emptied = emptiedBefore(boot.entity, silence.from, timeline)
  if (emptied !== null) return [emptied]
  const hung = seen('node.kernel-hang')
  return [
    {
      kind: 'node.kernel-panic',
      entity: boot.entity,
      start: silence.from,
      end: boot.start,
      confidence: hung ? 0.9 : 0.75,
      summary: `${called(boot.entity).replace(/^n/u, 'N')} crashed: its log stops without a shutdown and goes on ${duration(silence.to - silence.from)} later with a boot.`,
      evidence: chooseEvidence([
        { input: silence.input, line: silence.line, time: iso(silence.to), text: `nothing between ${iso(silence.from)} and ${iso(silence.to)}` },
        ...boot.evidence,
      ]),
      attributes: {},
      slackMs: 1_000,
      dose: silence.to - silence.from,
    },
  ]
}

/** The silence of the node's own logs that ends with the boot: it begins with the last of them that fell silent, as a kernel may have little to say for hours. */
const silenceBefore = (node: Entity, boot: number, { silences, signals }: Timeline): TimedSilence | null =>
  silences
    .filter((silence) => silence.node === node && silence.from < boot && Math.abs(silence.to - boot) <= BOOT_MS && startsAnew(silence, signals))
    .sort((a, b) => b.from - a.from)[0] ?? null

/** What the log says after its silence: a machine that went on without a word goes on in the middle of its work, a booted one begins. */
const startsAnew = (silence: TimedSilence, signals: readonly TimedSignal[]): boolean =>
  signals.some(
    ({ kind, entity, at, evidence }) =>
      entity === silence.node &&
      (kind === 'node.rebooted' || kind === 'kubelet.started') &&
      at > silence.from &&
      at <= silence.to + BOOT_MS &&
      evidence.some(({ input }) => input === silence.input) &&
      !signals.some(
        (other) =>
          other.kind === 'action.node-restarted' &&
          other.entity === silence.node &&
          other.at > silence.to &&
          other.at <= at &&
          other.evidence.some(({ input }) => input === silence.input),
      ),
  )
