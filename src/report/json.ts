/** analysis.json: the same analysis gives the same bytes, whatever order its fields were made in. */
import type { Analysis } from '../model/analysis.js'

// The contract's order; a field that is not here comes after, by name.
const ORDER = new Map(
  [
    ['schema', 'inputs', 'incidents'],
    [
      'id',
      'title',
      'path',
      'format',
      'wrapping',
      'bytes',
      'sha256',
      'lines',
      'records',
      'skipped',
      'from',
      'to',
      'clockOffsetMs',
      'clockUncertaintyMs',
      'warnings',
    ],
    ['kind', 'entity', 'role', 'cause', 'effect', 'mechanism', 'finding', 'start', 'end', 'rootCauses', 'chains', 'findings', 'links', 'detection'],
    ['firstSymptom', 'firstAlert', 'delaySeconds', 'confidence', 'lagSeconds', 'summary', 'because', 'evidence', 'input', 'line', 'time', 'text'],
  ]
    .flat()
    .map((key, index) => [key, index]),
)

const rank = (key: string): number => ORDER.get(key) ?? ORDER.size

const ordered = (_: string, value: unknown): unknown => {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1)))
}

export const renderJson = (analysis: Analysis): string => `${JSON.stringify(analysis, ordered, 2)}\n`
