/**
 * faultline nightly: what is new in the archive, what it tells of, and the reports. Each step is kept before the next begins, so that a run that was
 * killed goes on where it stopped; and each follows from what was kept alone, so that it comes out the same.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { reason } from '../analyze.js'
import type { Signature } from '../model/signature.js'
import { UserError } from '../model/user-error.js'
import { usualLimits, type Limits } from '../read/limits.js'
import { PART_BYTES } from '../read/parts.js'
import type { ClockOptions } from '../timeline/clock.js'
import { lock, openDatabase, within, type Database } from './database.js'
import { deliver, type Hooks } from './deliver.js'
import { ingest, inputsOf, loadExtract } from './ingest.js'
import { publish, type RedactOptions } from './publish.js'
import { reconcile } from './reconcile.js'
import { addInput, fileStates, inputStates, removeFile, setSetting, setting, type InputState } from './state.js'
import { DAY_MS, type Conclude } from './windows.js'

export interface NightlyOptions extends ClockOptions {
  readonly archive: string
  readonly out: string
  readonly mechanisms: readonly string[]
  /** Those of the same files. */
  readonly signatures?: readonly Signature[]
  readonly version: string
  /** Extracts of what is older than this, counted from the newest, are dropped; their incidents stay. Null: nothing is. */
  readonly keepExtractsDays: number | null
  readonly keepReportsDays: number | null
  readonly hooks: Hooks
  /** Pseudonyms for names in all that is written but the state and the extracts. */
  readonly redact?: RedactOptions
  /** Threads that read at the same time (default: the machine's cores). */
  readonly jobs?: number
  /** What unpacking may cost; the usual limits unless given. */
  readonly limits?: Limits
  /** A log longer than this is read in parts (default: 16 MiB). */
  readonly partBytes?: number
  /** One line for people or machines. */
  readonly log: (event: string, fields: Readonly<Record<string, string | number>>) => void
}

export interface Night {
  readonly files: number
  readonly filesRead: number
  readonly bytesRead: number
  readonly unreadable: number
  readonly incidents: number
  /** Failures that people felt and that no incident tells of. */
  readonly unexplained: number
  readonly fresh: readonly string[]
  readonly hookFailures: number
}

/** Null: another run is at work in the folder. Throws a UserError for what its caller can mend. */
export const nightly = async (options: NightlyOptions): Promise<Night | null> => {
  const { out } = options
  for (const folder of ['extracts', 'incidents']) makeFolder(join(out, folder))
  const unlock = lock(join(out, 'lock.db'))
  if (unlock === null) return null
  try {
    const database = openDatabase(join(out, 'state.db'))
    try {
      return await run(database, options)
    } finally {
      database.close()
    }
  } finally {
    unlock()
  }
}

const makeFolder = (path: string): void => {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    throw new UserError(`${path}: cannot be made: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const run = async (database: Database, options: NightlyOptions): Promise<Night> => {
  const { archive, out, log } = options
  const clock = { zones: options.zones, year: options.year, since: null, until: null }
  await readClocksAgain(database, out, clock)
  const note = (event: string, path: string, more?: Readonly<Record<string, number>>): void => log(event, { path, ...more })
  const ingested = await ingest(archive, out, database, {
    clock,
    jobs: options.jobs ?? null,
    limits: options.limits ?? usualLimits,
    signatures: options.signatures ?? [],
    partBytes: options.partBytes ?? PART_BYTES,
    note,
  }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') throw new UserError(`${archive}: there is no such file or folder`)
    throw error
  })
  const newest = newestOf(database)
  const keepFrom = cutOff(newest, options.keepExtractsDays)
  expire(database, keepFrom)
  const conclude: Conclude = async (gathered, window) => {
    const { postMortem } = await reason(gathered, {
      ...clock,
      since: window.sinceMs,
      until: window.untilMs,
      mechanisms: options.mechanisms,
      version: options.version,
      command: commandFor(options, window),
    })
    return postMortem
  }
  const told = await reconcile(out, database, circumstancesOf(options), conclude, keepFrom)
  for (const id of told.fresh) log('incident', { id })
  for (const id of told.changed) log('incident-changed', { id })
  for (const id of told.withdrawn) log('incident-withdrawn', { id })
  expireReports(database, cutOff(newest, options.keepReportsDays))
  const states = fileStates(database)
  const problems = states.flatMap(({ problems: some }) => some)
  const inputs = inputStates(database).filter(({ days }) => days.length > 0)
  const redacting = options.redact ?? null
  const {
    summary,
    reports,
    told: shown,
  } = await publish(
    out,
    database,
    {
      from: isoOf(inputs.reduce((first, { days }) => Math.min(first, (days[0] ?? 0) * DAY_MS), Infinity)),
      to: isoOf(inputs.reduce((last, { lastMs }) => Math.max(last, lastMs), -Infinity)),
      files: states.filter(({ present }) => present).length,
      bytes: states.reduce((sum, { bytes }) => sum + bytes, 0),
      unreadable: problems,
    },
    options.version,
    redacting,
  )
  const { delivered, failures } = await deliver(database, options.hooks, redacting === null ? null : shown)
  for (const failure of failures) log('hook-failed', { reason: failure })
  for (const { path, reason: why } of problems) log('unreadable', { path, reason: why })
  await sweep(out, database)
  log('done', {
    files: ingested.files,
    read: ingested.read,
    moved: ingested.moved,
    windows: told.concluded,
    reports,
    delivered,
    incidents: summary.incidents.length,
    unexplained: summary.unexplained.length,
  })
  return {
    files: ingested.files,
    filesRead: ingested.read,
    bytesRead: ingested.bytes,
    unreadable: problems.length,
    incidents: summary.incidents.length,
    unexplained: summary.unexplained.length,
    fresh: told.fresh,
    hookFailures: failures.length,
  }
}

const isoOf = (ms: number): string | null => (Number.isFinite(ms) ? new Date(ms).toISOString() : null)

/** Whatever else a conclusion follows from, beside the extracts. */
const circumstancesOf = ({ zones, year, mechanisms, version, archive }: NightlyOptions): string =>
  JSON.stringify([version, zones, year, archive, mechanisms.map((file) => createHash('sha256').update(readMechanisms(file)).digest('hex'))])

const readMechanisms = (file: string): Buffer => {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new UserError(`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** What makes this report again, as long as the archive has the files. */
const commandFor = ({ archive, zones, year, mechanisms }: NightlyOptions, { sinceMs, untilMs }: { sinceMs: number; untilMs: number }): string =>
  [
    `faultline analyze ${archive} --since ${new Date(sinceMs).toISOString()} --until ${new Date(untilMs).toISOString()}`,
    ...zones.map(({ glob, zone }) => `--timezone ${glob === null ? '' : `${glob}=`}${zone}`),
    ...(year === null ? [] : [`--year ${year}`]),
    ...mechanisms.map((file) => `--mechanisms ${file}`),
  ].join(' ')

/** Another zone or year puts every input on other days. */
const readClocksAgain = async (database: Database, out: string, clock: Parameters<typeof inputsOf>[2]): Promise<void> => {
  const now = JSON.stringify([clock.zones, clock.year])
  if (setting(database, 'clock') === now) return
  const addresses = [...new Set(fileStates(database).map(({ address }) => address))]
  const inputs: InputState[] = []
  for (const address of addresses) inputs.push(...inputsOf(address, (await loadExtract(out, address)).extracts, clock))
  within(database, () => {
    for (const input of inputs) addInput(database, input)
    setSetting(database, 'clock', now)
  })
}

/** Ages are counted from the newest data, not from today: the same archive gives the same result on any day. Stamps from the future make nothing old. */
const newestOf = (database: Database): number => {
  const latest = Date.now() + DAY_MS
  return inputStates(database).reduce((newest, { lastMs }) => (lastMs <= latest ? Math.max(newest, lastMs) : newest), -Infinity)
}

const cutOff = (newest: number, days: number | null): number => (days === null || !Number.isFinite(newest) ? -Infinity : newest - days * DAY_MS)

/** What the archive still has is only forgotten when it is gone from there, too: else it would be read again every night. */
const expire = (database: Database, keepFrom: number): void => {
  if (keepFrom === -Infinity) return
  const lastOf = new Map<string, number>()
  for (const { address, lastMs } of inputStates(database)) lastOf.set(address, Math.max(lastOf.get(address) ?? -Infinity, lastMs))
  const old = fileStates(database).filter(({ present, address }) => !present && (lastOf.get(address) ?? -Infinity) < keepFrom)
  if (old.length > 0) within(database, () => old.forEach(({ id }) => removeFile(database, id)))
}

const expireReports = (database: Database, keepFrom: number): void => {
  if (keepFrom === -Infinity) return
  if (database.prepare('select count(*) as n from incidents where start_ms < ?').get(keepFrom)?.['n'] === 0) return
  within(database, () => database.prepare('delete from incidents where start_ms < ?').run(keepFrom))
}

/** Extracts that nothing refers to any more, and what a killed run left half written. */
const sweep = async (out: string, database: Database): Promise<void> => {
  const wanted = new Set(fileStates(database).map(({ address }) => `${address}.extract`))
  for (const name of await readdir(join(out, 'extracts'))) if (!wanted.has(name)) await rm(join(out, 'extracts', name), { force: true })
  const orphans = database.prepare('select count(*) as n from inputs where address not in (select address from files)').get()?.['n']
  if (orphans !== 0) within(database, () => database.prepare('delete from inputs where address not in (select address from files)').run())
}
