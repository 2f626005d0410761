/**
 * What a setting of a Postgres server itself makes fail, from the moment on in which it was changed: the finding says so, with the line of the change. Which setting makes
 * what fail is data: a change moments before any other failure may be a coincidence.
 */
import { typeOf } from '../model/entity.js'
import { roleOf, type AnyKind } from '../model/vocabulary.js'
import { WHOLE_SECOND_MS, type Found } from './finding.js'
import { ofKind } from './lookup.js'

interface Setting {
  readonly parameter: RegExp
  readonly kinds: readonly AnyKind[]
  /** Any of these: the reason of the finding, or what its evidence says. */
  readonly reasons?: readonly string[]
  readonly says?: RegExp
  /** … or requests that waited until it was over. */
  readonly hung?: boolean
}

/** https://www.postgresql.org/docs/current/runtime-config-client.html, runtime-config-resource.html; SQLSTATE: src/backend/utils/errcodes.txt */
const SETTINGS: readonly Setting[] = [
  { parameter: /^statement_timeout$/u, kinds: ['postgres.timeouts'], reasons: ['statement'] },
  { parameter: /^lock_timeout$/u, kinds: ['postgres.timeouts'], reasons: ['lock'] },
  { parameter: /^idle_in_transaction_session_timeout$/u, kinds: ['postgres.timeouts'], reasons: ['idle-in-transaction'] },
  { parameter: /^transaction_timeout$/u, kinds: ['postgres.timeouts'], reasons: ['transaction'] },
  { parameter: /^idle_session_timeout$/u, kinds: ['app.errors'], says: /idle-session timeout|57P05/u },
  { parameter: /^default_transaction_read_only$/u, kinds: ['app.errors'], reasons: ['read-only', 'postgres-read-only'], says: /read-only transaction|25006/u },
  { parameter: /^default_transaction_isolation$/u, kinds: ['app.errors'], says: /could not serialize access|40001/u },
  { parameter: /^(?:work_mem|hash_mem_multiplier|maintenance_work_mem|temp_buffers)$/u, kinds: ['app.errors'], reasons: ['memory', 'oom', 'postgres-memory'] },
  { parameter: /^temp_file_limit$/u, kinds: ['app.errors'], says: /temporary file size exceeds|53400/u },
  { parameter: /^search_path$/u, kinds: ['app.errors'], reasons: ['schema'] },
  { parameter: /^(?:synchronous_standby_names|synchronous_commit)$/u, kinds: ['postgres.slow-queries'], says: /COMMIT/u, hung: true },
  { parameter: /^(?:password|nologin|valid until)$/u, kinds: ['app.errors'], reasons: ['authentication', 'postgres-login'] },
  {
    parameter: /^connection limit$/u,
    kinds: ['postgres.connections-saturated', 'app.errors'],
    reasons: ['postgres-too-many'],
    says: /too many connections for/u,
  },
]
/** A reload reaches each session before its next statement. */
const AT_ONCE_MS = 60_000

const isMadeBy = (one: Found, { kinds, reasons, says, hung }: Setting): boolean =>
  kinds.includes(one.kind) &&
  ((hung === true && one.attributes['waiting'] !== undefined) ||
    reasons?.includes(String(one.attributes['reason'] ?? '')) === true ||
    (says !== undefined && one.evidence.some(({ text }) => says.test(text))))

export const sinceSettings = (found: readonly Found[]): readonly Found[] => {
  const changes = ofKind(found, 'metric.anomalous').filter(({ role, attributes }) => role === 'change' && attributes['parameter'] !== undefined)
  if (changes.length === 0) return found
  const blamed = new Set<Found>()
  const told = found.map((one) => {
    if (one.kind === 'metric.anomalous') return one
    const change = changes.findLast(({ start, entity, attributes }) => {
      const isNear = typeOf(one.entity) !== 'postgres' || one.entity === entity
      if (!isNear || start > one.start + WHOLE_SECOND_MS || one.start - start > AT_ONCE_MS) return false
      return SETTINGS.some((setting) => setting.parameter.test(String(attributes['parameter'])) && isMadeBy(one, setting))
    })
    if (change === undefined) return one
    blamed.add(change)
    const [first, ...more] = one.evidence
    return {
      ...one,
      summary: `${one.summary.replace(/\.$/u, '')}; ${change.summary.replace(/\.$/u, '')} ${howLongAgo(one.start - change.start)}.`,
      evidence: [...(first === undefined ? [] : [first]), ...change.evidence, ...more],
    }
  })
  const impacts = found.filter((one) => roleOf(one) === 'impact')
  return told.map((one) => (changes.includes(one) && !blamed.has(one) && impacts.some((impact) => answers(one, impact)) ? { ...one, role: 'response' } : one))
}

/** Who changes a setting while something fails, and not just when it began to, does so for that. */
const answers = ({ start }: Found, impact: Found): boolean => start >= impact.start + ANSWERED_MS && start <= (impact.end ?? Infinity) + ANSWERED_MS
const ANSWERED_MS = 10_000

const howLongAgo = (ms: number): string => (ms < 1_000 ? 'in that moment' : `${(ms / 1000).toFixed(0)} s earlier`)
