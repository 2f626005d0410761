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
import { tidy } from './launch/flags.js'
import { describe, type DescribeOptions } from './post-mortem/describe.js'
import type { PostMortem } from './post-mortem/post-mortem.js'
import type { Inputs, Named, Unreadable } from './read/inputs.js'
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
      const { inputs, ...read } = await onOneClock(near, unreached, { ...options, signatures })
      tidy()
      const concluded = conclude(read, mechanisms)
      tidy()
      const surroundings = await readSurroundings(concluded.explanation.analysis, inputs.sources) // for people: nothing is concluded from it
      return written(concluded, { ...options, surroundings })
    },
    'tell',
  )
}

/** The lower half. The same extracts give the same post-mortem, wherever they were made. */
export const reason = async (gathered: Gathered, options: ReasonOptions): Promise<Analyzed> => {
  const mechanisms = await mechanismsWith(options.mechanisms)
  return written(conclude(timed(canonical(gathered), options), mechanisms), options)
}

/** What was read, and of that no more than is reasoned about: the extracts are not held any longer. */
interface Timed {
  readonly timeline: Timeline
  readonly unreadable: readonly Unreadable[]
}

interface Concluded extends Timed {
  readonly found: readonly Found[]
  readonly explanation: Explanation
}

const onOneClock = async (
  near: readonly (string | Named)[],
  unreached: readonly Unreadable[],
  options: TimelineOptions & GatherOptions,
): Promise<Timed & { readonly inputs: Inputs }> => {
  const { inputs, ...gathered } = await readAll(near, options, unreached) // the wall: nothing below opens an input
  return { inputs, ...timed(gathered, options) }
}

const timed = ({ extracts, unreadable }: Gathered, options: TimelineOptions): Timed => ({ timeline: buildTimeline(extracts, options), unreadable })

const conclude = ({ timeline, unreadable }: Timed, mechanisms: readonly Mechanism[]): Concluded => {
  const found = findWrong(timeline)
  const links = linkCauses(found, mechanisms, timeline)
  return { timeline, unreadable, found, explanation: explain(timeline, found, tellIncidents(found, links, timeline)) }
}

const written = ({ timeline, unreadable, found, explanation }: Concluded, options: ReasonOptions & Partial<DescribeOptions>): Analyzed => ({
  postMortem: describe(explanation, found, timeline, { ...options, unreadable }),
  unreadable,
})
