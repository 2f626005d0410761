/**
 * faultline as a library:
 *
 *     import { analyze } from 'faultline'
 *     const { analysis } = await analyze(['dump/'], { timezones: ['Europe/Berlin'] })
 *
 * What is exported here and in analysis.json follows semantic versioning; what is not may change in any release.
 */
import { analyze as analyzeInputs, reason, type ReasonOptions } from './analyze.js'
import { gatherPacked } from './gather.js'
import type { Gathered } from './artifact/artifact.js'
import { signaturesWith } from './causes/choose-mechanisms.js'
import { shardOf } from './artifact/shard.js'
import { version, zoneRules } from './commands/common.js'
import type { Analysis } from './model/analysis.js'
import { UserError } from './model/user-error.js'
import type { PostMortem } from './post-mortem/post-mortem.js'

export type { Analysis, Detection, Evidence, Finding, Incident, Input, Link, RootCause } from './model/analysis.js'
export type { Entity } from './model/entity.js'
export type { PostMortem } from './post-mortem/post-mortem.js'
export { renderHtml } from './report/html.js'
export { renderJson } from './report/json.js'
export { renderEvidence } from './report/markdown-evidence.js'
export { renderMarkdown } from './report/markdown.js'
export { UserError, version }

export interface Options {
  /** '[glob=]IANA zone', for log lines that carry no zone (default: UTC). */
  readonly timezones?: readonly string[]
  /** For log lines that carry no year (default: inferred). */
  readonly year?: number
  /** The window to look at: a Date, or milliseconds since the epoch. */
  readonly since?: Date | number
  readonly until?: Date | number
  /** Files with cause-and-effect rules, and signatures of log lines, of your own. */
  readonly mechanisms?: readonly string[]
}

export interface ReadOptions {
  /** Threads that read at the same time (default: the machine's cores). */
  readonly jobs?: number
}

export interface Result {
  /** What analysis.json holds. */
  readonly analysis: Analysis
  /** What the renderers take; its shape is not part of the promise. */
  readonly postMortem: PostMortem
  /** Inputs that could not be read at all; all others are analysed. */
  readonly unreadable: readonly { readonly path: string; readonly reason: string }[]
}

/** Files, folders, archives, saved extracts, s3:// addresses. Throws a UserError for options that cannot be used. */
export const analyze = async (paths: string | readonly string[], options: Options & ReadOptions = {}): Promise<Result> => {
  const { postMortem, unreadable } = await analyzeInputs(listOf(paths), { ...(await reasonOptions(options)), ...jobsOf(options) })
  return { analysis: postMortem.analysis, postMortem, unreadable }
}

export interface SavedExtract {
  /** Stands for the content: the same inputs have the same. */
  readonly address: string
  readonly bytes: Uint8Array
}

/** The upper half: what the inputs say, to be kept or to be sent to another machine. `shard` is 'i/n'. */
export const extract = async (
  paths: string | readonly string[],
  options: ReadOptions & Pick<Options, 'mechanisms'> & { readonly shard?: string } = {},
): Promise<SavedExtract> => {
  const shard = options.shard === undefined ? undefined : shardOf(options.shard)
  if (shard === null) throw new UserError(`shard ${options.shard ?? ''}: expected one of so many, such as 3/10`)
  const signatures = await signaturesWith(options.mechanisms ?? [])
  const { artifact } = await gatherPacked(listOf(paths), { ...(shard === undefined ? {} : { shard }), signatures, ...jobsOf(options) })
  return { address: artifact.address, bytes: artifact.bytes }
}

/** The lower half, from any number of saved extracts in any order. Throws an Error for one that is damaged. */
export const merge = async (saved: readonly Uint8Array[], options: Options = {}): Promise<Result> => {
  const { decodeArtifact } = await import('./artifact/decode-artifact.js')
  const parts: readonly Gathered[] = saved.map((bytes) => decodeArtifact(Buffer.from(bytes)))
  const whole = { extracts: parts.flatMap(({ extracts }) => extracts), unreadable: parts.flatMap(({ unreadable }) => unreadable) }
  const { postMortem, unreadable } = await reason(whole, await reasonOptions(options))
  return { analysis: postMortem.analysis, postMortem, unreadable }
}

const listOf = (paths: string | readonly string[]): readonly string[] => (typeof paths === 'string' ? [paths] : paths)
const jobsOf = ({ jobs }: ReadOptions): ReadOptions => (jobs === undefined ? {} : { jobs })
const ms = (time: Date | number | undefined): number | null => (time === undefined ? null : Number(time))

const reasonOptions = async ({ timezones = [], year, since, until, mechanisms = [] }: Options): Promise<ReasonOptions> => ({
  zones: await zoneRules(timezones),
  year: year ?? null,
  since: ms(since),
  until: ms(until),
  mechanisms,
  version: version(),
  command: 'faultline (as a library)',
})
