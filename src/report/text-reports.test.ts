import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CASCADE, HEALTHY, HOSTILE, HUGE, NO_INPUT, PARTLY_READ, SEVERAL, UNREAD } from '../../test/fixtures/post-mortem.js'
import type { Finding, Incident, Link } from '../model/analysis.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { renderJson } from './json.js'
import { code, renderMarkdown, say } from './markdown.js'
import { fiveLines, tree } from './terminal.js'

const incidentOf = ({ analysis }: PostMortem): Incident => {
  const [incident] = analysis.incidents
  if (incident === undefined) throw new Error('the fixture has an incident')
  return incident
}

const withIncident = (change: Partial<Incident>): PostMortem => ({
  ...CASCADE,
  analysis: { ...CASCADE.analysis, incidents: [{ ...incidentOf(CASCADE), ...change }] },
})

const ALL = [CASCADE, SEVERAL, HEALTHY, PARTLY_READ, UNREAD, NO_INPUT, HOSTILE, HUGE]
// eslint-disable-next-line no-control-regex -- control characters are what must not be there
const STEERING = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028]/u

describe('Markdown', () => {
  test('has every section, every finding and every line of evidence of the analysis', () => {
    const markdown = renderMarkdown(CASCADE)
    for (const heading of [
      'Timeline',
      'Impact',
      'Lead-up',
      'Detection',
      'Response',
      'Recovery',
      'Five whys',
      'Root cause',
      'Contributing factors',
      'What else was considered',
      'Follow-ups',
      'Lessons',
      'Findings and evidence',
      'What the data cannot tell',
      'Inputs and clocks',
    ])
      assert.ok(markdown.includes(`\n## ${heading}\n`), heading)
    for (const finding of CASCADE.analysis.incidents[0]?.findings ?? [])
      for (const item of finding.evidence) assert.ok(markdown.includes(code(item.text)), item.text)
  })

  test('every link inside it lands', () => {
    for (const postMortem of ALL) {
      const markdown = renderMarkdown(postMortem)
      const ids = new Set([...markdown.matchAll(/<a id="([^"]*)"><\/a>/gu)].map((match) => match[1]))
      for (const [, target] of markdown.matchAll(/\]\(#([^)]*)\)/gu)) assert.ok(ids.has(target), target)
    }
  })

  test('text from a log opens no tag, link, picture, mention, emphasis or table cell', () => {
    const outside = renderMarkdown(HOSTILE)
      .replace(/^(`{3,})text\n[\s\S]*?\n\1$/gmu, '')
      .replace(/(?<!\\)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/gu, '')
      .replaceAll(/<a id="[\w-]+"><\/a>|<!-- -->|<br>|<\/?details>|<\/?summary>/gu, '')
    assert.doesNotMatch(outside, /<[a-z!/]/iu)
    assert.doesNotMatch(outside, /(?<!\\)\]\((?!#)/u)
    assert.doesNotMatch(outside, /(?<!\\)!\[/u)
    assert.doesNotMatch(outside, /@everyone(?<!<!-- -->everyone)(?=\b)(?<=[^>]@everyone)$/mu)
    assert.doesNotMatch(renderMarkdown(HOSTILE), STEERING)
  })

  test('a row of a table keeps its number of cells', () => {
    for (const [table] of renderMarkdown(HOSTILE).matchAll(/(?:^\|.*\|$\n?)+/gmu)) {
      const cells = table
        .trim()
        .split('\n')
        .map((row) => [...row.matchAll(/(?<!\\)\|/gu)].length)
      assert.equal(new Set(cells).size, 1, table.slice(0, 200))
    }
  })

  test('escaping keeps the words and takes their power', () => {
    assert.equal(say('<b>*x*</b> [l](u) a|b'), '&lt;b&gt;\\*x\\*&lt;/b&gt; \\[l\\](u) a\\|b')
    assert.equal(say('# no heading'), '\\# no heading')
    assert.equal(say('1. no list'), '1\\. no list')
    assert.equal(say('ask @team about #12 at https://x.example'), 'ask @<!-- -->team about #<!-- -->12 at https:<!-- -->//x.example')
    assert.equal(code('a ``b` c'), '```a ``b` c```')
    assert.equal(code('`'), '`` ` ``')
  })
})

describe('the terminal', () => {
  test('says it in exactly five lines, none of which can be steered by a log', () => {
    for (const postMortem of ALL)
      for (const color of [true, false]) {
        const text = fiveLines(postMortem, { color })
        assert.equal(text.split('\n').length, 6)
        assert.doesNotMatch(text, STEERING)
        if (!color) assert.ok(!text.includes('\u001b'))
        assert.doesNotMatch(text.replaceAll(/\u001b\[(?:1|2|22|31|32|33|39)m/gu, ''), /\u001b/u) // eslint-disable-line no-control-regex -- the colours that are ours
      }
  })

  test('names what broke, when, the root cause with its confidence, the chain, detection and recovery', () => {
    const text = fiveLines(CASCADE, { color: false })
    assert.match(text, /2024-03-05 10:02:30 to 10:44:30 UTC \(42 min\)/u)
    assert.match(text, /7\.4 of the 8 cores of node-3\. \(likely, 78 %\)/u)
    assert.match(text, /shop\/report-builder CPU hungry → .* → shop\/api errors answered/u)
    assert.match(text, /6 min 58 s after the first symptom; recovered 42 min/u)
  })

  test('tells apart nothing found, read in part, and nothing read', () => {
    const first = (text: string): string => text.split('\n')[0] ?? ''
    assert.deepEqual(
      [HEALTHY, PARTLY_READ, UNREAD, NO_INPUT].map((one) => first(fiveLines(one, { color: false }))),
      [
        'What      No incident found.',
        'What      No incident found in what could be read.',
        'What      Nothing could be read.',
        'What      Nothing could be read.',
      ],
    )
  })

  test('the tree reaches every finding that a root cause explains, each told once, alike ones on one line', () => {
    const lines = tree(CASCADE, { color: false }).trimEnd().split('\n').slice(1)
    const told = lines.map((line) => Number(/^[│├└─ ]*(?:(\d+) × )?/u.exec(line)?.[1] ?? 1))
    assert.equal(
      told.reduce((sum, count) => sum + count, 0),
      13,
    )
    assert.equal(new Set(lines.map((line) => line.replace(/^[│├└─ ]*/u, '').split(' at ')[0])).size, lines.length)
    const pods = incidentOf(CASCADE).findings.filter((finding) => finding.kind === 'pod.unready')
    const many = Array.from({ length: 6 }, (_, index) => ({ ...pods[0], id: `pod-${index}`, entity: `pod/shop/web-${index}` })) as Finding[] // copies of a whole finding
    const [first] = incidentOf(CASCADE).links.filter((one) => one.effect === 'unready-3')
    const wide = withIncident({
      findings: [...incidentOf(CASCADE).findings, ...many],
      links: [...incidentOf(CASCADE).links, ...many.map(({ id }) => ({ ...first, effect: id }) as Link)], // copies of a whole link
    })
    assert.match(tree(wide, { color: false }), /[├└]─ 7 × unready at 10:05:02: shop\/web-6d9f7c8b5-x2x9p, shop\/web-0, shop\/web-1 and 4 more \(/u)
  })

  test('the tree stays small: what is left out is counted', () => {
    const [base] = incidentOf(CASCADE).findings.filter((finding) => finding.id === 'unready-3')
    const [link] = incidentOf(CASCADE).links
    if (base === undefined || link === undefined) throw new Error('the fixture has both')
    const long = Array.from({ length: 90 }, (_, index) => ({ ...base, id: `u${index}`, entity: `pod/shop/u-${index}` as const }))
    const links = long.map(({ id }, index) => ({ ...link, cause: index === 0 ? 'hungry' : `u${index - 1}`, effect: id }))
    const lines = tree(withIncident({ findings: [...incidentOf(CASCADE).findings, ...long], links }), { color: false })
      .trimEnd()
      .split('\n')
    assert.ok(lines.length < 50)
    assert.match(lines.at(-1) ?? '', /^and \d+ more findings/u)
  })

  test('a circle of links, which no analysis should hold, does not hang it', () => {
    const { links } = incidentOf(CASCADE)
    assert.ok(
      tree(withIncident({ links: [...links, ...links.map((link) => ({ ...link, cause: link.effect, effect: link.cause }))] }), { color: false }).length > 0,
    )
  })
})

describe('analysis.json', () => {
  const reversed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(reversed)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, item]): [string, unknown] => [key, reversed(item)])
        .toReversed(),
    )
  }

  test('has the same bytes whatever order its fields were made in, and loses nothing', () => {
    const mixed = reversed(CASCADE.analysis) as typeof CASCADE.analysis // the same fields in another order
    assert.equal(renderJson(mixed), renderJson(CASCADE.analysis))
    assert.deepEqual(JSON.parse(renderJson(HOSTILE.analysis)), HOSTILE.analysis)
  })

  test('begins with its schema', () => {
    assert.match(renderJson(CASCADE.analysis), /^\{\n {2}"schema": "faultline\/analysis@1",\n {2}"inputs": \[/u)
  })
})
