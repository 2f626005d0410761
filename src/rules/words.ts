/** Mechanisms in words, for those who read and write them. */
import { RELATION_MEANS, type Mechanism } from '../causes/mechanism.js'
import { isFindingKind, VOCABULARY } from '../model/vocabulary.js'

const lasting = (seconds: number): string => {
  const units = [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
  ] as const
  const [name, size] = units.find(([, unit]) => seconds >= unit && seconds % unit === 0) ?? ['s', 1]
  return `${seconds / size}${name}`
}

const few = (kinds: readonly string[]): string => (kinds.length > 3 ? `${kinds.slice(0, 2).join(', ')} and ${kinds.length - 2} more` : kinds.join(', '))

/** One line each: id, what causes what, where, how long, how often. */
export const listed = (mechanisms: readonly Mechanism[]): string => {
  const rows = mechanisms.map(({ id, cause, effect, where, lag, holds, status }) => [
    id,
    `${few(cause)} → ${few(effect)}`,
    where,
    `${lasting(lag.min)} … ${lasting(lag.typical)} … ${lasting(lag.max)}`,
    `${holds}${status === 'stable' ? '' : ` ${status}`}`,
  ])
  const widths = [0, 1, 2, 3].map((column) => Math.min(70, Math.max(0, ...rows.map((row) => row[column]?.length ?? 0))))
  return rows.map((row) => row.map((text, column) => (column < 4 ? text.padEnd(widths[column] ?? 0) : text)).join('  ')).join('\n')
}

const kindWords = (kind: string): string => (isFindingKind(kind) ? `${kind} (${VOCABULARY[kind].means})` : `${kind} (a kind of one's own)`)

const conditions = (of: Readonly<Record<string, readonly string[]>> | undefined, what: string): readonly string[] =>
  Object.entries(of ?? {}).map(([name, values]) => `the ${what}'s ${name} is ${values.map((value) => (value === '' ? 'absent' : value)).join(' or ')}`)

export const explained = ({ id, status, cause, effect, where, if: asks, required, lag, holds, because, check, reference }: Mechanism): string => {
  const asked = [...conditions(asks?.cause, 'cause'), ...conditions(asks?.effect, 'effect')]
  const lines: readonly (readonly [string, string])[] = [
    ['cause', cause.map(kindWords).join('\n')],
    ['effect', effect.map(kindWords).join('\n')],
    ['where', `${where}: ${RELATION_MEANS[where]}`],
    ...(asked.length === 0 ? [] : [[required ? 'only if' : 'more likely if', asked.join('\n')] as const]),
    ['lag', `usually ${lasting(lag.typical)}, from ${lasting(lag.min)} to ${lasting(lag.max)}: ${lag.why}`],
    ['holds', `in ${Math.round(holds * 100)} of 100 cases, where everything else fits`],
    ['check', check],
    ['reference', reference],
  ]
  const body = lines.map(([name, text]) => `  ${name.padEnd(15)} ${text.replaceAll('\n', `\n${' '.repeat(18)}`)}`)
  return [`${id}${status === 'stable' ? '' : ` (${status})`}`, `  ${because}`, '', ...body].join('\n')
}
