/** faultline nightly: the same analyzer, unattended, over an archive that grows. */
import { join } from 'node:path'
import type { NightlyOptions } from '../nightly/nightly.js'
import { UserError } from '../model/user-error.js'
import { isS3 } from '../storage/s3.js'
import { EXIT, limitsOf, say, version, write, zoneRules, type LimitFlags } from './common.js'

export interface NightlyFlags extends LimitFlags {
  readonly jobs?: number
  readonly out: string
  readonly timezone: readonly string[]
  readonly year?: number
  readonly mechanisms: readonly string[]
  readonly keepExtracts?: number
  readonly keepReports?: number
  readonly redact?: boolean
  readonly redactAlso?: readonly string[]
  readonly redactMap?: string
  readonly hook?: string
  readonly webhook?: string
  readonly metricsFile?: string
  readonly logFormat: 'text' | 'json'
  readonly failOnIncident?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
}

/** What only people who look over its shoulder want to know. */
const CHATTY: ReadonlySet<string> = new Set(['read', 'moved', 'incident-changed'])

export const runNightly = async (archive: string, flags: NightlyFlags): Promise<number> => {
  if (!isS3(flags.out)) return runIn(archive, flags)
  const { borrowFolder } = await import('../storage/borrowed-folder.js')
  const borrowed = await borrowFolder(flags.out, 'state.db', ['lock.db'])
  if (borrowed === null) {
    say(`failed: reason another run is at work in ${flags.out}`)
    return EXIT.busy
  }
  // Also after a failure: what was done is whole.
  try {
    return await runIn(archive, { ...flags, out: borrowed.path })
  } finally {
    await borrowed.giveBack()
  }
}

const runIn = async (archive: string, flags: NightlyFlags): Promise<number> => {
  const { nightly } = await import('../nightly/nightly.js')
  const { signaturesWith } = await import('../causes/choose-mechanisms.js')
  const { renderMetrics } = await import('../nightly/metrics.js')
  const log: NightlyOptions['log'] = (event, fields) => {
    if (flags.quiet === true && event !== 'unreadable' && event !== 'hook-failed' && event !== 'failed') return
    if (flags.verbose !== true && CHATTY.has(event)) return
    if (flags.logFormat === 'json') process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), event, ...fields })}\n`)
    else
      say(
        `${event}: ${Object.entries(fields)
          .map(([name, value]) => `${name} ${value}`)
          .join(', ')}`,
      )
  }
  const started = Date.now()
  const metrics = async (night: Awaited<ReturnType<typeof nightly>>): Promise<void> => {
    if (flags.metricsFile === undefined) return
    const ended = Date.now()
    const counts = { files: 0, filesRead: 0, bytesRead: 0, unreadable: 0, incidents: 0, hookFailures: 0, ...night, newIncidents: night?.fresh.length ?? 0 }
    await write(
      flags.metricsFile,
      renderMetrics({ ...counts, endedAt: Math.floor(ended / 1000), seconds: (ended - started) / 1000, succeeded: night !== null }),
    )
  }
  try {
    const night = await nightly({
      archive,
      out: flags.out,
      zones: await zoneRules(flags.timezone),
      year: flags.year ?? null,
      mechanisms: flags.mechanisms,
      signatures: await signaturesWith(flags.mechanisms),
      version: version(),
      keepExtractsDays: flags.keepExtracts ?? null,
      keepReportsDays: flags.keepReports ?? null,
      ...(flags.redact === true ? { redact: { also: flags.redactAlso ?? [], mapFile: flags.redactMap ?? join(flags.out, 'redaction-map.json') } } : {}),
      limits: await limitsOf(flags),
      ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
      hooks: { command: flags.hook ?? null, url: flags.webhook ?? null },
      log,
    })
    if (night === null) {
      log('failed', { reason: `another run is at work in ${flags.out}` })
      return EXIT.busy
    }
    await metrics(night)
    if (night.unreadable > 0) return EXIT.unreadable
    return flags.failOnIncident === true && night.fresh.length > 0 ? EXIT.incident : EXIT.analysed
  } catch (error) {
    if (error instanceof UserError) throw error
    // A full disk, a folder without permission: what was kept so far is whole, and the next run goes on from it.
    log('failed', { reason: reasonOf(error, flags.out) })
    if (flags.verbose === true && error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`)
    await metrics(null).catch(() => undefined)
    return EXIT.failed
  }
}

/** SQLite and the file system say it in words of their own. */
const reasonOf = (error: unknown, out: string): string => {
  const message = error instanceof Error ? error.message : String(error)
  return /ENOSPC|EDQUOT|disk is full/u.test(message)
    ? `${out}: no space left (${message}); what was done is kept, and the next run goes on from there`
    : message
}
