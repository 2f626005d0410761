/** Follow-ups that come from the mechanisms and conditions of the incident, concrete enough to paste. */
import type { ExplainedIncident } from '../causes/explain.js'
import type { Found } from '../findings/finding.js'
import { typeOf } from '../model/entity.js'
import { roleOf } from '../model/vocabulary.js'
import { ADVICE, impactAlert } from './advice.js'
import { called, duration } from '../findings/words.js'
import type { Check, FollowUp } from './post-mortem.js'

/** An alert later than this after the first symptom is worth a follow-up. */
const LATE_SECONDS = 300

/** More than a review can decide on helps nobody; what is nearest to the root cause comes first. */
const MOST = 9

/** What a kind of finding asks for, then the alert. `alerts`: whether the data hold records of any. */
export const followUpsOf = ({ incident, causal, positions }: ExplainedIncident, found: readonly Found[], alerts: boolean): readonly FollowUp[] => {
  const followUps = new Map<string, FollowUp>()
  const joined = new Set(causal.findings.flatMap((at) => found[at] ?? []))
  const mine = [...new Set([...joined, ...[...positions.values()].flatMap((at) => found[at] ?? [])])]
  // A condition that no mechanism joins to the rest is part of the incident all the same; a fault that led to nothing in it is for another day.
  const calls = mine.filter((one) => joined.has(one) || roleOf(one) === 'condition')
  const chain = (causal.chains[0] ?? []).flatMap((at) => found[at] ?? [])
  const onChain = new Set(chain)
  const nearest = new Map<string, number>()
  for (const advice of ADVICE) {
    // The one on the chain, where several of a kind are part of it.
    const fitting = calls.filter((one) => advice.kinds.some((kind) => kind === one.kind) && (advice.fits === undefined || advice.fits(one, mine)))
    const about = fitting.find((one) => onChain.has(one)) ?? fitting.find((one) => joined.has(one)) ?? fitting[0]
    if (about === undefined || (advice.onChain === true && !onChain.has(about))) continue
    const title = advice.title(about)
    const reference = advice.reference
    nearest.set(title, onChain.has(about) ? chain.indexOf(about) : joined.has(about) ? chain.length : chain.length + 1)
    followUps.set(title, { title, detail: advice.detail(about), manifest: advice.manifest(about), mechanism: about.kind, reference })
  }
  const { delaySeconds, firstAlert } = incident.detection
  if (firstAlert === null || (delaySeconds ?? 0) > LATE_SECONDS) {
    const felt = mine.filter((one) => roleOf(one) === 'impact')
    // What has a name that stays, before a pod that is gone by then.
    const named = felt.filter(({ entity }) => ['service', 'workload'].includes(typeOf(entity)))
    const first = named.find((one) => onChain.has(one)) ?? named[0] ?? felt.find((one) => onChain.has(one)) ?? felt[0]
    followUps.set('detection', {
      title: firstAlert !== null ? 'Let the alert come sooner' : alerts ? 'Add an alert that would have told of this' : 'See that an alert tells of this',
      detail:
        firstAlert === null
          ? `${alerts ? 'No alert in the data belongs to it' : 'The data hold no records of alerts'}. Alert on what it did to users${first === undefined ? '' : `: ${called(first.entity)}`}.`
          : `The first alert came ${duration((delaySeconds ?? 0) * 1000)} after the first symptom. Alert on what users feel, not only on its causes.`,
      manifest: first === undefined ? '' : impactAlert(first),
      mechanism: 'detection',
      reference: 'https://prometheus.io/docs/practices/alerting/',
    })
  }
  const place = (one: FollowUp): number => nearest.get(one.title) ?? chain.length
  return [...followUps.values()].sort((a, b) => place(a) - place(b)).slice(0, MOST)
}

/** What the mechanisms of the chain ask a person to look at, in the chain's order; a cause that the step before explains need not be asked for. */
export const checksOf = ({ causal }: ExplainedIncident): readonly Check[] => {
  const chain = causal.chains[0] ?? []
  const checks = new Map<string, Check>()
  for (const [index, cause] of chain.entries()) {
    const link = causal.links.find((one) => one.cause === cause && one.effect === chain[index + 1])
    if (link === undefined) continue
    const { id, check, reference } = link.mechanism
    if (checks.has(check) || (index > 0 && /^Why [^;]*$/u.test(check))) continue
    checks.set(check, { what: check, mechanism: id, reference })
  }
  return [...checks.values()]
}
