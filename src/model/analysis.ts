/**
 * analysis.json: the promise to users. Only ever added to. All times are ISO 8601 UTC with milliseconds.
 */
import type { Entity } from './entity.js'
import type { Role } from './vocabulary.js'

export interface Analysis {
  readonly schema: 'faultline/analysis@1'
  readonly inputs: readonly Input[]
  /** Most severe first; empty when nothing was wrong. */
  readonly incidents: readonly Incident[]
}

export interface Input {
  /** As given; 'dump.tar.gz!/node-1/kubelet.log' inside an archive. */
  readonly path: string
  readonly format: string
  /** What the lines were wrapped in, outermost first. */
  readonly wrapping: readonly string[]
  readonly bytes: number
  /** Of its bytes as they were read, compressions taken off; absent where it was too large to be hashed on the way. */
  readonly sha256?: string
  readonly lines: number
  readonly records: number
  readonly skipped: number
  readonly from: string | null
  readonly to: string | null
  /** What was added to this input's times to put it on the common clock. */
  readonly clockOffsetMs: number
  /** Where the offset was estimated from facts that another input records, too: the true one lies within this of it. Order within it is undecided. */
  readonly clockUncertaintyMs?: number
  readonly warnings: readonly string[]
}

export interface Incident {
  readonly id: string
  readonly title: string
  readonly start: string
  /** null: not recovered when the data ends. */
  readonly end: string | null
  readonly rootCauses: readonly RootCause[]
  /** Finding ids from a root cause to an impact, best first. */
  readonly chains: readonly (readonly string[])[]
  readonly findings: readonly Finding[]
  readonly links: readonly Link[]
  readonly detection: Detection
}

export interface RootCause {
  readonly finding: string
  readonly confidence: number
}

export interface Detection {
  readonly firstSymptom: string | null
  readonly firstAlert: string | null
  readonly delaySeconds: number | null
}

export interface Finding {
  readonly id: string
  readonly kind: string
  readonly entity: Entity
  readonly role: Role
  /** Onset: the first moment at which the data shows it. */
  readonly start: string
  readonly end: string | null
  readonly confidence: number
  readonly summary: string
  readonly evidence: readonly Evidence[]
}

export interface Evidence {
  readonly input: string
  readonly line: number | null
  readonly time: string
  readonly text: string
}

export interface Link {
  readonly cause: string
  readonly effect: string
  /** The mechanism's id, or 'statistical'. */
  readonly mechanism: string
  readonly confidence: number
  readonly lagSeconds: number
  readonly because: string
}
