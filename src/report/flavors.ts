/**
 * How GitHub, GitLab and Jira write the same things. Every word from a log is shown as it was written and does nothing: `say` and `code` are where it is escaped,
 * and all that a report says goes through one of them.
 *
 * GitHub: https://github.github.com/gfm/. GitLab reads more references than GitHub, and a backslash takes each one's meaning
 * (https://docs.gitlab.com/user/markdown/). Jira's wiki markup: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all; a backslash before
 * another backslash is a line break there, so it is written as an entity.
 */
import { webAddress } from './safe.js'

export const FLAVORS = ['github', 'gitlab', 'jira'] as const
export type Flavor = (typeof FLAVORS)[number]

export interface Ref {
  readonly anchor: string
  readonly label: string
}

export interface Dialect {
  /** Plain text inside a paragraph, a table or a list. */
  readonly say: (value: string) => string
  /** Text as it was written, within a line. */
  readonly code: (value: string) => string
  /** Lines as they were written. */
  readonly block: (value: string) => string
  readonly heading: (level: number, title: string) => string
  /** The rest take what `say` and `code` gave. */
  readonly bold: (text: string) => string
  readonly emphasis: (text: string) => string
  readonly bullets: (items: readonly string[]) => string
  readonly numbered: (items: readonly string[]) => string
  /** A tree in lines: how deep each one stands, from 0. */
  readonly nested: (items: readonly { readonly depth: number; readonly text: string }[]) => string
  /** A list item and a block that belongs to it. */
  readonly itemWithBlock: (item: string, block: string) => string
  /** A numbered list in which lines to paste may stand under an item; '' where there are none. */
  readonly steps: (items: readonly { readonly text: string; readonly paste: string }[]) => string
  readonly table: (head: readonly string[], rows: readonly (readonly string[])[]) => string
  readonly prompt: (ask: string) => string
  readonly ref: (target: Ref) => string
  /** The same in the file that lies beside, by its relative address. */
  readonly refBeside: (address: string, target: Ref) => string
  /** A file that lies beside, by its relative address. */
  readonly file: (address: string, name: string) => string
  /** A page of the web; the text alone where the address is not plainly one. */
  readonly link: (address: string, text: string) => string
  readonly anchor: (id: string) => string
  /** What a reader opens only when it is needed. */
  readonly folded: (summary: string, content: string) => string
  /** A file beside the report, by its relative address. */
  readonly image: (address: string, words: string) => string
  readonly lineBreak: string
}

const squeezed = (value: string): string => value.replace(/\s+/gu, ' ').trim()

const DEEPEST = 8

/** What could end a link, or begin something else inside it, is written in hexadecimal digits; '' where it is not plainly an address of the web. */
const webTarget = (address: string): string =>
  webAddress(address).replace(/[^\w./:?#&=%,;@+-]/gu, (letter) =>
    letter.charCodeAt(0) < 128 ? `%${letter.charCodeAt(0).toString(16).padStart(2, '0')}` : encodeURIComponent(letter),
  )

const linked = (address: string, text: string, how: (target: string) => string): string => {
  const target = webTarget(address)
  return target === '' ? text : how(target)
}

/** Lines to paste are mostly YAML. */
const isYaml = (value: string): boolean => /^(?:# |- |[\w.-]+:(?:\s|$))/u.test(value)

// ---- GitHub and GitLab

const startEscaped = (text: string): string => text.replace(/^(?:[-+=#/]|\d+(?=[.)]))/u, (start) => (/^\d/u.test(start) ? `${start}\\` : `\\${start}`))

/** What a forge would turn into a mention, an issue, a link or a face of its own accord is broken by an empty comment, the only thing that all of them leave alone. */
const broken = (text: string): string =>
  text.replace(/@(?=[\w-])|#(?=\d)|(?<=\bGH)-(?=\d)|:(?=\/\/)|(?<=www)\.|:(?=(?:100|1234|[a-z+-][\w+-]{0,40}):)/giu, (mark) => `${mark}<!-- -->`)

const sayGithub = (value: string): string =>
  broken(
    startEscaped(
      squeezed(value)
        .replace(/&/gu, '&amp;')
        .replace(/</gu, '&lt;')
        .replace(/>/gu, '&gt;')
        .replace(/[\\`*_[\]|~!{}$]/gu, (mark) => `\\${mark}`),
    ),
  )

const sayGitlab = (value: string): string =>
  startEscaped(squeezed(value).replace(/[\\`*_[\]|~!{}$@#%&^<>]/gu, (mark) => `\\${mark}`)).replace(
    /:(?=\/\/)|(?<=www)\.|:(?=(?:100|1234|[a-z+-][\w+-]{0,40}):)/giu,
    (mark) => `${mark}<!-- -->`,
  )

const longest = (text: string): number => (text.match(/`+/gu) ?? []).reduce((most, run) => Math.max(most, run.length), 0)

/** A code span that its own content cannot end; in a table a pipe is escaped inside it too. */
const codeSpan = (value: string): string => {
  const text = squeezed(value)
  if (text === '') return ''
  const fence = '`'.repeat(longest(text) + 1)
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${pad}${text.replace(/\|/gu, '\\|')}${pad}${fence}`
}

const fenced = (value: string, language = 'text'): string => {
  const fence = '`'.repeat(Math.max(3, longest(value) + 1))
  return `${fence}${language}\n${value}\n${fence}`
}

const markdown = (say: Dialect['say']): Dialect => ({
  say,
  code: codeSpan,
  block: (value) => fenced(value),
  heading: (level, title) => `${'#'.repeat(level)} ${title}`,
  bold: (text) => `**${text}**`,
  emphasis: (text) => `_${text}_`,
  bullets: (items) => items.map((item) => `- ${item}`).join('\n'),
  numbered: (items) => items.map((item, index) => `${index + 1}. ${item}`).join('\n'),
  nested: (items) => items.map(({ depth, text }) => `${'  '.repeat(Math.min(depth, DEEPEST))}- ${text}`).join('\n'),
  itemWithBlock: (item, block) => `- ${item}\n\n${block.replace(/^/gmu, '  ')}\n`,
  steps: (items) =>
    items
      .map(({ text, paste }, index) => {
        const start = `${index + 1}. `
        const indent = ' '.repeat(start.length)
        return `${start}${text}${paste === '' ? '' : `\n\n${fenced(paste, isYaml(paste) ? 'yaml' : 'text').replace(/^/gmu, indent)}\n`}`
      })
      .join('\n')
      .trimEnd(),
  table: (head, rows) => [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map((cell) => (cell === '' ? ' ' : cell)).join(' | ')} |`).join('\n'),
  prompt: (ask) => `> **For people to fill in:** ${ask}`,
  ref: ({ anchor, label }) => `[${label}](#${anchor})`,
  refBeside: (address, { anchor, label }) => `[${label}](${address}#${anchor})`,
  file: (address, name) => `[${name}](${address})`,
  link: (address, text) => linked(address, text, (target) => `[${text}](${target})`),
  anchor: (id) => `<a id="${id}"></a>`,
  folded: (summary, content) => `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`,
  image: (address, words) => `![${words}](${address})`,
  lineBreak: '<br>',
})

// ---- Jira

// Marks that are read wherever they stand; a hyphen only at a word's edge, and in what looks like an issue's key.
const JIRA_MARKS = /[{}[\]*_^~+!|?#]|-(?!\w)|(?<!\w)-|(?<=\b[A-Z][A-Z0-9_]{0,20})-(?=\d)|\((?=[^\s()]{1,6}\))/gu
/** Faces and addresses, and what a line may begin with. */
const JIRA_ENTITIES = /([\\&@]|:(?=\/\/|[()DPp|])|;(?=\))|(?<=^(?:h[1-6]|bq))\.)/gu

const sayJira = (value: string): string =>
  squeezed(value)
    .split(JIRA_ENTITIES)
    .map((part, index) => (index % 2 === 1 ? `&#${part.charCodeAt(0)};` : part.replace(JIRA_MARKS, (mark) => `\\${mark}`)))
    .join('')

// The only thing that is read inside is the end.
const jiraBlock = (value: string): string => `{noformat}\n${value.replace(/\{(?=noformat)/giu, '{ ')}\n{noformat}`
const jiraPaste = (value: string): string => (isYaml(value) ? `{code:yaml}\n${value.replace(/\{(?=code)/giu, '{ ')}\n{code}` : jiraBlock(value))

const jira: Dialect = {
  say: sayJira,
  code: (value) => (squeezed(value) === '' ? '' : `{{${sayJira(value)}}}`),
  block: jiraBlock,
  heading: (level, title) => `h${Math.min(level, 6)}. ${title}`,
  bold: (text) => `*${text}*`,
  emphasis: (text) => `_${text}_`,
  bullets: (items) => items.map((item) => `* ${item}`).join('\n'),
  numbered: (items) => items.map((item) => `# ${item}`).join('\n'),
  nested: (items) => items.map(({ depth, text }) => `${'*'.repeat(Math.min(depth, DEEPEST) + 1)} ${text}`).join('\n'),
  itemWithBlock: (item, block) => `* ${item}\n${block}`,
  // A blank line would end the list and its numbers.
  steps: (items) => items.map(({ text, paste }) => `# ${text}${paste === '' ? '' : `\n${jiraPaste(paste)}`}`).join('\n'),
  table: (head, rows) =>
    [
      `|| ${head.map((cell) => (cell === '' ? ' ' : cell)).join(' || ')} ||`,
      ...rows.map((row) => `| ${row.map((cell) => (cell === '' ? ' ' : cell)).join(' | ')} |`),
    ].join('\n'),
  prompt: (ask) => `bq. *For people to fill in:* ${ask}`,
  ref: ({ anchor, label }) => `[${label}|#${anchor}]`,
  // An attachment has no places inside it that could be linked.
  refBeside: (_address, { label }) => label,
  file: (address) => `[^${address.slice(address.lastIndexOf('/') + 1)}]`,
  link: (address, text) => linked(address, text, (target) => `[${text}|${target}]`),
  anchor: (id) => `{anchor:${id}}`,
  folded: (summary, content) => `*${summary}*\n\n${content}`,
  // A picture in a ticket is an attachment: it is found by its name alone.
  image: (address) => `!${address.slice(address.lastIndexOf('/') + 1)}|thumbnail!`,
  lineBreak: ' \\\\ ',
}

export const DIALECTS: Readonly<Record<Flavor, Dialect>> = { github: markdown(sayGithub), gitlab: markdown(sayGitlab), jira }
