/** faultline inspect: what each file is, its times, zone and clock, what was not understood. */
import { EXIT, limitsOf, say, write, zoneRules, type LimitFlags } from './common.js'

export interface InspectFlags extends LimitFlags {
  readonly json?: string
  readonly timezone: readonly string[]
  readonly year?: number
  readonly jobs?: number
  readonly quiet?: boolean
}

export const runInspect = async (paths: readonly string[], flags: InspectFlags): Promise<number> => {
  const { inspect } = await import('../inspect.js')
  const { inputs, unreadable } = await inspect(paths, {
    zones: await zoneRules(flags.timezone),
    year: flags.year ?? null,
    since: null,
    until: null,
    limits: await limitsOf(flags),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
  })
  if (flags.quiet !== true) for (const { path, reason } of unreadable) say(`${path}: ${reason}`)
  if (flags.json !== undefined) await write(flags.json, `${JSON.stringify(inputs, null, 2)}\n`)
  if (flags.json !== '-') {
    const { inspectionTable } = await import('../report/inspection.js')
    process.stdout.write(`${inspectionTable(inputs)}\n`)
  }
  return unreadable.length > 0 ? EXIT.unreadable : EXIT.analysed
}
