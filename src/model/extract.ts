/**
 * What one input says, cut down to what can matter: the wall between reading (streams, files, any number of workers)
 * and reasoning (small, pure, deterministic). Nothing below the wall opens a file.
 */
import type { Entity } from './entity.js'
import type { FindingKind } from './vocabulary.js'

/**
 * How a stamp's milliseconds are to be read.
 * - utc: milliseconds since the epoch
 * - local: the written wall-clock fields, taken as if they were UTC; the zone comes from the options
 * - zone:CET: the same, beside the abbreviation that the line carries
 * - ago: minus the age that is written: counted back from when the input was made, which the timeline finds out
 * - yearless: the written fields without year and zone, taken as UTC in 1972 (a leap year); each roll over New Year counts on into the next leap year
 * - local-again, yearless-again: the same after the log went back by an hour: the second time that a clock shows an hour when summer time ends
 */
export type Basis = 'utc' | 'local' | 'local-again' | 'ago' | 'yearless' | 'yearless-again' | `zone:${string}`

export interface Stamp {
  readonly ms: number
  readonly basis: Basis
}

/** A place in an input that shows something. Lines are counted from 1. */
export interface Place {
  readonly line: number | null
  readonly at: Stamp
  readonly text: string
}

/** Kinds of signal that are no finding by themselves: findings are made from them, together with others. See docs/signals.md. */
export type HelperKind =
  | 'pod.scheduled'
  | 'pod.started'
  | 'pod.killed'
  | 'pod.deleted'
  | 'container.started'
  | 'container.exited'
  | 'kubelet.started'
  | 'app.started'
  | 'kubelet.slow'
  | 'node.identity'
  | 'lease.conflict'
  | 'postgres.started'
  | 'postgres.ready'
  | 'postgres.parameter-changed'
  | 'postgres.start-refused'
  | 'postgres.connection-rejected'
  | 'log.error'
  | 'log.warning'
  | 'http.error'
  | 'probe.failed'
  | 'job.completed'
  | 'log.signature'

export type SignalKind = FindingKind | HelperKind

/** begin and end open and close a condition; a point is an occurrence; a span is a whole condition known at once. */
export type Phase = 'begin' | 'end' | 'point' | 'span'

export type Attributes = Readonly<Record<string, string | number>>

/** Something that a line or an object says. A burst of the same is one signal with a count. */
export interface Signal {
  readonly kind: SignalKind
  readonly entity: Entity
  readonly phase: Phase
  readonly at: Stamp
  /** The last occurrence of a burst, the end of a span. */
  readonly until: Stamp
  readonly count: number
  readonly attributes: Attributes
  /** The first occurrences and the last one; never empty. */
  readonly places: readonly Place[]
}

export type Labels = Readonly<Record<string, string>>

/** A metric series in columns, by time; times are milliseconds since the epoch. A stale marker is left out. */
export interface Series {
  /** The metric's name; where the export has none, the expression or what the file's name tells. */
  readonly name: string
  readonly labels: Labels
  /** Of its first sample. */
  readonly line: number | null
  /** Of all of them, in runs of three numbers: the place of a sample among them, its line, and how many lines further each next one stands. */
  readonly lines?: readonly number[]
  readonly times: Float64Array
  readonly values: Float64Array
}

/** What runs where, who owns what, who is called what. */
export type Fact =
  | { readonly fact: 'node'; readonly node: Entity; readonly at: Stamp | null; readonly cores?: number; readonly memoryBytes?: number }
  /** Another name or address of an entity: an IP of a node or pod, a provider id; a pod's uid as 'uid:<uid>'. */
  | { readonly fact: 'alias'; readonly of: Entity; readonly name: string; readonly at: Stamp | null }
  /** The input was written on this node: seen in its lines, its journal's host, its path. `weight` is how telling that is. */
  | { readonly fact: 'input-node'; readonly node: Entity; readonly weight: number }
  | { readonly fact: 'pod-on-node'; readonly pod: Entity; readonly node: Entity; readonly at: Stamp | null; readonly uid?: string }
  /** A Job's pods run to their end and serve nobody. */
  | { readonly fact: 'pod-owner'; readonly pod: Entity; readonly workload: Entity; readonly isJob?: true }
  | {
      readonly fact: 'pod-resources'
      readonly pod: Entity
      readonly container: string
      readonly memoryLimitBytes: number | null
      readonly cpuLimitCores: number | null
    }
  | { readonly fact: 'replicas'; readonly workload: Entity; readonly at: Stamp | null; readonly wanted: number; readonly ready: number | null }
  /** The workload or pod behind a service, an ingress backend, a Postgres server. */
  | { readonly fact: 'runs-as'; readonly of: Entity; readonly by: Entity }
  /** `client` talks to `server`: seen in a connection or an error text, or only `configured` so: others that it needs may be told elsewhere. */
  | { readonly fact: 'client-of'; readonly client: Entity; readonly server: Entity; readonly configured?: 'yes' }
  /** A known ceiling: max_connections of a Postgres server, the size of a volume. */
  | { readonly fact: 'limit'; readonly of: Entity; readonly name: string; readonly value: number }
  /** This input says when it was made; so were the files in its folder and below. */
  | { readonly fact: 'collected'; readonly at: Stamp }
  /** A list that forgets what is old: all in it was last seen then or later. */
  | { readonly fact: 'kept-from'; readonly at: Stamp }
  /**
   * Stamps of this basis are so many minutes east of UTC: so many lines tell the same moment with an offset, too. `first` and `last` are
   * such stamps (milliseconds, as in Stamp); where the clocks were changed on the way there are two of these.
   */
  | { readonly fact: 'zone'; readonly basis: Basis; readonly minutes: number; readonly lines: number; readonly first: number; readonly last: number }
  /** The machine's clock was set: by so many seconds (forwards is more than 0), where that is said; what was written before carries another time. */
  | { readonly fact: 'clock-stepped'; readonly at: Stamp; readonly seconds: number | null; readonly said: string }
  /** Evidence that should be here and is not: an empty event list, an API error saved as a log. */
  | { readonly fact: 'missing'; readonly what: string; readonly hides: string }

/** First and last time of an input's records on one basis. */
export interface Span {
  readonly basis: Basis
  readonly first: number
  readonly last: number
}

/** A stretch in which an input that goes on said nothing: between two of its records, in the order of the file. */
export interface Silence {
  readonly basis: Basis
  readonly from: number
  readonly to: number
  /** The line after the silence. */
  readonly line: number
  /** The machine that was silent, where the input holds what several wrote. */
  readonly host?: string
}

/** How the input was recognised: for whoever asks why it was read so. */
export interface Recognised {
  /** How sure its format is from its first bytes, 0..1; 0: nothing was. */
  readonly sure: number
  /** The first line that was not understood. */
  readonly firstSkipped: { readonly line: number; readonly text: string } | null
}

/** Bytes [from, to) of an input that is read in parts, and how many lines stand before them. Lines are counted from the beginning of the whole. */
export interface Part {
  readonly from: number
  readonly to: number
  readonly line: number
}

export interface InputExtract {
  readonly path: string
  /** What is told here of a long log is told of this part of it (src/read/parts.ts); the timeline joins them (src/timeline/parts.ts). */
  readonly part?: Part
  readonly format: string
  readonly wrapping: readonly string[]
  readonly bytes: number
  /** Of its bytes as they were read, compressions taken off; absent where it was too large to be hashed on the way. */
  readonly sha256?: string
  readonly lines: number
  readonly records: number
  readonly skipped: number
  readonly recognised?: Recognised
  /** Of the signatures that its lines, where it has any, were looked at for (src/read/signatures.ts); absent: none were. */
  readonly signatures?: string
  readonly warnings: readonly string[]
  readonly spans: readonly Span[]
  /** The longest silences of each machine, of half a minute and more. */
  readonly silences: readonly Silence[]
  /** A year that the input itself names (a header line), for its yearless stamps. */
  readonly yearHint: number | null
  /** The file's own time of change, milliseconds since the epoch: the last resort for a missing year. */
  readonly changedMs: number | null
  readonly signals: readonly Signal[]
  readonly series: readonly Series[]
  readonly facts: readonly Fact[]
}
