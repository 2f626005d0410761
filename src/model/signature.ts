/** A line of a log that somebody taught us: which lines, and what it means that they were written. As it stands in a user's file; read by src/causes/signature-file.ts. */
import type { AnyKind, Role } from './vocabulary.js'

export interface Signature {
  readonly id: string
  /** As line-pattern.ts reads it. */
  readonly line: string
  /** The line that says that it is over; null: each line is an occurrence. */
  readonly ends: string | null
  /** Of inputs, units (or containers) and paths: only these; empty: all. */
  readonly formats: readonly string[]
  readonly units: readonly string[]
  readonly paths: readonly string[]
  readonly kind: AnyKind
  /** With holes of the line, and host, unit, container; null: whoever wrote the line. */
  readonly entity: string | null
  /** Of a kind of one's own; null: the vocabulary's. */
  readonly role: Role | null
  /** What it did, in words that follow its name. */
  readonly says: string
  readonly confidence: number
  /** Fewer lines than this are no finding. */
  readonly times: number
  /** Lines at most this far apart are one finding. */
  readonly gapSeconds: number
}

/** What a signal of a signature says beside the line's own holes; these names cannot be those of holes. */
export const TOLD = {
  signature: '$signature',
  kind: '$kind',
  role: '$role',
  says: '$says',
  confidence: '$confidence',
  times: '$times',
  gapSeconds: '$gapSeconds',
} as const
