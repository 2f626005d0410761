/** What is said of an incident in one row: all that a page tells of those that it has no room for. */
import type { Incident } from '../model/analysis.js'
import { isUnexplained } from '../model/is-unexplained.js'
import { summaryOf } from './finding-view.js'
import { detectionOf, severityWord } from './incident-words.js'
import { duration, range, secondsBetween, sureness } from './words.js'

export interface IncidentHead {
  readonly anchor: string
  readonly title: string
  readonly severity: { readonly word: string }
  readonly when: string
  readonly start: string
  readonly end: string | null
  readonly lasted: string
  /** How long it took to be detected. */
  readonly detected: string
  readonly root: { readonly summary: string } | null
  /** How sure the root cause is; that it is none but the first that shows, where nothing in the data led to it or came of it. */
  readonly rootSureness: string
  /** What makes it the root cause, in a sentence. */
  readonly rootStanding: string
}

const NOT_KNOWN = 'It is the first that the data show. Nothing in them explains it: what caused it is not known.'

export const incidentHead = (incident: Incident, index: number, alertsCollected: boolean): IncidentHead => {
  const byId = new Map(incident.findings.map((finding) => [finding.id, finding]))
  const [best] = incident.rootCauses
  const root = best === undefined ? undefined : byId.get(best.finding)
  const sure = best === undefined ? '' : sureness(best.confidence)
  const unexplained = isUnexplained(incident)
  return {
    anchor: `incident-${index + 1}`,
    title: incident.title || `Incident ${index + 1}`,
    severity: { word: severityWord(incident.findings) },
    when: range(incident.start, incident.end),
    start: incident.start,
    end: incident.end,
    lasted: incident.end === null ? 'not over when the data end' : duration(secondsBetween(incident.start, incident.end)),
    detected: detectionOf(incident, byId, alertsCollected).delay,
    root: root === undefined ? null : { summary: summaryOf(root) },
    rootSureness: unexplained ? 'the first that shows; its cause is not known' : sure,
    rootStanding: unexplained
      ? NOT_KNOWN
      : sure === ''
        ? ''
        : `This is ${sure}: it explains what followed and is not itself explained by anything else in the data.`,
  }
}
