/** What an exporter logs while its target does not answer tells why it does not: it waits for what it should ask, or is not let in there. */
import { nameOf, shortName, typeOf } from '../model/entity.js'
import type { Found } from './finding.js'
import { overlaps } from './finding.js'
import { ofKind } from './lookup.js'

const AT_ONCE_MS = 15_000

export const toldByExporters = (found: readonly Found[]): readonly Found[] => {
  const exporters = ofKind(found, 'app.errors').filter(({ entity, attributes }) => attributes['reason'] !== undefined && /exporter/iu.test(shortName(entity)))
  if (exporters.length === 0) return found
  const jobOf = ({ kind, entity }: Found): string | null =>
    kind === 'service.unreachable' && typeOf(entity) === 'target' ? (nameOf(entity).split('/')[0] ?? null) : null
  return found.map((one) => {
    const job = jobOf(one)
    if (job === null || one.attributes['reason'] !== undefined) return one
    // Of several that are called so, nobody knows whose log it is.
    if (found.some((other) => other !== one && other.entity !== one.entity && jobOf(other) === job && overlaps(other, one, 0))) return one
    const own = exporters.filter((exporter) => wordsOf(shortName(exporter.entity)).startsWith(wordsOf(job)) && overlaps(exporter, one, AT_ONCE_MS))
    const [first] = own
    return first?.attributes['reason'] === undefined || own.length > 1 ? one : { ...one, attributes: { ...one.attributes, reason: first.attributes['reason'] } }
  })
}

/** 'postgresexporter' of 'postgres_exporter'. */
const wordsOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/gu, '')
