/** What is wrong with a file of mechanisms, and what is probably not meant. */
import { examineMechanisms, loadMechanisms } from '../causes/load-mechanisms.js'
import { formats } from '../../parsers/index.js'
import type { Mechanism } from '../causes/mechanism.js'
import type { Signature } from '../model/signature.js'
import { FINDING_KINDS, isFindingKind } from '../model/vocabulary.js'

export interface Checked {
  /** The file cannot be used. */
  readonly problems: readonly string[]
  /** It can, but look at this. */
  readonly warnings: readonly string[]
  readonly rules: number
  readonly signatures: number
}

/** `kinds`: what signatures of other files make. */
export const checkRules = (yaml: string, file: string, kinds: ReadonlySet<string> = new Set()): Checked => {
  const { mechanisms, signatures, problems } = examineMechanisms(yaml, file)
  const made = new Set([...kinds, ...signatures.map(({ signature }) => signature.kind)])
  const builtIn = new Set(loadMechanisms([]).map(({ id }) => id))
  const seen = new Map<string, number>()
  const warnings: string[] = []
  for (const { mechanism, line } of mechanisms) {
    const before = seen.get(mechanism.id)
    if (before !== undefined) warnings.push(`${file}:${line}: id: ${mechanism.id} stands in line ${before} already; only the last one counts`)
    else if (builtIn.has(mechanism.id)) warnings.push(`${file}:${line}: id: takes the place of the built-in ${mechanism.id}`)
    seen.set(mechanism.id, line)
    warnings.push(...oddities(mechanism, made).map((oddity) => `${file}:${line}: ${oddity}`))
  }
  for (const { signature, line } of signatures) {
    const before = seen.get(signature.id)
    if (before !== undefined) warnings.push(`${file}:${line}: id: ${signature.id} stands in line ${before} already`)
    else if (builtIn.has(signature.id)) warnings.push(`${file}:${line}: id: a built-in mechanism is called ${signature.id}, too`)
    seen.set(signature.id, line)
    warnings.push(...signatureOddities(signature).map((oddity) => `${file}:${line}: ${oddity}`))
  }
  return { problems, warnings, rules: mechanisms.length, signatures: signatures.length }
}

const FORMATS: ReadonlyMap<string, string> = new Map(
  formats.toSorted((a, b) => Number(a.takes === 'lines') - Number(b.takes === 'lines')).map(({ id, takes }) => [id, takes]), // those that take lines, too, are logs
)

const signatureOddities = ({ formats: wanted, kind, entity }: Signature): readonly string[] => [
  ...wanted.flatMap((format) =>
    FORMATS.get(format) === 'lines'
      ? []
      : [
          FORMATS.has(format)
            ? `formats: ${format} is no log, a signature looks at lines of logs`
            : `formats: no format is called ${format}; 'faultline inspect' names an input's`,
        ],
  ),
  ...(isFindingKind(kind) && entity !== null && OF.some((type) => kind.startsWith(`${type}.`) && !entity.startsWith(`${type}/`))
    ? [`entity: ${kind} is told of a ${kind.slice(0, kind.indexOf('.'))}; no mechanism looks for it on ${entity}`]
    : []),
]

/** Kinds that are told of nothing else. */
const OF = ['node', 'workload'] as const

const oddities = ({ cause, effect, lag, required, if: conditions, ...rest }: Mechanism, made: ReadonlySet<string>): readonly string[] => {
  const odd: string[] = []
  for (const [field, kinds] of [
    ['cause', cause],
    ['effect', effect],
  ] as const)
    for (const kind of kinds) if (!isFindingKind(kind) && !made.has(kind)) odd.push(`${field}: no finding has the kind '${kind}'${didYouMean(kind)}`)
  if (lag.min > lag.typical || lag.typical > lag.max) odd.push('lag: expected min ≤ typical ≤ max')
  if (required && conditions === undefined) odd.push("required: says nothing without an 'if'")
  if (rest.where !== 'tells-of' && effect.includes('alert.fired')) odd.push('where: an alert tells of something (tells-of); it is no effect like others')
  if (cause.includes('alert.fired')) odd.push('cause: an alert never causes anything')
  return odd
}

const didYouMean = (kind: string): string => {
  const [best] = FINDING_KINDS.map((known) => ({ known, distance: distanceOf(kind, known) })).sort((a, b) => a.distance - b.distance)
  return best !== undefined && best.distance <= Math.max(2, kind.length / 4) ? `; did you mean ${best.known}?` : ''
}

/** How many letters have to change; long texts are not compared in full. */
const distanceOf = (a: string, b: string): number => {
  const from = a.slice(0, 64)
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (from[i - 1] === b[j - 1] ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? 0
}
