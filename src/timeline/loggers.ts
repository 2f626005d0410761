/**
 * Several programs in one file, each named in brackets behind the level, as Python's logging is often told to write it: `ERROR   [checkout-api] job failed`.
 * What stands there may as well be a thread ('[main]') or a request. It is a program where somebody else calls one so: a metric's label, or the name that a session
 * gave the database.
 */
import { nameOf, process, typeOf } from '../model/entity.js'
import type { TimedSeries, TimedSignal } from './timed.js'

const BRACKETED = /\b(?:INFO|ERROR|WARN(?:ING)?|CRITICAL|FATAL)\b:?[ \t]{1,8}\[([A-Za-z][\w.-]{1,62})\]/u
const OF_PROGRAMS: ReadonlySet<string> = new Set(['log.error', 'log.warning', 'network.dns-failure', 'app.started'])
const LABELS = ['app', 'service', 'exported_service', 'application'] as const
/** What our own parsers counted is no word of somebody else. */
const OWN = 'faultline_'

const toldBy = ({ evidence }: TimedSignal): string | null => {
  const names = new Set(evidence.map(({ text }) => BRACKETED.exec(text)?.[1] ?? ''))
  const [name] = names
  return names.size !== 1 || name === undefined || name === '' ? null : name
}

export const nameLoggers = (signals: readonly TimedSignal[], series: Iterable<TimedSeries>): readonly TimedSignal[] => {
  const known = new Set<string>()
  for (const { name, labels } of series) if (!name.startsWith(OWN)) for (const label of LABELS) if (labels[label] !== undefined) known.add(labels[label])
  for (const { attributes } of signals) if (typeof attributes['application'] === 'string') known.add(attributes['application'])
  if (known.size === 0) return signals
  return signals.map((signal) => {
    if (!OF_PROGRAMS.has(signal.kind) || typeOf(signal.entity) !== 'process') return signal
    const name = toldBy(signal)
    const host = signal.entity.split('/')[1] ?? '-'
    if (name === null || !known.has(name) || name === nameOf(signal.entity)) return signal
    return { ...signal, entity: process(host, name), attributes: { ...signal.attributes, ...(signal.attributes['app'] === undefined ? {} : { app: name }) } }
  })
}
