/** The whole way: paths in, post-mortem out. One line a stage. */
import { canonical, type Gathered } from './artifact/artifact.js'
import { mechanismsWith, signaturesWith } from './causes/choose-mechanisms.js'
import { explain, type Explanation } from './causes/explain.js'
import { tellIncidents } from './causes/incidents.js'
import { linkCauses } from './causes/link.js'
import type { Mechanism } from './causes/mechanism.js'
import { findWrong } from './findings/find.js'
import type { Found } from './findings/finding.js'
import { atHand, readAll, shardFilter, type GatherOptions } from './gather.js'
import { describe, type DescribeOptions } from './post-mortem/describe.js'
import type { PostMortem } from './post-mortem/post-mortem.js'
import type { Unreadable } from './read/inputs.js'
import { readSurroundings } from './read/surroundings.js'
import { buildTimeline, type Timeline, type TimelineOptions } from './timeline/timeline.js'

export interface ReasonOptions extends TimelineOptions {
  /** Files with mechanisms and signatures of the user's own. */
  readonly mechanisms: readonly string[]
  readonly version: string
  readonly command: string
}

export type AnalyzeOptions = ReasonOptions & GatherOptions

export interface Analyzed {
  readonly postMortem: PostMortem
  /** Inputs that could not be read at all; all others are analysed. */
  readonly unreadable: readonly Unreadable[]
}

/** Throws a UserError for a mechanism file that cannot be used; an input that cannot be read is reported, never thrown. */
export const analyze = async (paths: readonly string[], options: AnalyzeOptions): Promise<Analyzed> => {
  const mechanisms = await mechanismsWith(options.mechanisms) // before the long part: a wrong file is told at once
  const signatures = await signaturesWith(options.mechanisms)
  return atHand(
    paths,
    shardFilter(options),
    async (near, unreached) => {
      const { inputs, ...read } = await readAll(near, { ...options, signatures }) // the wall: nothing below opens an input
      const gathered = canonical({ ...read, unreadable: [...read.unreadable, ...unreached] })
      const concluded = conclude(gathered, mechanisms, options)
      const surroundings = await readSurroundings(concluded.explanation.analysis, inputs.sources) // for people: nothing is concluded from it
      return written(concluded, gathered, { ...options, surroundings })
    },
    'tell',
  )
}

/** The lower half. The same extracts give the same post-mortem, wherever they were made. */
export const reason = async (gathered: Gathered, options: ReasonOptions): Promise<Analyzed> => {
  const whole = canonical(gathered)
  return written(conclude(whole, await mechanismsWith(options.mechanisms), options), whole, options)
}

interface Concluded {
  readonly timeline: Timeline
  readonly found: readonly Found[]
  readonly explanation: Explanation
}

const conclude = ({ extracts }: Gathered, mechanisms: readonly Mechanism[], options: TimelineOptions): Concluded => {
  const timeline = buildTimeline(extracts, options)
  const found = findWrong(timeline)
  const links = linkCauses(found, mechanisms, timeline)
  return { timeline, found, explanation: explain(timeline, found, tellIncidents(found, links, timeline)) }
}

const written = ({ timeline, found, explanation }: Concluded, { unreadable }: Gathered, options: ReasonOptions & Partial<DescribeOptions>): Analyzed => ({
  postMortem: describe(explanation, found, timeline, { ...options, unreadable }),
  unreadable,
})
