/** What the extracts say, on the common clock: times are milliseconds since the epoch. */
import type { Evidence } from '../model/analysis.js'
import type { Entity } from '../model/entity.js'
import type { Attributes, Labels, Phase, SignalKind } from '../model/extract.js'

export interface TimedSignal {
  readonly kind: SignalKind
  readonly entity: Entity
  readonly phase: Phase
  readonly at: number
  readonly until: number
  readonly count: number
  readonly attributes: Attributes
  readonly evidence: readonly Evidence[]
  readonly input: string
}

export interface TimedSeries {
  readonly name: string
  /** As it stands in the input, where that is another name than today's. */
  readonly recordedAs?: string
  readonly labels: Labels
  readonly input: string
  readonly line: number | null
  /** As in Series. */
  readonly lines?: readonly number[]
  readonly times: Float64Array
  readonly values: Float64Array
  /** What it was put together from: the same series of several inputs. */
  readonly of?: readonly Recorded[]
}

/** A series as one input has it. */
export type Recorded = Pick<TimedSeries, 'input' | 'line' | 'lines' | 'times'>

/** A silence of `node` in what it wrote of an input. */
export interface TimedSilence {
  readonly input: string
  readonly node: Entity
  readonly from: number
  readonly to: number
  readonly line: number
}
