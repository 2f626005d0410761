/**
 * service.slow where no request came to an end: those that hang leave no latency and no error, the counter of what was served stands still. So it does while nobody asks;
 * it is told where an alert on the service says that somebody waited.
 */
import { shortName } from '../../model/entity.js'
import type { Timeline } from '../../timeline/timeline.js'
import { fullest, sampleEvidence, type Detector, type Found } from '../finding.js'
import { ofKind } from '../lookup.js'
import { perSecond, requestsByService } from '../services.js'
import { between, lower, median, stepOf, stretches, sumOf } from '../statistics.js'
import { duration, opening } from '../words.js'

export const serviceStalls: Detector = {
  id: 'service-stalls',
  finds: ['service.slow'],
  detect: (timeline, found) => stalls(timeline, found),
}

/** Per second: of a service that is asked less often a pause is no wonder. */
const OFTEN = 1
const LEAST_MS = 20_000
const LEAST_SAMPLES = 3
/** It was asked all the time before. */
const BEFORE_MS = 60_000
const FEWEST_BEFORE = 5
/** An alert comes some time after what it tells of. */
const ALERTED_MS = 2 * 60_000

const stalls = (timeline: Timeline, found: readonly Found[]): readonly Found[] =>
  [...requestsByService(timeline)].flatMap(([entity, series]) => {
    const source = fullest(series)
    const served = sumOf(series.map(perSecond))
    const usual = median(served.values.filter((value) => value > 0))
    if (source === undefined || !(usual >= OFTEN)) return []
    return stretches(served, (value) => value === 0, 1.5 * stepOf(served.times), lower).flatMap(({ start, end, last, samples }): Found[] => {
      const until = end ?? last
      if (samples < LEAST_SAMPLES || until - start < LEAST_MS) return []
      const before = between(served, start - BEFORE_MS, start).values
      if (before.length < FEWEST_BEFORE || !before.every((value) => value > 0)) return []
      const isWaitedFor = ofKind(found, 'alert.fired').some(
        (alert) => shortName(alert.entity) === shortName(entity) && alert.start >= start && alert.start <= until + ALERTED_MS,
      )
      if (!isWaitedFor) return []
      const seconds = (until - start) / 1000
      return [
        {
          kind: 'service.slow',
          entity,
          start,
          end,
          confidence: 0.8,
          summary: `${opening(entity)} brought no request to an end for ${duration(until - start)} (usually ${usual.toFixed(0)} a second).`,
          evidence: [sampleEvidence(source, start, '→ none since the sample before'), sampleEvidence(source, last, '→ still none')],
          attributes: { seconds },
          slackMs: stepOf(served.times),
          dose: seconds * usual,
        },
      ]
    })
  })
