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
  const log = logFor(flags)
  const borrowed = await borrowFolder(flags.out, 'state.db', ['lock.db']).catch((error: unknown) => failed(log, error, flags))
  if (typeof borrowed === 'number') return borrowed
  if (borrowed === null) {
    log('failed', { reason: `another run is at work in ${flags.out}` })
    return EXIT.busy
  }
  // Also after a failure: what was done is whole.
  const status = await runIn(archive, { ...flags, out: borrowed.path }).catch(async (error: unknown) => {
    await borrowed.giveBack()
    throw error
  })
  return borrowed.giveBack().then(
    () => status,
    (error: unknown) => failed(log, error, flags),
  )
}

type Log = NightlyOptions['log']

const logFor =
  (flags: NightlyFlags): Log =>
  (event, fields) => {
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

/** It could not come to its end: what was kept so far is whole, and the next run goes on from it. Throws what is wrong with the command. */
const failed = (log: Log, error: unknown, { out, verbose }: NightlyFlags): number => {
  if (error instanceof UserError && !error.failed) throw error
  log('failed', { reason: reasonOf(error, out) })
  if (verbose === true && error instanceof Error && error.stack !== undefined) process.stderr.write(`${error.stack}\n`)
  return EXIT.failed
}

const runIn = async (archive: string, flags: NightlyFlags): Promise<number> => {
  const { nightly } = await import('../nightly/nightly.js')
  const { signaturesWith } = await import('../causes/choose-mechanisms.js')
  const { renderMetrics } = await import('../nightly/metrics.js')
  const log = logFor(flags)
  const started = Date.now()
  const metrics = async (night: Awaited<ReturnType<typeof nightly>>): Promise<void> => {
    if (flags.metricsFile === undefined) return
    const ended = Date.now()
    const counts = {
      files: 0,
      filesRead: 0,
      bytesRead: 0,
      unreadable: 0,
      incidents: 0,
      unexplained: 0,
      hookFailures: 0,
      ...night,
      newIncidents: night?.fresh.length ?? 0,
    }
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
    const status = failed(log, error, flags)
    await metrics(null).catch(() => undefined)
    return status
  }
}

/** SQLite and the file system say it in words of their own. */
const reasonOf = (error: unknown, out: string): string => {
  const message = error instanceof Error ? error.message : String(error)
  return /ENOSPC|EDQUOT|disk is full/u.test(message)
    ? `${out}: no space left (${message}); what was done is kept, and the next run goes on from there`
    : message
}
