/** The model that every renderer (HTML, Markdown, terminal, JSON) reads, and nothing else. Plain data. */
import type { Analysis } from '../model/analysis.js'
import type { KnownName } from '../model/known-name.js'
import type { Surroundings } from '../model/surroundings.js'
import type { Entity } from '../model/entity.js'

export interface PostMortem {
  readonly analysis: Analysis
  readonly version: string
  /** The command line that makes this report again. */
  readonly command: string
  /** One per incident, in the analysis' order. */
  readonly incidents: readonly IncidentDetail[]
  /** Whether the data hold records of alerts at all: only then does silence mean that none fired. */
  readonly alertsCollected: boolean
  /** Troubles that were seen and that nothing in the data explains or joins; where there are incidents, those that people felt. */
  readonly observed: readonly Observed[]
  /** What the data cannot tell, and what that hides. */
  readonly missing: readonly Missing[]
  /** How the clocks were brought together: one line each, e.g. a zone that was assumed. */
  readonly clockNotes: readonly string[]
  /** The lines around those that evidence cites. */
  readonly surroundings: Surroundings
  /** Names of machines, pods and whoever they are run for: for redaction, shown nowhere. */
  readonly known: readonly KnownName[]
}

export interface Observed {
  readonly start: string
  /** The finding's own words. */
  readonly summary: string
  /** The same with its time and place. */
  readonly told: string
  /** Whether a service or a workload failed for a while. */
  readonly felt: boolean
}

export interface IncidentDetail {
  readonly incident: string
  readonly summary: string
  readonly phases: readonly Phase[]
  readonly charts: readonly Chart[]
  /** Per link, in the incident's order: the lag its mechanism expects. */
  readonly expectedLags: readonly ExpectedLag[]
  readonly alternatives: readonly Alternative[]
  readonly followUps: readonly FollowUp[]
  /** What a person should look at to confirm the chain, in its order. */
  readonly checks: readonly Check[]
  /** What made it worse or longer without being a finding of its own: each rests on findings. */
  readonly factors: readonly Factor[]
  /** Cascades told as rounds: finding ids by round; empty where there is one round only. */
  readonly rounds: readonly (readonly string[])[]
  readonly fiveWhys: readonly Why[]
  /** What people felt at its time, and nothing in the data joins to it or to another incident. */
  readonly beside: readonly string[]
  /** When an entity of the incident was not seen. */
  readonly gaps: readonly Gap[]
}

export interface Gap {
  readonly entity: Entity
  /** What is missing: its samples, or the lines of its log. */
  readonly what: 'samples' | 'log'
  readonly start: string
  readonly end: string
}

export interface Phase {
  readonly name: 'lead-up' | 'impact' | 'detection' | 'response' | 'recovery'
  readonly start: string
  readonly end: string
}

export interface ExpectedLag {
  readonly mechanism: string
  readonly minSeconds: number
  readonly typicalSeconds: number
  readonly maxSeconds: number
  readonly why: string
}

export interface Chart {
  readonly id: string
  readonly title: string
  /** One sentence for those who cannot see it: what rises or falls, when, how far. */
  readonly description: string
  readonly unit: 'bytes' | 'cores' | 'percent' | 'count' | 'seconds' | 'per second' | 'state'
  readonly entity: Entity
  readonly lines: readonly ChartLine[]
  readonly limits: readonly { readonly label: string; readonly value: number }[]
  /** Finding ids that this chart shows. */
  readonly findings: readonly string[]
}

export interface ChartLine {
  readonly label: string
  /** Milliseconds since the epoch and the value; a gap in the data is a null value. */
  readonly points: readonly (readonly [number, number | null])[]
}

export interface Alternative {
  readonly finding: string
  readonly why: string
}

export interface FollowUp {
  readonly title: string
  readonly detail: string
  /** Lines to paste, mostly YAML; empty where there are none. */
  readonly manifest: string
  readonly mechanism: string
  readonly reference: string
}

export interface Check {
  /** 'The console log of the machine.' */
  readonly what: string
  readonly mechanism: string
  readonly reference: string
}

export interface Factor {
  /** One sentence. */
  readonly what: string
  /** Finding ids. */
  readonly findings: readonly string[]
}

export interface Why {
  readonly question: string
  readonly answer: string
  /** Finding id the answer rests on. */
  readonly finding: string
}

export interface Missing {
  readonly what: string
  readonly hides: string
}
