/** Findings, their evidence and the inputs in Markdown: in full for a file of its own, the first lines for the report itself. */
import type { PostMortem } from '../post-mortem/post-mortem.js'
import type { EvidenceView, FindingView, LinkView, QuotedLine } from './finding-view.js'
import { DIALECTS, type Dialect, type Flavor } from './flavors.js'
import type { ToldFinding } from './markdown-cut.js'
import { reportView, type InputView } from './view.js'
import { cut, grouped, plural } from './words.js'

/** Characters of a line where not all of it is needed. */
const GLANCE = 200
/** Findings before and after, where not all of them are needed. */
const LINKS = 4

/** Every finding with every line that it rests on, and every input: what the report itself is too short for. */
export const renderEvidence = (postMortem: PostMortem, flavor: Flavor = 'github'): string => {
  const d = DIALECTS[flavor]
  const view = reportView(postMortem)
  const parts = [
    d.heading(1, `Evidence: ${d.say(view.title)}`),
    d.emphasis(
      `Every finding with the lines it rests on; made by faultline ${d.say(view.version)}. Times are UTC. F-numbers are findings, E-numbers evidence, as in the post-mortem.`,
    ),
    ...view.incidents.flatMap((incident) => [
      d.anchor(incident.anchor),
      d.heading(2, d.say(incident.title)),
      ...incident.findings.map((finding) => evidence(d, finding)),
    ]),
    d.heading(2, 'Inputs'),
    `${d.say(view.inputsLine)}.`,
    ...(view.inputs.length === 0 ? [] : [inputsTable(d, view.inputs), hashes(d, view.inputs)]),
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

/** A finding with the first of its lines. */
export const glance = (d: Dialect, { finding, lines, others }: ToldFinding, told: ReadonlySet<string>): string => {
  const [causes, led] = [finding.causes.slice(0, LINKS), finding.effects.slice(0, LINKS)]
  const known = others.filter((item) => told.has(item.anchor))
  const rest = others.length - known.length
  return [
    [
      head(d, finding),
      ...(causes.length === 0 ? [] : [`Caused by ${linkList(d, causes)}${more(finding.causes.length - causes.length)}.`]),
      ...(led.length === 0 ? [] : [`Led to ${led.map(d.ref).join(', ')}${more(finding.effects.length - led.length)}.`]),
    ].join(' '),
    d.bullets([
      ...lines.map((item) => `${d.anchor(item.anchor)}${d.bold(item.label)} ${d.code(item.place)} ${item.time}: ${d.code(cut(item.text, GLANCE))}`),
      ...(known.length === 0 ? [] : [`Also rests on ${known.map(d.ref).join(' ')}`]),
      ...(rest === 0 ? [] : [`${rest} more in the evidence`]),
    ]),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
}

const more = (count: number): string => (count > 0 ? ` and ${grouped(count)} more` : '')

const head = (d: Dialect, finding: FindingView): string =>
  `${d.anchor(finding.anchor)}${d.bold(finding.label)} ${finding.roleWords}: ${d.bold(d.say(finding.kindWords))}, ${d.say(finding.entityWords)}. ${d.say(finding.summary)} ${finding.when}${finding.lasted === '' ? '' : `, ${finding.lasted}`}, ${finding.sureness}.`

const linkList = (d: Dialect, links: readonly LinkView[]): string =>
  links.map((link) => `${d.ref(link)} (${d.say(link.mechanismWords)}, ${link.lag}, ${link.sureness})`).join('; ')

const evidence = (d: Dialect, finding: FindingView): string =>
  [
    `${head(d, finding)}${finding.means === '' ? '' : ` (${d.code(finding.kind)}: ${d.say(finding.means)})`}`,
    ...(finding.causes.length === 0 ? [] : [`Caused by: ${linkList(d, finding.causes)}`]),
    ...(finding.effects.length === 0 ? [] : [`Led to: ${linkList(d, finding.effects)}`]),
    finding.evidence.map((item) => cited(d, item)).join('\n'),
    ...(finding.shared.length === 0 ? [] : [`Also rests on ${finding.shared.map(d.ref).join(' ')}`]),
  ].join('\n\n')

/** A line of evidence, with those around it where they are known. */
const cited = (d: Dialect, item: EvidenceView): string => {
  const said = `${d.anchor(item.anchor)}${d.bold(item.label)} ${d.code(item.place)} ${item.time}, supports ${item.claims.map(d.ref).join(' ')}:`
  if (item.quote === null) return d.bullets([`${said} ${d.code(item.text)}`])
  const { before, cited: line, after } = item.quote
  const width = String(line.line + after.length).length
  const row = (mark: string, { line: at, text }: QuotedLine): string => `${mark} ${String(at).padStart(width)}  ${text}`
  return d.itemWithBlock(said, d.block([...before.map((one) => row(' ', one)), row('>', line), ...after.map((one) => row(' ', one))].join('\n')))
}

// ---- inputs

export const inputsTable = (d: Dialect, inputs: readonly InputView[]): string =>
  d.table(
    ['Input', 'Format', 'From and to', 'Clock', 'Size', 'Lines', 'Records', 'Not understood'],
    inputs.map((input) => [
      [`${d.anchor(input.anchor)}${d.code(input.path)}`, ...input.warnings.map(d.say)].join(d.lineBreak),
      `${d.say(input.format)}${input.wrapping === '' ? '' : ` in ${d.say(input.wrapping)}`}${input.unread ? ` ${d.bold('nothing understood')}` : input.bare ? ', nothing in it' : ''}`,
      input.range,
      input.clock,
      input.size,
      input.lines,
      input.records,
      input.skipped,
    ]),
  )

export const hashes = (d: Dialect, inputs: readonly InputView[]): string =>
  d.folded(
    `What it read, by SHA-256 of the bytes with compressions taken off (${plural(inputs.length, 'input')})`,
    d.block(inputs.map(({ sha256, path }) => `${sha256 === '' ? 'not hashed (over 64 MiB)'.padEnd(64) : sha256}  ${path.replace(/\s/gu, ' ')}`).join('\n')),
  )
