#!/usr/bin/env node
/** The command line: see docs and `faultline --help`. What a command does is in src/commands/<name>.ts; here is only what it takes. */
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { setFlagsFromString } from 'node:v8'
import type * as Utc from '@date-fns/utc'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type * as ParseISO from 'date-fns/parseISO'
import type { AnalyzeFlags } from './commands/analyze.js'
import { EXIT, say, version } from './commands/common.js'
import type { ExtractFlags } from './commands/extract.js'
import type { IndexFlags } from './commands/report-index.js'
import type { InspectFlags } from './commands/inspect.js'
import type { NightlyFlags } from './commands/nightly.js'
import type { RulesFlags } from './commands/rules.js'
import { shardOf, type Shard } from './artifact/shard.js'
import { FLAGS } from './launch/flags.js'
import { FLAVORS } from './report/flavors.js'
import { UserError } from './model/user-error.js'

// The canvas asks for the home folder as it is loaded. A user that is but a number, as in a container, may have none, which Node takes as an error.
try {
  homedir()
} catch {
  process.env['HOME'] = tmpdir()
}

const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value]

const asNumber =
  (shape: RegExp, expected: string) =>
  (value: string): number => {
    if (!shape.test(value)) throw new InvalidArgumentError(`expected ${expected}.`)
    return Number(value)
  }

const asYear = asNumber(/^\d{4}$/u, 'a year such as 2026')
const asCount = asNumber(/^[1-9]\d{0,3}$/u, 'a number such as 4')
const asPositive = asNumber(/^[1-9]\d{0,8}$/u, 'a whole number such as 500')

const asShard = (value: string): Shard => {
  const shard = shardOf(value)
  if (shard === null) throw new InvalidArgumentError('expected one of so many, such as 3/10.')
  return shard
}

/** Bytes: 500M, 64 GB, 1T; 1M is a million. */
const asSize = (value: string): number => {
  const [, digits, unit] = /^(\d{1,6}(?:\.\d{1,3})?)\s?([kmgt]?)b?$/iu.exec(value) ?? []
  const bytes = Math.round(Number(digits) * 1_000 ** ['', 'k', 'm', 'g', 't'].indexOf((unit ?? '').toLowerCase()))
  if (!(bytes > 0)) throw new InvalidArgumentError('expected a size such as 500G.')
  return bytes
}

/** A moment: ISO 8601; without a zone it is UTC. */
const asTime = (value: string): number => {
  // Loaded only where somebody gives a time: most commands never do, and start a fifth sooner without.
  const require = createRequire(import.meta.url)
  const { parseISO } = require('date-fns/parseISO') as typeof ParseISO // require knows no types
  const { utc } = require('@date-fns/utc') as typeof Utc
  const ms = parseISO(value.replace(' ', 'T'), { in: utc }).getTime()
  if (Number.isNaN(ms)) throw new InvalidArgumentError('expected a time such as 2026-11-21T08:18:00Z.')
  return ms
}

const program = new Command('faultline')
  .description("From an outage's dump to the draft of its post-mortem.")
  .version(version())
  .showHelpAfterError('(faultline --help says more)')
  .exitOverride()
  .hook('preAction', () => {
    for (const flag of FLAGS) setFlagsFromString(flag)
  })

/** What every command that reads inputs takes. */
const reads = (command: Command): Command =>
  command
    .option('--timezone <[glob=]zone>', 'IANA zone of log lines that carry none; repeatable', collect, [])
    .option('--year <yyyy>', 'year of log lines that carry none (default: inferred)', asYear)

/** What every command that opens archives takes; the defaults are in src/read/limits.ts. */
const opens = (command: Command): Command =>
  command
    .option('--max-unpacked <size>', 'the most that one archive or compressed file may unpack to (default: 1T)', asSize)
    .option('--max-ratio <n>', 'the most that one packed byte may become (default: 500)', asPositive)
    .option('--max-members <n>', 'the most files to read, those in archives included (default: 100000)', asPositive)

/** What every command that ends in a report takes. */
const reports = (command: Command): Command =>
  reads(
    command
      .option('-o, --output <file>', 'HTML report (default: faultline-report.html; none when only --json, --markdown or --png is asked for)')
      .option('--json <file>', "analysis.json ('-' for stdout)")
      .option('--markdown <file>', "Markdown post-mortem, its pictures and the evidence in full beside it ('-' for stdout, without them)")
      .addOption(new Option('--markdown-flavor <flavor>', 'where it will be read').choices(FLAVORS).default('github'))
      .option('--png <dir>', 'the chain, the timeline and the charts as pictures')
      .option('--redact', 'pseudonyms for addresses, e-mails, machines, pods, users and literals of queries, everywhere the same')
      .option('--redact-also <word>', "a word of your own to redact, such as a customer's name; repeatable", collect, [])
      .option('--redact-map <file>', 'who is who, for your eyes only (default: <report>.redaction-map.json)'),
  )
    .option('--since <time>', 'look from here on', asTime)
    .option('--until <time>', 'look up to here', asTime)
    .addOption(mechanisms())
    .option('--fail-on-incident', 'exit 1 when an incident was found')
    .option('--quiet', 'no progress, no summary')
    .option('--verbose', 'more about what was done')
    .option('--no-color', 'no colours on the terminal')

const mechanisms = (what = 'cause-and-effect rules and signatures of log lines of your own'): Option =>
  new Option('--mechanisms <file.yaml>', `${what}; repeatable`).argParser(collect).default([])
const jobs = (): Option => new Option('--jobs <n>', "workers (default: the machine's cores)").argParser(asCount)

opens(
  reports(
    program
      .command('analyze')
      .description('one incident dump (files, directories, archives, saved extracts, - for stdin) to a report')
      .argument('<path...>', 'what to read'),
  ),
)
  .addOption(jobs())
  .action(async (paths: string[], flags: AnalyzeFlags) => {
    const { runAnalyze } = await import('./commands/analyze.js')
    process.exitCode = await runAnalyze(paths, flags)
  })

opens(
  program
    .command('extract')
    .description('the per-input half only: what analyze and merge can go on from, on another machine or later')
    .argument('<path...>', 'what to read'),
)
  .requiredOption('-o, --output <file>', "where to write it; in a folder it is named after its content ('-' for stdout)")
  .option('--shard <i/n>', 'read only the i-th of n parts of the files, the same on every machine', asShard)
  .addOption(mechanisms('signatures of log lines of your own; its mechanisms are for merge'))
  .addOption(jobs())
  .option('--quiet', 'no progress, no messages')
  .option('--verbose', 'more about what was done')
  .action(async (paths: string[], flags: ExtractFlags) => {
    const { runExtract } = await import('./commands/extract.js')
    process.exitCode = await runExtract(paths, flags)
  })

reports(
  program
    .command('merge')
    .description('joins extracts, in any order, and goes on as analyze does')
    .argument('<extract...>', 'what faultline extract wrote; folders of such files'),
)
  .option('--shards <n>', 'only when all of so many shards are there', asCount)
  .action(async (paths: string[], flags: AnalyzeFlags & { readonly shards?: number }) => {
    const { runMerge } = await import('./commands/analyze.js')
    process.exitCode = await runMerge(paths, flags)
  })

opens(
  reads(
    program
      .command('nightly')
      .description('what is new in an archive since the last run: a report for each incident, and a page over all of them')
      .argument('<archive>', 'a folder of logs and dumps that grows, or s3://bucket/prefix')
      .requiredOption('--out <dir>', 'reports, index.html, summary.json, and what is remembered from run to run; a folder or s3://bucket/prefix'),
  ),
)
  .addOption(mechanisms())
  .option('--keep-extracts <days>', 'how long what was read is kept after it is gone from the archive (default: for ever)', asCount)
  .option('--keep-reports <days>', 'how long incidents are kept (default: for ever)', asCount)
  .option('--redact', 'pseudonyms for names in reports, index, summary and hooks, the same on every night; not in the extracts nor in the state')
  .option('--redact-also <word>', "a word of your own to redact, such as a customer's name; repeatable", collect, [])
  .option('--redact-map <file>', 'who is who, for your eyes only (default: <out>/redaction-map.json)')
  .option('--hook <command>', 'run for each incident that is new or has changed, with JSON on its stdin')
  .option('--webhook <url>', 'the same as a POST')
  .option('--metrics-file <file>', "for the node exporter's textfile collector")
  .addOption(new Option('--log-format <format>', 'of messages on stderr').choices(['text', 'json']).default('text'))
  .option('--fail-on-incident', 'exit 1 when an incident was found that was not known')
  .addOption(jobs())
  .option('--quiet', 'failures only')
  .option('--verbose', 'every file that is read')
  .action(async (archive: string, flags: NightlyFlags) => {
    const { runNightly } = await import('./commands/nightly.js')
    process.exitCode = await runNightly(archive, flags)
  })

opens(
  reads(
    program
      .command('inspect')
      .description('what each file is, its times, zone and clock, what was not understood')
      .argument('<path...>', 'what to read')
      .option('--json <file>', "the same as data ('-' for stdout)"),
  ),
)
  .addOption(jobs())
  .option('--quiet', 'no messages')
  .option('--verbose', 'accepted for symmetry; everything is said already')
  .action(async (paths: string[], flags: InspectFlags) => {
    const { runInspect } = await import('./commands/inspect.js')
    process.exitCode = await runInspect(paths, flags)
  })

program
  .command('index')
  .description('several reports on one page: when, what, how bad, why, with links')
  .argument('<report...>', 'what analyze, merge or nightly wrote: HTML, or analysis.json')
  .option('-o, --output <file>', "where to write it ('-' for stdout)", 'index.html')
  .option('--quiet', 'no messages')
  .option('--verbose', 'accepted for symmetry; everything is said already')
  .action(async (paths: string[], flags: IndexFlags) => {
    const { runIndex } = await import('./commands/report-index.js')
    process.exitCode = await runIndex(paths, flags)
  })

const rules = program.command('rules').description('cause-and-effect rules: what there are, whether your own are right')

rules
  .command('check')
  .description('whether files of rules can be used, and whether they keep what their tests (*.test.yaml) promise')
  .argument('<file.yaml...>', 'rules, and tests of them')
  .addOption(mechanisms('more rules for the tests'))
  .action(async (files: string[], flags: RulesFlags) => {
    const { runRulesCheck } = await import('./commands/rules.js')
    process.exitCode = await runRulesCheck(files, flags)
  })

rules
  .command('test')
  .description('the same as check, for whoever looks for it under this name: *.test.yaml say what must and must not be found')
  .argument('<file.yaml...>', 'rules, and tests of them')
  .option('--mechanisms <file.yaml>', 'more rules for the tests; repeatable', collect, [])
  .action(async (files: string[], flags: RulesFlags) => {
    const { runRulesCheck } = await import('./commands/rules.js')
    process.exitCode = await runRulesCheck(files, flags)
  })

rules
  .command('list')
  .description('every rule in a line')
  .addOption(mechanisms('with your own'))
  .option('--json', 'as data')
  .action(async (flags: RulesFlags) => {
    const { runRulesList } = await import('./commands/rules.js')
    process.exitCode = await runRulesList(flags)
  })

rules
  .command('explain')
  .description('what a rule says, or every rule that speaks of a kind of finding')
  .argument('<id or kind>')
  .addOption(mechanisms('with your own'))
  .action(async (word: string, flags: RulesFlags) => {
    const { runRulesExplain } = await import('./commands/rules.js')
    process.exitCode = await runRulesExplain(word, flags)
  })

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
    process.exitCode = error.failed ? EXIT.failed : EXIT.usage
  } else throw error
}
