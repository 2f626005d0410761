/**
 * node.kernel-panic by silence: a node's log stops in the middle of a sentence and goes on with a boot. A shutdown says so;
 * a crash does not. Also node.rebooted from a boot time that jumped.
 */
import type { Evidence } from '../../model/analysis.js'
import type { Entity } from '../../model/entity.js'
import { countWhile, groupBy } from '../../model/lists.js'
import { once } from '../../model/once.js'
import type { FindingKind } from '../../model/vocabulary.js'
import { iso, type TimedSeries, type TimedSignal, type TimedSilence, type Timeline } from '../../timeline/timeline.js'
import { chooseEvidence, overlaps, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { nodeOfLabels } from '../measures.js'
import { stepOf } from '../statistics.js'
import { duration, opening } from '../words.js'
import { emptiedBefore } from './drains.js'

/** A machine needs a while to boot before its kernel writes its first line, and its clock may be set after that. */
const BOOT_MS = 120_000
/** From a reset to the first line of a kernel; what is written later is already the next boot's, as far as clocks can tell. */
const FIRST_LINE_MS = 10_000
/** A machine that went on so long after its node was lost was reset rather than that it crashed: whoever looks after it saw that the node was gone. */
const LOST_MS = 60_000

/** A kubelet posts the whole of its node's status at least this often: nodeStatusReportFrequency is 5 min. */
const SEEN_WITHIN_MS = 6 * 60_000

export const nodeCrash: Detector = {
  id: 'node-crash',
  finds: ['node.kernel-panic', 'node.rebooted', 'action.drain'],
  detect(timeline, found) {
    const timed = [...ofKind(found, 'node.rebooted'), ...bootsByClock(timeline)]
    const boots = [...timed, ...bootsById(timeline, timed)]
    return [
      ...boots.filter((boot) => !found.includes(boot)),
      ...boots.flatMap((boot) => {
        const crash = crashBefore(boot, timeline, found)
        return crash.length > 0 ? crash : downBefore(boot, timeline, found)
      }),
    ]
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
          summary: `${opening(node)} started again.`,
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
      summary: `${opening(signal.entity)} started again: it has a new boot id.`,
      evidence: chooseEvidence(signal.evidence),
      attributes: {},
      slackMs: SEEN_WITHIN_MS,
      dose: 1,
    }))

const crashBefore = (boot: Found, timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const silence = silenceBefore(boot.entity, boot.start, timeline)
  if (silence === null) return []
  const word = lastWord(silence, boot, timeline)
  const stopped = word?.at ?? silence.from
  const around = { start: stopped - BOOT_MS, end: boot.start }
  const seen = (kind: FindingKind): boolean => ofKind(found, kind, boot.entity).some((one) => overlaps(one, around))
  if (seen('action.node-restarted') || seen('action.drain') || seen('node.kernel-panic')) return []
  // A machine that hangs or has no memory hardly writes, and whoever resets it leaves the same trace as a crash: that it started again is all that is known.
  if (seen('node.memory-exhausted') || seen('node.kernel-hang')) return []
  if (ofKind(found, 'node.not-ready', boot.entity).some(({ start, end }) => start <= stopped - LOST_MS && (end ?? stopped) >= stopped)) return []
  const emptied = emptiedBefore(boot.entity, stopped, timeline)
  if (emptied !== null) return [emptied]
  return [
    {
      kind: 'node.kernel-panic',
      entity: boot.entity,
      start: stopped,
      end: boot.start,
      confidence: 0.75,
      summary: `${opening(boot.entity)} crashed: its log stops without a shutdown and goes on ${duration(silence.to - stopped)} later with a boot.`,
      evidence: chooseEvidence([
        { input: silence.input, line: silence.line, time: iso(silence.to), text: `nothing between ${iso(silence.from)} and ${iso(silence.to)}` },
        ...(word === null ? [] : [word.evidence]),
        ...boot.evidence,
      ]),
      attributes: {},
      slackMs: 1_000,
      dose: silence.to - stopped,
    },
  ]
}

/** A machine that starts again had gone down before: with none of its scrape targets answering any more, that is when. One of them is a process's matter. */
const downBefore = (boot: Found, timeline: Timeline, found: readonly Found[]): readonly Found[] => {
  const down: { readonly series: TimedSeries; readonly first: number }[] = []
  for (const series of scraped(timeline).get(boot.entity) ?? []) {
    const last = countWhile(series.times.length, (index) => (series.times[index] ?? 0) <= boot.start) - 1
    if ((series.times[last] ?? -Infinity) < boot.start - BOOT_MS) continue
    if ((series.values[last] ?? 0) > 0) return []
    const first = firstOfZeros(series, last)
    if (first !== null && first >= boot.start - BOOT_MS) down.push({ series, first })
  }
  if (down.length < 2) return []
  const start = Math.min(...down.map(({ first }) => first))
  const step = Math.max(...down.map(({ series }) => stepOf(series.times)))
  // What was in trouble before it stopped answering hung, and somebody reset it.
  const wasInTrouble = found.some(
    (one) => one.entity === boot.entity && /^node\.|^action\.node-restarted$/u.test(one.kind) && one.start < start && (one.end ?? Infinity) >= start - LOST_MS,
  )
  if (wasInTrouble || down.some(({ first }) => first - start > step * 1.5)) return []
  return [
    {
      kind: 'node.rebooted',
      entity: boot.entity,
      start,
      end: boot.start,
      confidence: boot.confidence,
      summary: `${opening(boot.entity)} started again; for ${duration(boot.start - start)} before that, none of its ${down.length} scrape targets answered.`,
      evidence: chooseEvidence(down.map(({ series, first }) => sampleEvidence(series, first, '0'))),
      attributes: {},
      slackMs: step,
      dose: down.length,
    },
  ]
}

/** When the samples that are 0 up to this one began; null where the series never had another. */
const firstOfZeros = ({ times, values }: TimedSeries, last: number): number | null => {
  let first = last
  while (first >= 0 && values[first] === 0) first--
  return first < 0 ? null : (times[first + 1] ?? null)
}

const scraped = once((timeline: Timeline) => groupBy(timeline.series, (series) => (series.name === 'up' ? nodeOfLabels(series.labels, timeline) : null)))

/**
 * What the machine still did after this log of it had fallen silent: a line of another, or a sample of its exporter. A kernel says nothing for
 * hours, and a kubelet that hangs is silent long before its machine is. Null where the log itself has the last word.
 */
const lastWord = (silence: TimedSilence, boot: Found, timeline: Timeline): { readonly at: number; readonly evidence: Evidence } | null => {
  const until = Math.min(silence.to, boot.start - FIRST_LINE_MS)
  let last: { at: number; evidence: Evidence } | null = null
  const hear = (at: number, evidence: Evidence): void => {
    if (at > (last?.at ?? silence.from + 1_000) && at <= until) last = { at, evidence }
  }
  for (const signal of writtenBy(timeline).get(silence.node) ?? []) {
    if (signal.input === silence.input) continue
    for (const one of signal.evidence) hear(Date.parse(one.time), one)
    // Of what was said many times the first places are kept.
    const [first] = signal.evidence
    if (first !== undefined) hear(signal.until, { ...first, time: iso(signal.until), text: `${first.text} (last of ${signal.count})` })
  }
  for (const series of exportedBy(timeline).get(silence.node) ?? []) {
    const at = series.times[countWhile(series.times.length, (index) => (series.times[index] ?? 0) <= until) - 1]
    if (at !== undefined) hear(at, sampleEvidence(series, at, 'its last sample before the boot'))
  }
  return last
}

const writtenBy = once((timeline: Timeline) => groupBy(timeline.signals, ({ input }) => timeline.writtenOn.get(input) ?? null))

const exportedBy = once((timeline: Timeline) =>
  groupBy(timeline.series, ({ name, labels }) => (name.startsWith('node_') ? nodeOfLabels(labels, timeline) : null)),
)

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
