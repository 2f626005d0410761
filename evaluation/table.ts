/** What npm run evaluate prints. */
import { calibration } from './calibration.js'
import type { Row } from './run-case.js'

const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length)
const percent = (share: number | null): string => (share === null ? '–' : `${(100 * share).toFixed(share > 0.995 && share < 1 ? 1 : 0)} %`)
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0)

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]): string => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const extraOf = ({ score, allowedExtraIncidents }: Row): number => Math.max(0, score.extraIncidents - allowedExtraIncidents)

const incidentLine = (name: string, rows: readonly Row[]): string[] => [
  name,
  String(rows.length),
  percent(mean(rows.map(({ score }) => Number(score.root1)))),
  percent(mean(rows.map(({ score }) => Number(score.root3)))),
  percent(mean(rows.map(({ score }) => score.steps))),
  percent(mean(rows.map(({ score }) => score.edges))),
  percent(mean(rows.map(({ score }) => score.chainPrecision))),
  String(sum(rows.map(({ score }) => score.decoys))),
  String(sum(rows.map(extraOf))),
  percent(mean(rows.map(({ score }) => Number(score.pass)))),
]

const by = (rows: readonly Row[], key: (row: Row) => string): [string, Row[]][] =>
  [...new Set(rows.map(key))].sort().map((name) => [name, rows.filter((row) => key(row) === name)])

export interface Target {
  readonly name: string
  readonly wanted: string
  readonly got: string
  readonly met: boolean
}

/** What the evaluation has to show, and whether it does. */
export const targets = (rows: readonly Row[]): Target[] => {
  const plain = rows.filter(({ variant, expect }) => variant === null && expect === 'incident')
  const quiet = rows.filter(({ variant, expect }) => variant === null && expect === 'none')
  const varied = rows.filter(({ variant, expect }) => variant !== null && expect === 'incident')
  const share = (name: string, of: readonly Row[], value: (row: Row) => number, wanted: number): Target => {
    const got = mean(of.map(value))
    return { name, wanted: `≥ ${percent(wanted)}`, got: of.length === 0 ? '–' : percent(got), met: of.length === 0 || got >= wanted }
  }
  const none = (name: string, of: readonly Row[], value: (row: Row) => number): Target => {
    const got = sum(of.map(value))
    return { name, wanted: '0', got: String(got), met: got === 0 }
  }
  return [
    share('root cause ranked first', plain, ({ score }) => Number(score.root1), 0.95),
    share('edges found', plain, ({ score }) => score.edges, 0.9),
    share('chain precision', plain, ({ score }) => score.chainPrecision, 0.9),
    none('decoys blamed', plain, ({ score }) => score.decoys),
    none('incidents invented on quiet dumps', quiet, ({ score }) => score.falseIncidents),
    none('ill-formed analyses', rows, ({ score }) => Math.min(1, score.faults.length)),
    share('root cause ranked first in varied dumps', varied, ({ score }) => Number(score.root1), 0.85),
  ]
}

export const report = (rows: readonly Row[]): string => {
  const plain = rows.filter(({ variant, expect }) => variant === null && expect === 'incident')
  const quiet = rows.filter(({ expect }) => expect === 'none')
  const varied = rows.filter(({ variant, expect }) => variant !== null && expect === 'incident')
  const parts: string[] = []
  if (plain.length > 0)
    parts.push(
      'Incidents',
      table(
        ['scenario', 'dumps', 'root@1', 'root@3', 'steps', 'edges', 'precision', 'decoys', 'extra', 'pass'],
        [...by(plain, ({ scenario }) => scenario).map(([name, of]) => incidentLine(name, of)), incidentLine('all', plain)],
      ),
    )
  if (quiet.length > 0)
    parts.push(
      'Quiet days',
      table(
        ['scenario', 'dumps', 'invented', 'varied dumps', 'invented'],
        [...by(quiet, ({ scenario }) => scenario), ['all', quiet] as const].map(([name, of]) => {
          const [asIs, otherwise] = [of.filter(({ variant }) => variant === null), of.filter(({ variant }) => variant !== null)]
          const invented = (some: readonly Row[]): string => String(sum(some.map(({ score }) => score.falseIncidents)))
          return [name, String(asIs.length), invented(asIs), String(otherwise.length), invented(otherwise)]
        }),
      ),
    )
  if (varied.length > 0)
    parts.push(
      'The same incidents, collected otherwise',
      table(
        ['variant', 'dumps', 'root@1', 'earliest@1', 'steps', 'edges', 'precision', 'decoys', 'extra'],
        [...by(varied, ({ variant }) => variant ?? ''), ['all', varied] as const].map(([name, of]) => {
          const [title = '', dumps = '', root = '', , ...rest] = incidentLine(name, of)
          return [title, dumps, root, percent(mean(of.map(({ earliest }) => Number(earliest)))), ...rest.slice(0, -1)]
        }),
      ),
    )
  if (plain.length > 0)
    parts.push(
      'Calibration: the links of the incidents (not of the varied ones) by the confidence they are given',
      table(
        ['confidence', 'links', 'right', 'wrong', 'by-products', 'share right', 'mean confidence'],
        calibration(plain.flatMap(({ links }) => links)).map(({ from, to, counts, rightShare, meanConfidence }) => [
          `${from.toFixed(2)} to ${to.toFixed(2)}`,
          String(counts.right + counts.wrong + counts['by-product']),
          String(counts.right),
          String(counts.wrong),
          String(counts['by-product']),
          percent(rightShare),
          meanConfidence?.toFixed(2) ?? '–',
        ]),
      ),
    )
  parts.push(
    'Targets',
    table(
      ['', 'wanted', 'got', ''],
      targets(rows).map(({ name, wanted, got, met }) => [name, wanted, got, met ? 'met' : 'MISSED']),
    ),
  )
  return `${parts.join('\n\n')}\n`
}

/** One line for each dump that is not told as it should be. */
export const failures = (rows: readonly Row[]): string[] =>
  rows
    .filter(({ score }) => !score.pass)
    .map((row) => {
      const { scenario, seed, variant, expect, score } = row
      const title = `${scenario} ${seed}${variant === null ? '' : ` (${variant})`}:`
      if (expect === 'none') return `${title} invented ${score.falseIncidents}: ${score.firstRoot}`
      const said = [
        score.root1 ? '' : `first is ${score.firstRoot || 'nothing'}`,
        score.missingEdges.length > 0 ? `edges missing: ${score.missingEdges.join(', ')}` : '',
        score.chainPrecision < 0.75 ? `precision ${percent(score.chainPrecision)}` : '',
        score.decoys > 0 ? `${score.decoys} decoys` : '',
        extraOf(row) > 0 ? `${extraOf(row)} extra` : '',
        score.faults[0] ?? '',
      ]
      return `${title} ${said.filter((part) => part !== '').join('; ')}`
    })
