/** The whole way: paths in, post-mortem out. One line a stage. */
import type { InputExtract } from './model/extract.js'
import { isMine, missingShards, type Shard } from './artifact/shard.js'
import { explain, type Explanation } from './causes/explain.js'
import { tellIncidents } from './causes/incidents.js'
import { linkCauses } from './causes/link.js'
import { loadMechanisms } from './causes/load-mechanisms.js'
import type { Mechanism } from './causes/mechanism.js'
import { findWrong } from './findings/find.js'
import type { Found } from './findings/finding.js'
import { canonical, decodeArtifact, type Gathered } from './artifact/artifact.js'
import { extractAll } from './read/extract-all.js'
import { findInputs, type Inputs, type Named, type Saved, type Unreadable } from './read/inputs.js'
import type { Limits } from './read/limits.js'
import { readSurroundings } from './read/surroundings.js'
import { fetchFrom, isS3, type Fetched } from './storage/s3.js'
import { UserError } from './model/user-error.js'
import { describe, type DescribeOptions } from './post-mortem/describe.js'
import type { PostMortem } from './post-mortem/post-mortem.js'
import { inspected, type Inspected } from './report/inspection.js'
import { buildTimeline, type Timeline, type TimelineOptions } from './timeline/timeline.js'

export interface GatherOptions {
  /** Read only the files that are this machine's. */
  readonly shard?: Shard
  /** Threads that read at the same time (default: the machine's cores). */
  readonly jobs?: number
  /** What unpacking may cost; the usual limits unless given. */
  readonly limits?: Limits
  readonly onBytes?: (count: number, inputs: Inputs) => void
}

export interface ReasonOptions extends TimelineOptions {
  /** Files with mechanisms of the user's own. */
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
  const mechanisms = loadMechanisms(options.mechanisms) // before the long part: a wrong file is told at once
  return atHand(paths, shardFilter(options), async (near) => {
    const { inputs, ...gathered } = await readAll(near, options) // the wall: nothing below opens an input
    const concluded = conclude(gathered, mechanisms, options)
    const surroundings = await readSurroundings(concluded.explanation.analysis, inputs.sources) // for people: nothing is concluded from it
    return written(concluded, gathered, { ...options, surroundings })
  })
}

/** The upper half: what the inputs say, in one order. Saved extracts are inputs, too. */
export const gather = async (paths: readonly string[], options: GatherOptions): Promise<Gathered> =>
  atHand(paths, shardFilter(options), async (near) => {
    const { extracts, unreadable } = await readAll(near, options)
    return { extracts, unreadable }
  })

/** The lower half. The same extracts give the same post-mortem, wherever they were made. */
export const reason = (gathered: Gathered, options: ReasonOptions): Analyzed => {
  const whole = canonical(gathered)
  return written(conclude(whole, loadMechanisms(options.mechanisms), options), whole, options)
}

const shardFilter = ({ shard }: GatherOptions): ((path: string) => boolean) => (shard === undefined ? () => true : (path) => isMine(path, shard))

/** What lies elsewhere (s3://) is copied here for as long as it is needed. */
const atHand = async <T>(paths: readonly string[], wanted: (path: string) => boolean, use: (near: readonly (string | Named)[]) => Promise<T>): Promise<T> => {
  const fetched: Fetched[] = []
  try {
    const near: (string | Named)[] = []
    for (const path of paths) {
      if (!isS3(path)) {
        near.push(path)
        continue
      }
      const copy = await fetchFrom(path, wanted)
      fetched.push(copy)
      if (!copy.none) near.push(copy)
    }
    return await use(near)
  } finally {
    for (const copy of fetched) await copy.done()
  }
}

const readAll = async (paths: readonly (string | Named)[], options: GatherOptions): Promise<Gathered & { readonly inputs: Inputs }> => {
  const inputs = await findInputs(paths, shardFilter(options), options.limits)
  const saved = await readSaved(inputs.saved)
  const { jobs, onBytes } = options
  const extracts = await extractAll(inputs, { ...(jobs === undefined ? {} : { jobs }), onBytes: (count) => onBytes?.(count, inputs) })
  return { inputs, ...canonical({ extracts: [...extracts, ...saved.extracts], unreadable: [...inputs.unreadable, ...saved.unreadable] }) }
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

/** Only what was read before, by this machine or others. With `shards` it takes that all of so many are there, and throws a UserError that names the others. */
export const gatherSaved = async (paths: readonly string[], shards?: number): Promise<Gathered> => {
  const wanted = (path: string): boolean => !path.endsWith('.partial') // what a shard that was killed left
  return atHand(paths, wanted, async (near) => {
    const { saved, sources, unreadable } = await findInputs(near, wanted)
    const missing =
      shards === undefined
        ? []
        : missingShards(
            saved.map(({ path }) => path),
            shards,
          )
    if (missing.length > 0)
      throw new UserError(`${paths.join(', ')}: of ${shards ?? 0} shards ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there (yet)`)
    const { extracts, unreadable: broken } = await readSaved(saved)
    const others = sources.map(({ path }) => ({ path, reason: 'not a saved extract: faultline extract makes one of it, faultline analyze reads it as it is' }))
    return canonical({ extracts, unreadable: [...unreadable, ...broken, ...others] })
  })
}

/** What each input is, without asking what went wrong. */
export const inspect = async (
  paths: readonly string[],
  options: TimelineOptions & GatherOptions,
): Promise<{ readonly inputs: readonly Inspected[]; readonly unreadable: readonly Unreadable[] }> => {
  const { extracts, unreadable } = await gather(paths, options)
  return { inputs: inspected(extracts, buildTimeline(extracts, options).inputs), unreadable }
}

const readSaved = async (saved: readonly Saved[]): Promise<Gathered> => {
  const extracts: InputExtract[] = []
  const unreadable: Unreadable[] = []
  for (const one of saved) {
    try {
      const parts: Buffer[] = []
      for await (const part of one.chunks()) parts.push(Buffer.from(part))
      const gathered = decodeArtifact(Buffer.concat(parts))
      for (const extract of gathered.extracts) extracts.push(extract) // too many to be arguments
      unreadable.push(...gathered.unreadable)
    } catch (error) {
      unreadable.push({ path: one.path, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { extracts, unreadable }
}
