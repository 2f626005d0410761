/**
 * postgres.timeouts and postgres.lock-pileup where the server's own log is not at hand: its clients quote what it said as it cut their statements off, and its exporter
 * counts a lock that shuts everybody else out for just as long.
 */
import { typeOf, type Entity } from '../../model/entity.js'
import { groupBy } from '../../model/lists.js'
import type { Timeline } from '../../timeline/timeline.js'
import { fullest, overlaps, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { asMetric, postgresOfLabels } from '../measures.js'
import { combine, higher, median, stepOf, stretches } from '../statistics.js'
import { called, duration, times } from '../words.js'

/** src/backend/tcop/postgres.c, ProcessInterrupts */
const SAID = /canceling statement due to (statement|lock) timeout/u

export const postgresCancelled: Detector = {
  id: 'postgres-cancelled',
  finds: ['postgres.timeouts', 'postgres.lock-pileup'],
  detect(timeline, found) {
    const cutOff = ofKind(found, 'app.errors').flatMap((errors): Found[] => {
      const reason = errors.evidence.map(({ text }) => SAID.exec(text)?.[1]).find((one) => one !== undefined)
      if (reason === undefined || typeOf(errors.entity) === 'postgres') return []
      // What a server says itself says more, whichever server the client means.
      if (ofKind(found, 'postgres.timeouts').some((known) => overlaps(known, errors))) return []
      const server = serverOf(errors.entity, timeline)
      return [
        {
          ...errors,
          kind: 'postgres.timeouts',
          entity: server,
          confidence: 0.85,
          summary: `Statements of ${called(errors.entity)} were cut off by a ${reason} timeout, ${times(errors.dose)}, as it quotes ${called(server)}.`,
          attributes: { reason, waiting: errors.entity },
          slackMs: Math.max(errors.slackMs, 1_000),
        },
      ]
    })
    const known = ofKind(found, 'postgres.lock-pileup')
    const queues = shutOut(timeline, cutOff).filter((queue) => !known.some((one) => one.entity === queue.entity && overlaps(one, queue)))
    return [...cutOff, ...queues]
  },
}

const serverOf = (client: Entity, { topology, names }: Timeline): Entity => {
  const [only, ...more] = topology.serversOf(client).filter((server) => typeOf(server) === 'postgres')
  return only === undefined || more.length > 0 ? names.serverOf({}) : only
}

/** A lock in this mode is in conflict with all others: a table that one session alters, or waits to alter, is read by nobody meanwhile. */
const SHUTS_OUT = 'accessexclusivelock'
const LEAST_MS = 10_000
const GAP_MS = 10_000
/** By this long after it was asked for, what waits behind it was cut off. */
const CUT_OFF_MS = 60_000
const AT_ONCE_MS = 15_000

/** One such lock is ordinary; one that nobody has most of the time, from shortly before statements were cut off until they no longer were, is what they waited for. */
const shutOut = (timeline: Timeline, cutOff: readonly Found[]): readonly Found[] => {
  const counting = timeline.series.filter(({ name, labels }) => name === 'pg_locks_count' && labels['mode'] === SHUTS_OUT)
  return [...groupBy(counting, ({ labels }) => postgresOfLabels(labels, timeline))].flatMap(([server, group]) => {
    const source = fullest(group)
    if (source === undefined) return []
    const column = combine(group.map(asMetric), 'sum')
    if (median(column.values) > 0) return []
    return stretches(column, (value) => value >= 1, GAP_MS, higher).flatMap((stretch): Found[] => {
      const end = stretch.end ?? stretch.last
      const [first] = cutOff.filter(
        (one) =>
          one.entity === server &&
          one.start >= stretch.start - stepOf(column.times) &&
          one.start - stretch.start <= CUT_OFF_MS &&
          Math.abs((one.end ?? timeline.to) - end) <= AT_ONCE_MS,
      )
      if (first === undefined || end - stretch.start < LEAST_MS) return []
      return [
        {
          kind: 'postgres.lock-pileup',
          entity: server,
          start: stretch.start,
          end,
          confidence: 0.75,
          summary: `A lock that shuts everybody else out was held or awaited in ${called(server)} for ${duration(end - stretch.start)}, and statements were cut off until it was gone.`,
          evidence: [sampleEvidence(source, stretch.peakAt, `→ ${SHUTS_OUT}`), ...first.evidence.slice(0, 1)],
          attributes: {},
          slackMs: 2 * stepOf(column.times),
          dose: stretch.peak,
        },
      ]
    })
  })
}
