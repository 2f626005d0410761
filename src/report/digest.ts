/** What an index says of a report: made from the report's model, carried in its HTML, read back from there (read-digest.ts). */
import type { IncidentHead } from './incident-head.js'
import type { ReportView } from './view.js'

export interface DigestedIncident {
  readonly anchor: string
  readonly title: string
  readonly start: string
  readonly end: string | null
  readonly when: string
  readonly lasted: string
  readonly severity: string
  readonly detected: string
  readonly root: string
}

export interface Digest {
  readonly title: string
  readonly version: string
  readonly inputs: string
  readonly incidents: readonly DigestedIncident[]
}

export const digestOf = (view: Pick<ReportView, 'title' | 'version' | 'inputsLine'> & { readonly incidents: readonly IncidentHead[] }): Digest => ({
  title: view.title,
  version: view.version,
  inputs: view.inputsLine,
  incidents: view.incidents.map((incident) => ({
    anchor: incident.anchor,
    title: incident.title,
    start: incident.start,
    end: incident.end,
    when: incident.when,
    lasted: incident.lasted,
    severity: incident.severity.word,
    detected: incident.detected,
    root: incident.root === null ? '' : `${incident.root.summary} (${incident.rootSureness})`,
  })),
})
