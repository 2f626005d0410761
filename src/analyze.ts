/** The whole way: paths in, post-mortem out. One line a stage. */
import type { Input } from './model/analysis.js'
import type { InputExtract } from './model/extract.js'
import { explain } from './causes/explain.js'
import { tellIncidents } from './causes/incidents.js'
import { linkCauses } from './causes/link.js'
import { loadMechanisms } from './causes/load-mechanisms.js'
import { findWrong } from './findings/find.js'
import { extractInput } from './read/extract-input.js'
import { findInputs, type Inputs, type Unreadable } from './read/inputs.js'
import { readSurroundings } from './read/surroundings.js'
import { describe } from './post-mortem/describe.js'
import type { PostMortem } from './post-mortem/post-mortem.js'
import { buildTimeline, type TimelineOptions } from './timeline/timeline.js'

export interface AnalyzeOptions extends TimelineOptions {
  /** Files with mechanisms of the user's own. */
  readonly mechanisms: readonly string[]
  readonly version: string
  readonly command: string
  readonly onBytes?: (count: number, inputs: Inputs) => void
}

export interface Analyzed {
  readonly postMortem: PostMortem
  /** Inputs that could not be read at all; all others are analysed. */
  readonly unreadable: readonly Unreadable[]
}

/** Throws a UserError for a mechanism file that cannot be used; an input that cannot be read is reported, never thrown. */
export const analyze = async (paths: readonly string[], options: AnalyzeOptions): Promise<Analyzed> => {
  const mechanisms = loadMechanisms(options.mechanisms)
  const inputs = await findInputs(paths)
  const extracts = await extractAll(inputs, options) // the wall: nothing below opens an input
  const timeline = buildTimeline(extracts, options)
  const found = findWrong(timeline)
  const links = linkCauses(found, mechanisms, timeline)
  const explanation = explain(timeline, found, tellIncidents(found, links, timeline))
  const surroundings = await readSurroundings(explanation.analysis, inputs.sources) // for people: nothing is concluded from it
  return { postMortem: describe(explanation, found, timeline, { ...options, unreadable: inputs.unreadable, surroundings }), unreadable: inputs.unreadable }
}

/** What each input is, without asking what went wrong. */
export const inspect = async (
  paths: readonly string[],
  options: TimelineOptions,
): Promise<{ readonly inputs: readonly Input[]; readonly unreadable: readonly Unreadable[] }> => {
  const found = await findInputs(paths)
  const timeline = buildTimeline(await extractAll(found, {}), options)
  return { inputs: timeline.inputs, unreadable: found.unreadable }
}

const extractAll = async (inputs: Inputs, options: Pick<AnalyzeOptions, 'onBytes'>): Promise<readonly InputExtract[]> => {
  const extracts: InputExtract[] = []
  for (const source of inputs.sources) extracts.push(await extractInput(source, (count) => options.onBytes?.(count, inputs)))
  return extracts
}
