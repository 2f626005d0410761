/** Cited lines with those around them, as they stand in their inputs: for people to read. */
export interface Quote {
  readonly input: string
  /** Counted from 1. */
  readonly line: number
  readonly before: readonly string[]
  readonly text: string
  readonly after: readonly string[]
}

export interface Surroundings {
  readonly quotes: readonly Quote[]
  /** Which inputs could not be read again, and why. */
  readonly notes: readonly string[]
}
