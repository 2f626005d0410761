/** metric.anomalous of a Postgres server whose configuration was changed and loaded, as its own log says: a change, or, where it takes an earlier one back, a response. */
import type { TimedSignal } from '../../timeline/timeline.js'
import type { Detector, Found } from '../finding.js'
import { evidenceOf } from '../finding.js'
import { called } from '../words.js'
import { groupBy } from '../../model/lists.js'

/** What is logged, and how, hurts nobody. */
const HARMLESS = /^(?:log_|logging_|debug_|event_source|syslog_|update_process_title|cluster_name|application_name|track_|compute_query_id)/u

export const postgresParameters: Detector = {
  id: 'postgres-parameters',
  finds: ['metric.anomalous'],
  detect({ signals }) {
    const changes = signals.filter(({ kind, attributes }) => kind === 'postgres.parameter-changed' && !HARMLESS.test(String(attributes['parameter'])))
    return [...groupBy(changes, ({ entity, attributes }) => `${entity} ${String(attributes['parameter'])} ${String(attributes['of'] ?? '')}`).values()].flatMap(
      (list) => list.map((signal, index) => found(signal, list.slice(0, index))),
    )
  },
}

const found = (signal: TimedSignal, before: readonly TimedSignal[]): Found => {
  const { entity, at, attributes } = signal
  const [parameter, value] = [String(attributes['parameter']), String(attributes['value'])]
  const of = attributes['of'] === undefined ? called(entity) : `${String(attributes['of'])} of ${called(entity)}`
  const last = before.at(-1)
  const was = before.at(-2)?.attributes['value']
  // To the default, or to what it was two changes ago.
  const back = last !== undefined && last.attributes['value'] !== value && (value === '' || value === was)
  return {
    kind: 'metric.anomalous',
    role: back ? 'response' : 'change',
    entity,
    start: at,
    end: at,
    confidence: 0.95,
    summary: `${parameter} of ${of} was ${back ? 'set back' : 'changed'} to ${value === '' ? 'its default' : `“${value}”`}.`,
    evidence: evidenceOf([signal]),
    attributes: {
      metric: `parameter ${parameter} ${before.length}${attributes['of'] === undefined ? '' : ` ${String(attributes['of'])}`}`,
      does: `had ${parameter} ${back ? 'set back' : 'changed'}`,
      parameter,
    },
    slackMs: 1_000,
    dose: 1,
  }
}
