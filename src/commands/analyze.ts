/** faultline analyze: a dump to a report; merge goes the same way from extracts. */
import { tidy } from '../launch/flags.js'
import { UserError } from '../model/user-error.js'
import type { AnalyzeOptions, Analyzed } from '../analyze.js'
import { commandLine, EXIT, limitsOf, say, version, zoneRules, type LimitFlags } from './common.js'
import { forReaders, writeOutputs, type OutputFlags } from './outputs.js'

export interface AnalyzeFlags extends OutputFlags, LimitFlags {
  readonly timezone: readonly string[]
  readonly year?: number
  readonly since?: number
  readonly until?: number
  readonly mechanisms: readonly string[]
  readonly failOnIncident?: boolean
  readonly jobs?: number
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color: boolean
}

export const runAnalyze = async (paths: readonly string[], flags: AnalyzeFlags): Promise<number> => {
  const { analyze } = await import('../analyze.js')
  const options = await optionsOf(flags)
  const { watched } = await import('./reading.js')
  const { onBytes, end } = watched(flags.quiet === true)
  const analyzed = await analyze(paths, { ...options, onBytes })
  end()
  tidy()
  return tell(analyzed, flags)
}

export const runMerge = async (paths: readonly string[], flags: AnalyzeFlags & { readonly shards?: number }): Promise<number> => {
  const { gatherSaved } = await import('../gather.js')
  const { reason } = await import('../analyze.js')
  const { signaturesWith } = await import('../causes/choose-mechanisms.js')
  const options = await optionsOf(flags)
  return tell(await reason(await gatherSaved(paths, flags.shards, await signaturesWith(flags.mechanisms)), options), flags)
}

/** Throws a UserError for a window that is empty or a zone that is none. */
export const optionsOf = async (flags: AnalyzeFlags): Promise<AnalyzeOptions> => {
  const zones = await zoneRules(flags.timezone)
  if (flags.since !== undefined && flags.until !== undefined && flags.since > flags.until)
    throw new UserError('--since is later than --until: the window is empty')
  return {
    zones,
    year: flags.year ?? null,
    since: flags.since ?? null,
    until: flags.until ?? null,
    mechanisms: flags.mechanisms,
    limits: await limitsOf(flags),
    version: version(),
    command: commandLine(),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
  }
}

/** Writes what was asked for, says the five lines, returns the exit code. */
export const tell = async ({ postMortem: whole, unreadable }: Analyzed, flags: AnalyzeFlags): Promise<number> => {
  const postMortem = await forReaders(whole, flags)
  for (const { path, reason } of unreadable) say(`${path}: ${reason}`)
  if (flags.verbose === true) for (const input of postMortem.analysis.inputs) for (const warning of input.warnings) say(`${input.path}: ${warning}`)

  const report = await writeOutputs(postMortem, flags)
  if (flags.quiet !== true) {
    const { fiveLines, tree } = await import('../report/terminal.js')
    const color = flags.color && process.stderr.isTTY && (process.env['NO_COLOR'] ?? '') === ''
    process.stderr.write(`${fiveLines(postMortem, { color })}\n`)
    if (flags.verbose === true) process.stderr.write(`${tree(postMortem, { color })}\n`)
    if (report !== null && report !== '-') process.stderr.write(`${report}\n`)
  }
  if (unreadable.length > 0) return EXIT.unreadable
  return flags.failOnIncident === true && postMortem.analysis.incidents.length > 0 ? EXIT.incident : EXIT.analysed
}
