#!/usr/bin/env node
/** The command line: see docs and `faultline --help`. Messages go to stderr; stdout carries only what was asked for with '-'. */
import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { utc } from '@date-fns/utc'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parseISO } from 'date-fns'
import { UserError } from './model/user-error.js'
import type { ZoneRule } from './timeline/clock.js'

const EXIT = { analysed: 0, incident: 1, usage: 2, unreadable: 3 } as const

interface AnalyzeFlags {
  readonly output?: string
  readonly json?: string
  readonly markdown?: string
  readonly timezone: readonly string[]
  readonly year?: number
  readonly since?: number
  readonly until?: number
  readonly mechanisms: readonly string[]
  readonly failOnIncident?: boolean
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color: boolean
}

const version = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (let up = 0; up < 4; up++) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && 'name' in parsed && parsed.name === 'faultline') return String(parsed.version)
    } catch {
      // Not here: one folder up.
    }
    folder = dirname(folder)
  }
  return 'unknown'
}

const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value]

const asYear = (value: string): number => {
  if (!/^\d{4}$/u.test(value)) throw new InvalidArgumentError('expected a year such as 2026.')
  return Number(value)
}

const asCount = (value: string): number => {
  if (!/^[1-9]\d{0,3}$/u.test(value)) throw new InvalidArgumentError('expected a number such as 4.')
  return Number(value)
}

/** A moment: ISO 8601; without a zone it is UTC. */
const asTime = (value: string): number => {
  const ms = parseISO(value.replace(' ', 'T'), { in: utc }).getTime()
  if (Number.isNaN(ms)) throw new InvalidArgumentError('expected a time such as 2026-11-21T08:18:00Z.')
  return ms
}

const program = new Command('faultline')
  .description("From an outage's dump to the draft of its post-mortem.")
  .version(version())
  .showHelpAfterError('(faultline --help says more)')
  .exitOverride()

program
  .command('analyze')
  .description('one incident dump (files, directories, archives, - for stdin) to a report')
  .argument('<path...>', 'what to read')
  .option('-o, --output <file>', 'HTML report (default: faultline-report.html; none when only --json or --markdown is asked for)')
  .option('--json <file>', "analysis.json ('-' for stdout)")
  .option('--markdown <file>', "Markdown post-mortem ('-' for stdout)")
  .option('--timezone <[glob=]zone>', 'IANA zone of log lines that carry none; repeatable', collect, [])
  .option('--year <yyyy>', 'year of log lines that carry none (default: inferred)', asYear)
  .option('--since <time>', 'look from here on', asTime)
  .option('--until <time>', 'look up to here', asTime)
  .option('--mechanisms <file.yaml>', 'more cause-and-effect rules; repeatable', collect, [])
  .option('--fail-on-incident', 'exit 1 when an incident was found')
  .addOption(new Option('--jobs <n>', "workers (default: the machine's cores)").argParser(asCount))
  .option('--quiet', 'no progress, no summary')
  .option('--verbose', 'more about what was done')
  .option('--no-color', 'no colours on the terminal')
  .action(async (paths: string[], flags: AnalyzeFlags) => {
    process.exitCode = await runAnalyze(paths, flags)
  })

program
  .command('inspect')
  .description('what each file is, its times, zone and clock, what was not understood')
  .argument('<path...>', 'what to read')
  .option('--json <file>', "the same as data ('-' for stdout)")
  .option('--timezone <[glob=]zone>', 'IANA zone of log lines that carry none; repeatable', collect, [])
  .option('--year <yyyy>', 'year of log lines that carry none (default: inferred)', asYear)
  .option('--quiet', 'no messages')
  .option('--verbose', 'accepted for symmetry; everything is said already')
  .action(async (paths: string[], flags: Pick<AnalyzeFlags, 'json' | 'timezone' | 'year' | 'quiet'>) => {
    process.exitCode = await runInspect(paths, flags)
  })

const runInspect = async (paths: readonly string[], flags: Pick<AnalyzeFlags, 'json' | 'timezone' | 'year' | 'quiet'>): Promise<number> => {
  const { inspect } = await import('./analyze.js')
  const { inputs, unreadable } = await inspect(paths, { zones: await zoneRules(flags.timezone), year: flags.year ?? null, since: null, until: null })
  if (flags.quiet !== true) for (const { path, reason } of unreadable) say(`${path}: ${reason}`)
  if (flags.json !== undefined) await write(flags.json, `${JSON.stringify(inputs, null, 2)}\n`)
  if (flags.json !== '-') {
    const { inspectionTable } = await import('./report/inspection.js')
    process.stdout.write(`${inspectionTable(inputs)}\n`)
  }
  return unreadable.length > 0 ? EXIT.unreadable : EXIT.analysed
}

const zoneRules = async (rules: readonly string[]): Promise<readonly ZoneRule[]> => {
  const { isZone } = await import('./timeline/zones.js')
  return rules.map((rule) => {
    const cut = rule.lastIndexOf('=')
    const zone = rule.slice(cut + 1)
    if (!isZone(zone)) throw new UserError(`--timezone ${rule}: '${zone}' is no IANA zone; expected one such as Europe/Berlin`)
    return { glob: cut < 0 ? null : rule.slice(0, cut), zone }
  })
}

const runAnalyze = async (paths: readonly string[], flags: AnalyzeFlags): Promise<number> => {
  const { analyze } = await import('./analyze.js')
  const zones = await zoneRules(flags.timezone)
  if (flags.since !== undefined && flags.until !== undefined && flags.since > flags.until)
    throw new UserError('--since is later than --until: the window is empty')
  const { showProgress } = await import('./read/progress.js')
  const progress = showProgress(process.stderr, flags.quiet === true)
  const { postMortem, unreadable } = await analyze(paths, {
    zones,
    year: flags.year ?? null,
    since: flags.since ?? null,
    until: flags.until ?? null,
    mechanisms: flags.mechanisms,
    version: version(),
    command: commandLine(),
    onBytes: (count, inputs) => progress.add(count, inputs.totalBytes),
  })
  progress.end()
  for (const { path, reason } of unreadable) say(`${path}: ${reason}`)
  if (flags.verbose === true) for (const input of postMortem.analysis.inputs) for (const warning of input.warnings) say(`${input.path}: ${warning}`)

  if (flags.json !== undefined) {
    const { renderJson } = await import('./report/json.js')
    await write(flags.json, renderJson(postMortem.analysis))
  }
  if (flags.markdown !== undefined) {
    const { renderMarkdown } = await import('./report/markdown.js')
    await write(flags.markdown, renderMarkdown(postMortem))
  }
  const report = flags.output ?? (flags.json === undefined && flags.markdown === undefined ? 'faultline-report.html' : null)
  if (report !== null) {
    const { renderHtml } = await import('./report/html.js')
    await write(report, await renderHtml(postMortem))
  }
  if (flags.quiet !== true) {
    const { fiveLines, tree } = await import('./report/terminal.js')
    const color = flags.color && process.stderr.isTTY && (process.env['NO_COLOR'] ?? '') === ''
    process.stderr.write(`${fiveLines(postMortem, { color })}\n`)
    if (flags.verbose === true) process.stderr.write(`${tree(postMortem, { color })}\n`)
    if (report !== null && report !== '-') process.stderr.write(`${report}\n`)
  }
  if (unreadable.length > 0) return EXIT.unreadable
  return flags.failOnIncident === true && postMortem.analysis.incidents.length > 0 ? EXIT.incident : EXIT.analysed
}

/** The command as it was given, for the report's "how to reproduce". */
const commandLine = (): string =>
  ['faultline', ...process.argv.slice(2).map((word) => (/^[\w./:=@%+,-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))].join(' ')

const say = (message: string): void => {
  // What a path or a line says is data: no control characters reach the terminal.
  process.stderr.write(`faultline: ${message.replace(/[\p{Cc}\p{Cf}]/gu, '?')}\n`)
}

/** Writes a file whole or not at all. */
const write = async (file: string, content: string): Promise<void> => {
  if (file === '-') {
    process.stdout.write(content)
    return
  }
  const partial = `${file}.partial`
  try {
    await writeFile(partial, content)
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw new UserError(`${file}: cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

// Whoever reads from us may have seen enough (| head): that is no error of ours.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.analysed : EXIT.usage
  else if (error instanceof UserError) {
    say(error.message)
    process.exitCode = EXIT.usage
  } else throw error
}
