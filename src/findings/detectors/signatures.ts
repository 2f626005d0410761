/** Lines that somebody's signatures mean, as findings: what they are is said in the signals themselves (src/read/signatures.ts), so it goes along in a saved extract. */
import { groupBy } from '../../model/lists.js'
import { TOLD } from '../../model/signature.js'
import { isCustomKind, isFindingKind, type AnyKind, type Role } from '../../model/vocabulary.js'
import type { TimedSignal } from '../../timeline/timeline.js'
import { chooseEvidence, evidenceOf, type Detector, type Found } from '../finding.js'
import { called, duration, times } from '../words.js'
import { stretchesOf } from '../stretches.js'

const ROLES: ReadonlySet<string> = new Set<Role>(['condition', 'change', 'fault', 'symptom', 'impact', 'detection', 'response', 'recovery'])
const isRole = (role: unknown): role is Role => ROLES.has(String(role))
const isKind = (kind: string): kind is AnyKind => isFindingKind(kind) || isCustomKind(kind)

const number = (signal: TimedSignal, name: string): number => Number(signal.attributes[name] ?? NaN)

/** What the holes took: what mechanisms may ask for. */
const holesOf = (signals: readonly TimedSignal[]): Found['attributes'] => {
  const holes = Object.assign({}, ...signals.map(({ attributes }) => attributes).reverse()) as Found['attributes'] // a merge of attributes is attributes
  return Object.fromEntries(Object.entries(holes).filter(([name]) => !name.startsWith('$')))
}

export const signatures: Detector = {
  id: 'signatures',
  finds: [], // whatever they say
  detect({ signals }) {
    const mine = groupBy(signals, (signal) => (signal.kind === 'log.signature' ? `${String(signal.attributes[TOLD.signature])}\n${signal.entity}` : null))
    return [...mine.values()].flatMap((group): readonly Found[] => {
      // A line that says that it is over says nothing where nothing had begun.
      const [first] = group
      if (first === undefined) return []
      const kind = String(first.attributes[TOLD.kind])
      if (!isKind(kind)) return [] // an extract of somebody else's making
      const { entity } = first
      const role = first.attributes[TOLD.role]
      const least = number(first, TOLD.times) || 1
      const sure = Math.min(0.99, Math.max(0.01, number(first, TOLD.confidence) || 0.9))
      return stretchesOf(group, { gapMs: 1_000 * (number(first, TOLD.gapSeconds) || 0) }, []).flatMap((stretch): readonly Found[] => {
        const told = stretch.signals.filter(({ phase }) => phase !== 'end')
        const [opening] = told
        const count = told.reduce((sum, one) => sum + one.count, 0)
        if (opening === undefined || count < least) return []
        const end = stretch.end === null ? null : Math.max(stretch.end, stretch.last)
        const does = String(opening.attributes[TOLD.says] ?? kind)
        const lasted = opening.phase === 'begin' && end !== null ? ` for ${duration(end - stretch.start)}` : count > 1 ? `, ${times(count)}` : ''
        const name = called(entity)
        return [
          {
            kind,
            ...(isFindingKind(kind) || !isRole(role) ? {} : { role }),
            entity,
            start: stretch.start,
            end,
            confidence: Math.min(0.99, 1 - (1 - sure) * 0.8 ** Math.min(6, count - 1)),
            summary: `${name.charAt(0).toUpperCase()}${name.slice(1)} ${does}${lasted}.`,
            evidence: chooseEvidence(evidenceOf(stretch.signals)),
            // Two signatures that stand for one kind on one entity are one finding, but not two oddities.
            attributes: { ...holesOf(told), does, ...(kind === 'metric.anomalous' ? { metric: String(first.attributes[TOLD.signature]) } : {}) },
            slackMs: 1_000,
            dose: count,
          },
        ]
      })
    })
  },
}
