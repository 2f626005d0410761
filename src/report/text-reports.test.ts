import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CASCADE, HEALTHY, HOSTILE, HUGE, NO_INPUT, PARTLY_READ, SEVERAL, UNREAD } from '../../test/fixtures/post-mortem.js'
import { SECTIONS } from '../../test/fixtures/sections.js'
import type { Finding, Incident, Link } from '../model/analysis.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { renderJson } from './json.js'
import { DIALECTS, FLAVORS } from './flavors.js'
import { LONGEST_MARKDOWN } from './markdown-cut.js'
import { renderEvidence } from './markdown-evidence.js'
import { renderMarkdown } from './markdown.js'
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

/** Far more than a tracker takes: each finding many times over, with long lines. */
const WIDE = withIncident({
  findings: incidentOf(CASCADE).findings.flatMap((finding) =>
    Array.from({ length: 8 }, (_, index) => ({
      ...finding,
      id: index === 0 ? finding.id : `${finding.id}-${index}`,
      summary: index === 0 ? finding.summary : `${finding.summary} Copy ${index}.`,
      evidence: finding.evidence.map((item) => ({ ...item, line: (item.line ?? 1) + index * 1_000, text: `${item.text} ${'x'.repeat(400)} ${index}` })),
    })),
  ),
})

/** So many wide incidents, each with a title of its own. */
const wideIncidents = (count: number, change: Partial<Incident> = {}): { readonly ids: readonly string[]; readonly many: PostMortem } => {
  const [incident, [detail]] = [incidentOf(WIDE), WIDE.incidents]
  assert.ok(detail !== undefined)
  const ids = Array.from({ length: count }, (_, index) => `incident-${index}`)
  return {
    ids,
    many: {
      ...WIDE,
      analysis: { ...WIDE.analysis, incidents: ids.map((id) => ({ ...incident, ...change, id, title: `Trouble ${id}` })) },
      incidents: ids.map((id) => ({ ...detail, incident: id })),
    },
  }
}

const ALL = [CASCADE, SEVERAL, HEALTHY, PARTLY_READ, UNREAD, NO_INPUT, HOSTILE, HUGE]
// eslint-disable-next-line no-control-regex -- control characters are what must not be there
const STEERING = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028]/u

const [QUOTE] = CASCADE.surroundings.quotes
if (QUOTE === undefined) throw new Error('the fixture quotes a line')

const { say, code } = DIALECTS.github

describe('Markdown', () => {
  test('has every section and every finding, and with the evidence file every line of evidence', () => {
    const markdown = renderMarkdown(CASCADE)
    for (const heading of SECTIONS.filter((section) => section !== 'How to make this report again')) assert.ok(markdown.includes(`\n## ${heading}\n`), heading)
    const evidence = renderEvidence(CASCADE)
    for (const finding of CASCADE.analysis.incidents[0]?.findings ?? []) {
      assert.ok(markdown.includes(say(finding.summary)), finding.summary)
      for (const item of finding.evidence) assert.ok(evidence.includes(code(item.text)) || evidence.includes(`  ${item.text}\n`), item.text)
    }
  })

  test('every link lands, inside it and in the evidence file beside it', () => {
    const anchors = (text: string): ReadonlySet<string | undefined> => new Set([...text.matchAll(/<a id="([^"]*)"><\/a>/gu)].map((match) => match[1]))
    for (const postMortem of [...ALL, WIDE]) {
      const markdown = renderMarkdown(postMortem, { evidence: 'r-evidence.md' })
      const evidence = renderEvidence(postMortem)
      for (const text of [markdown, renderMarkdown(postMortem), evidence])
        for (const [, target] of text.matchAll(/\]\(#([^)]*)\)/gu)) assert.ok(anchors(text).has(target), target)
      for (const [, target] of markdown.matchAll(/\]\(r-evidence\.md#([^)]*)\)/gu)) assert.ok(anchors(evidence).has(target), target)
    }
  })

  test('a wide incident fits where trackers put it, each finding that it tells with a line, and says where the rest is', () => {
    for (const flavor of FLAVORS) {
      const written = renderMarkdown(WIDE, { flavor, evidence: 'r-evidence.md' })
      const said = renderMarkdown(WIDE, { flavor })
      for (const text of [written, said]) assert.ok(text.length <= LONGEST_MARKDOWN[flavor], `${flavor}: ${text.length}`)
      assert.ok(written.includes(flavor === 'jira' ? '[^r-evidence.md]' : '[the evidence file](r-evidence.md)'))
      assert.ok(!said.includes('r-evidence'))
      assert.match(said, /(?:with the lines around|with the lines that each rests on): in the HTML report/u)
      const evidence = renderEvidence(WIDE, flavor)
      assert.ok(evidence.length > LONGEST_MARKDOWN[flavor])
      for (const { summary } of incidentOf(WIDE).findings) assert.ok(evidence.includes(DIALECTS[flavor].say(summary)), summary)
    }
    assert.match(renderMarkdown(WIDE), /^- <a id="i1-e\d+"><\/a>\*\*E\d+\*\* `/mu)
  })

  test('a dozen wide incidents fit, too: the first is told, the others are in the list at the top, and every link lands', () => {
    const { ids, many } = wideIncidents(12)
    for (const flavor of FLAVORS) {
      const text = renderMarkdown(many, { flavor, evidence: 'r-evidence.md' })
      assert.ok(text.length <= LONGEST_MARKDOWN[flavor], `${flavor}: ${text.length}`)
      for (const id of ids) assert.ok(text.includes(DIALECTS[flavor].say(`Trouble ${id}`)), id)
      assert.match(text, /Five whys/u)
      const open = text.match(flavor === 'jira' ? /^\{noformat\}$/gmu : /^ *`{3,}/gmu) ?? []
      assert.equal(open.length % 2, 0, 'a block is left open')
      for (const [, target = ''] of text.matchAll(flavor === 'jira' ? /\|#([\w-]+)\]/gu : /\]\(#([\w-]+)\)/gu))
        assert.ok(text.includes(DIALECTS[flavor].anchor(target)), target)
    }
  })

  test('of hundreds of incidents the worst are told and listed, and how many more there are is said', () => {
    const { ids, many } = wideIncidents(500, { rootCauses: [], chains: [] })
    for (const flavor of FLAVORS) {
      const text = renderMarkdown(many, { flavor, evidence: 'r-evidence.md' })
      assert.ok(text.length <= LONGEST_MARKDOWN[flavor], `${flavor}: ${text.length}`)
      const plain = text.replaceAll('\\', '')
      const listed = ids.filter((id) => new RegExp(`Trouble ${id}\\b`, 'u').test(plain))
      assert.ok(listed.length >= 20, `${flavor}: ${listed.length}`)
      const [, more] = /(\d+) more incidents, less severe than these/u.exec(text) ?? []
      assert.equal(listed.length + Number(more), ids.length)
      assert.match(text, /Five whys/u)
      assert.match(text, /What the data cannot tell/u)
    }
  })

  test('has the lines to paste, the gaps in the data, the lessons, the rounds and where a word is described', () => {
    const [detail] = CASCADE.incidents
    const [gap] = detail?.gaps ?? []
    const pasted = detail?.followUps.find((one) => one.manifest !== '')
    if (detail === undefined || gap === undefined || pasted === undefined) throw new Error('the fixture has them')
    const markdown = renderMarkdown(CASCADE)
    const jira = renderMarkdown(CASCADE, { flavor: 'jira' })
    assert.ok(markdown.includes(`\n   \`\`\`yaml\n${pasted.manifest.replace(/^/gmu, '   ')}\n   \`\`\`\n`))
    assert.ok(jira.includes(`\n{code:yaml}\n${pasted.manifest}\n{code}\n`))
    assert.match(markdown, /\*\*No data here:\*\*[^\n]*\n\n- node-3: no samples, 10:10:45 to 10:40:50 UTC \(30 min 5 s\)/u)
    assert.match(markdown, /## Lessons\n[^#]*What went well\?[^#]*What went badly[^#]*Where was there luck\?/u)
    for (const round of detail.rounds.keys()) assert.ok(markdown.includes(`**Round ${round + 1} of the cascade**`))
    assert.match(markdown, /## Glossary\n\n- \[[^\]]+\]\(https:\/\//u)
    assert.match(jira, /h2\. Glossary\n\n\* \[[^\]|]+\|https:\/\//u)
  })

  test('the end of a block inside lines to paste ends nothing, and an address that is none is no link', () => {
    const followed = (manifest: string, reference: string): PostMortem => ({
      ...CASCADE,
      incidents: CASCADE.incidents.map((one) => ({ ...one, followUps: [{ title: 't', detail: 'd', manifest, mechanism: 'm', reference }] })),
    })
    const ends = followed('a: |\n```\n{code}{noformat}\n# x', 'javascript:alert(1)')
    assert.match(renderMarkdown(ends), /^ {3}`{4}yaml\n {3}a: \|\n {3}```\n {3}\{code\}\{noformat\}\n {3}# x\n {3}`{4}$/mu)
    assert.match(renderMarkdown(ends, { flavor: 'jira' }), /^\{code:yaml\}\na: \|\n```\n\{ code\}\{noformat\}\n# x\n\{code\}$/mu)
    assert.doesNotMatch(renderMarkdown(ends), /\]\(javascript/u)
    const closing = followed('', 'https://x.example/a)b|c]d<e')
    assert.ok(renderMarkdown(closing).includes('[x.example](https://x.example/a%29b%7cc%5dd%3ce)'))
    assert.ok(renderMarkdown(closing, { flavor: 'jira' }).includes('[x.example|https://x.example/a%29b%7cc%5dd%3ce]'))
  })

  test('text from a log opens no tag, link, picture, mention, emphasis or table cell', () => {
    const outside = (renderMarkdown(HOSTILE) + renderEvidence(HOSTILE))
      .replace(/^ *(`{3,})(?:text|yaml)\n[\s\S]*?\n *\1$/gmu, '')
      .replace(/(?<!\\)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/gu, '')
      .replaceAll(/<a id="[\w-]+"><\/a>|<!-- -->|<br>|<\/?details>|<\/?summary>/gu, '')
    assert.doesNotMatch(outside, /<[a-z!/]/iu)
    assert.doesNotMatch(outside, /(?<!\\)\]\((?!#|https:\/\/(?:kubernetes\.io|www\.postgresql\.org|docs\.kernel\.org|redis\.io|prometheus\.io)\/)/u)
    assert.doesNotMatch(outside, /(?<!\\)!\[/u)
    assert.doesNotMatch(outside, /@everyone(?<!<!-- -->everyone)(?=\b)(?<=[^>]@everyone)$/mu)
    assert.doesNotMatch(renderMarkdown(HOSTILE) + renderEvidence(HOSTILE), STEERING)
  })

  test('a row of a table keeps its number of cells', () => {
    for (const [table] of (renderMarkdown(HOSTILE) + renderEvidence(HOSTILE)).matchAll(/(?:^\|.*\|$\n?)+/gmu)) {
      const cells = table
        .trim()
        .split('\n')
        .map((row) => [...row.matchAll(/(?<!\\)\|/gu)].length)
      assert.equal(new Set(cells).size, 1, table.slice(0, 200))
    }
  })

  test('the lines around a cited one are there, it is marked, and a block ends only where it ends', () => {
    const markdown = renderEvidence(CASCADE)
    assert.match(markdown, /^ {4}9901 {2}I0305 10:06:57.*\n {2}> 9902 {2}E0305 10:06:58.*\n {4}9903 {2}I0305/mu)
    const ticks = { ...CASCADE, surroundings: { notes: [], quotes: [{ ...QUOTE, before: ['```'], after: ['````text', '{noformat}'] }] } }
    assert.match(renderEvidence(ticks), /^ {2}`{5}text\n[\s\S]*?````text\n[\s\S]*?\n {2}`{5}$/mu)
    assert.equal((renderEvidence(ticks, 'jira').match(/\{noformat\}/gu)?.length ?? 1) % 2, 0)
  })

  test('pictures that lie beside it are shown where they belong', () => {
    const pictures = [
      { incident: 'incident-1', kind: 'chain' as const, chart: -1, address: 'r-pictures/incident-1-chain.png' },
      { incident: 'incident-1', kind: 'chart' as const, chart: 1, address: 'r-pictures/incident-1-chart-2-memory.png' },
    ]
    const markdown = renderMarkdown(CASCADE, { pictures })
    assert.match(markdown, /!\[The chain of causes\]\(r-pictures\/incident-1-chain\.png\)[\s\S]*## Timeline/u)
    assert.match(markdown, /Memory of the web pods[\s\S]*!\[[^\]]*\]\(r-pictures\/incident-1-chart-2-memory\.png\)/u)
    assert.match(renderMarkdown(CASCADE, { pictures, flavor: 'jira' }), /^!incident-1-chain\.png\|thumbnail!$/mu)
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

describe('other places for tickets', () => {
  test('every flavour has every section and every finding, and its links land', () => {
    const sections = [...renderMarkdown(CASCADE).matchAll(/^## (.*)$/gmu)].map((match) => match[1])
    const jira = renderMarkdown(CASCADE, { flavor: 'jira' })
    assert.deepEqual(
      [...jira.matchAll(/^h2\. (.*)$/gmu)].map((match) => match[1]),
      sections,
    )
    assert.deepEqual(
      [...renderMarkdown(CASCADE, { flavor: 'gitlab' }).matchAll(/^## (.*)$/gmu)].map((match) => match[1]),
      sections,
    )
    for (const postMortem of ALL) {
      const text = renderMarkdown(postMortem, { flavor: 'jira' })
      const ids = new Set([...text.matchAll(/\{anchor:([\w-]+)\}/gu)].map((match) => match[1]))
      for (const [, target] of text.matchAll(/\|#([\w-]+)\]/gu)) assert.ok(ids.has(target), target)
    }
  })

  test('no flavour is steered by a log, and a row of a table keeps its number of cells', () => {
    for (const flavor of FLAVORS) {
      const text = renderMarkdown(HOSTILE, { flavor }) + renderEvidence(HOSTILE, flavor)
      assert.doesNotMatch(text, STEERING)
      for (const [table] of text.matchAll(/(?:^\|.*\|$\n?)+/gmu)) {
        const links = flavor === 'jira' ? table.replace(/\[[^\]|]*\|#[\w-]+\]/gu, '') : table
        const cells = links
          .trim()
          .split('\n')
          .map((row) => [...row.matchAll(/(?<!\\)\|/gu)].length)
        assert.ok(
          cells.slice(1).every((count) => count === cells[1]),
          table.slice(0, 200),
        )
      }
    }
  })

  test("Jira's macros, links, pictures, mentions, marks, faces and addresses from a log do nothing", () => {
    const say = DIALECTS.jira.say
    assert.equal(say('{code} {color:red}x{color}'), '\\{code\\} \\{color:red\\}x\\{color\\}')
    assert.equal(
      say('[~admin] [a|http://x.example] !http://x.example/p.png!'),
      '\\[\\~admin\\] \\[a\\|http&#58;//x.example\\] \\!http&#58;//x.example/p.png\\!',
    )
    assert.equal(say('*b* -gone- kube-system OPS-12 a|b'), '\\*b\\* \\-gone\\- kube-system OPS\\-12 a\\|b')
    assert.equal(say('h1. no heading'), 'h1&#46; no heading')
    assert.equal(say('C:\\dir (x) :)'), 'C&#58;&#92;dir \\(x) &#58;)'.replace('C&#58;', 'C:'))
    const outside = (renderMarkdown(HOSTILE, { flavor: 'jira' }) + renderEvidence(HOSTILE, 'jira')).replace(
      /\{noformat\}[\s\S]*?\{noformat\}|\{code:yaml\}[\s\S]*?\{code\}|\|https:\/\/(?:kubernetes\.io|www\.postgresql\.org|docs\.kernel\.org|redis\.io|prometheus\.io)\//gu,
      '',
    )
    assert.doesNotMatch(outside.replace(/(?<!\\)\{\{|\}\}|\{anchor:[\w-]+\}/gu, ''), /(?<!\\)[{}]/u)
    assert.doesNotMatch(outside, /(?<!\\)\[~|https?:\/\//u)
  })

  test("GitLab's references, labels, milestones, epics and quick actions from a log do nothing", () => {
    const say = DIALECTS.gitlab.say
    assert.equal(say('/close @all #1 !2 $3 &4 ~bug %v1'), '\\/close \\@all \\#1 \\!2 \\$3 \\&4 \\~bug \\%v1')
    assert.equal(say('<b> [[_TOC_]]'), '\\<b\\> \\[\\[\\_TOC\\_\\]\\]')
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
    assert.match(text, /shop\/report-builder CPU hungry → .* → shop\/api errors/u)
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

test('what is not seen to be well again after an incident is named beside its end', () => {
  const left = withIncident({ findings: incidentOf(CASCADE).findings.map((one) => (one.id === 'not-ready-5' ? { ...one, end: null } : one)) })
  assert.match(renderMarkdown(left), /Nobody is seen to suffer after 10:4\d:\d\d UTC, .* after the onset\. Not seen to be well again: .*node-5 \(/u)
  assert.doesNotMatch(renderMarkdown(CASCADE), /Not seen to be well again/u)
})
