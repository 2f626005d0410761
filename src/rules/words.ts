/** Mechanisms and signatures in words, for those who read and write them. */
import { RELATION_MEANS, type Mechanism } from '../causes/mechanism.js'
import type { Signature } from '../model/signature.js'
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

/** One line each: id, which lines, what they make. */
export const listedSignatures = (signatures: readonly Signature[]): string => {
  const widths = [0, 0].map((_, column) => Math.min(70, Math.max(0, ...signatures.map(({ id, line }) => (column === 0 ? id : line).length))))
  return signatures
    .map(({ id, line, kind, confidence }) => `${id.padEnd(widths[0] ?? 0)}  ${`'${line}'`.padEnd((widths[1] ?? 0) + 2)}  → ${kind}  ${confidence}`)
    .join('\n')
}

const onlyIn = ({ formats, units, paths }: Signature): string =>
  [
    ...(formats.length === 0 ? [] : [`inputs of the format ${formats.join(' or ')}`]),
    ...(units.length === 0 ? [] : [`lines of ${units.join(' or ')}`]),
    ...(paths.length === 0 ? [] : [`paths like ${paths.join(' or ')}`]),
  ].join(', ')

export const explainedSignature = (signature: Signature): string => {
  const { id, line, ends, kind, entity, role, says, confidence, times, gapSeconds } = signature
  const only = onlyIn(signature)
  const rows: readonly (readonly [string, string])[] = [
    ['line', line],
    ...(ends === null ? [] : [['ends', ends] as const]),
    ...(only === '' ? [] : [['only in', only] as const]),
    ['kind', `${kindWords(kind)}${role === null ? '' : `, ${role}`}`],
    ['of', entity ?? 'the pod or process that wrote the line'],
    ['says', says],
    ['sure', `in ${Math.round(confidence * 100)} of 100 cases`],
    ['from', `${times === 1 ? 'one line on' : `${times} lines on`}${ends === null ? `, at most ${lasting(gapSeconds)} apart` : ''}`],
  ]
  return [`${id} (a signature)`, '', ...rows.map(([name, text]) => `  ${name.padEnd(15)} ${text}`)].join('\n')
}
