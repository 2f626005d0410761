/** One simulated dump, as it is and varied: written, analysed as the command line would, scored. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { dump } from '../simulator/emit/dump.js'
import { scenarios } from '../simulator/scenarios/index.js'
import { quietScenarios } from '../simulator/scenarios/quiet.js'
import type { Truth } from '../simulator/truth.js'
import { analyze } from '../src/analyze.js'
import type { Analysis } from '../src/model/analysis.js'
import { renderJson } from '../src/report/json.js'
import { judgeLinks, type JudgedLink } from './calibration.js'
import { namesEarliest, score, type Score } from './score.js'
import { vary, type Files } from './variants.js'

export interface Case {
  readonly scenario: string
  readonly seed: number
  readonly variants: readonly string[]
  /** Keeps dump, truth and analysis below this folder. */
  readonly keep: string | null
}

export interface Row {
  readonly scenario: string
  readonly seed: number
  /** null: the dump as it is. */
  readonly variant: string | null
  readonly expect: Truth['expect']
  readonly allowedExtraIncidents: number
  readonly score: Score
  /** The first of what the data still shows is ranked first. */
  readonly earliest: boolean
  readonly links: readonly JudgedLink[]
  readonly seconds: number
}

/** As the command line reads them; a truth has no others. */
const optionsOf = (args: readonly string[]): Pick<Parameters<typeof analyze>[1], 'zones' | 'year'> => {
  const valuesOf = (flag: string): string[] => args.filter((_, i) => args[i - 1] === flag)
  const zones = valuesOf('--timezone').map((rule) => {
    const cut = rule.lastIndexOf('=')
    return { glob: cut < 0 ? null : rule.slice(0, cut), zone: rule.slice(cut + 1) }
  })
  const [year] = valuesOf('--year')
  return { zones, year: year === undefined ? null : Number(year) }
}

export const analyzeDump = async (path: string, args: readonly string[] = []): Promise<Analysis> => {
  const { postMortem } = await analyze([path], { ...optionsOf(args), since: null, until: null, mechanisms: [], version: 'evaluation', command: '' })
  return postMortem.analysis
}

export const write = async (folder: string, files: Files): Promise<void> => {
  for (const [path, content] of files) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
}

export const runCase = async ({ scenario: name, seed, variants, keep }: Case): Promise<Row[]> => {
  const scenario = scenarios.get(name) ?? quietScenarios.get(name)
  if (!scenario) throw new Error(`no scenario ${name}`)
  const { world, layout, truth } = scenario(seed)
  const files = dump(world, layout)
  const rows: Row[] = []
  for (const variant of [null, ...variants]) {
    const varied = variant === null ? { files, options: [] } : vary(variant, files, truth, seed, world.startMs)
    if (varied === null) continue
    const title = `${name}-${seed}${variant === null ? '' : `-${variant.replaceAll(' ', '-')}`}`
    const folder = keep === null ? await mkdtemp(join(tmpdir(), 'faultline-evaluate-')) : join(keep, title)
    await rm(folder, { recursive: true, force: true })
    await write(join(folder, 'dump'), varied.files)
    const started = performance.now()
    const toldTruth = { ...truth, options: [...truth.options, ...varied.options] }
    const analysis = await analyzeDump(join(folder, 'dump'), toldTruth.options)
    const seconds = (performance.now() - started) / 1000
    if (keep === null) await rm(folder, { recursive: true, force: true })
    else
      await write(folder, [
        ['truth.json', `${JSON.stringify(toldTruth, null, 2)}\n`],
        ['analysis.json', renderJson(analysis)],
      ])
    rows.push({
      scenario: name,
      seed,
      variant,
      expect: truth.expect,
      allowedExtraIncidents: truth.allowedExtraIncidents,
      score: score(truth, analysis),
      earliest: truth.expect === 'incident' && namesEarliest(truth, analysis),
      links: truth.expect === 'none' ? [] : judgeLinks(truth, analysis),
      seconds,
    })
  }
  return rows
}
