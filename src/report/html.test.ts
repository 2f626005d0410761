import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import Handlebars from 'handlebars'
import { CASCADE, HEALTHY, HOSTILE, HOSTILE_TEXT, HUGE, NO_INPUT, PARTLY_READ, poison, SEVERAL, UNREAD } from '../../test/fixtures/post-mortem.js'
import { SECTIONS } from '../../test/fixtures/sections.js'
import { renderHtml } from './html.js'
import type { Input } from '../model/analysis.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'

/** The page without its scripts: they are ours, known by their bytes, and what they hold is tested by itself. */
const unscripted = (html: string): string => html.replace(/<script(?: type="application\/json" id="report-data")?>.*?<\/script>\n/gsu, '')

const escape = (text: string): string => Handlebars.escapeExpression(text)

const TAG = /<(?:!doctype html|\/?([a-z][a-z0-9]*)((?:\s[A-Za-z][\w:-]*(?:="[^"<>]*")?)*)\s*\/?)>/gu

/** Every tag's name and its attributes' names; fails where a '<' opens anything else. */
const tags = (html: string): { name: string; attributes: string[] }[] => {
  const body = unscripted(html).replace(/<style>[^<]*<\/style>/u, '')
  assert.equal(body.replace(TAG, '').includes('<'), false, `an unescaped < near ${/.{0,60}<.{0,60}/u.exec(body.replace(TAG, ''))?.[0] ?? ''}`)
  return [...body.matchAll(TAG)].map((match) => ({
    name: match[1] ?? '',
    attributes: [...(match[2] ?? '').matchAll(/\s([A-Za-z][\w:-]*)(?:="[^"]*")?/gu)].map((found) => found[1] ?? ''),
  }))
}

const attribute = (html: string, name: string): string[] => [...html.matchAll(new RegExp(`\\s${name}="([^"]*)"`, 'gu'))].map((match) => match[1] ?? '')

const ALL: readonly (readonly [string, PostMortem])[] = [
  ['a cascade', CASCADE],
  ['several incidents', SEVERAL],
  ['a healthy dump', HEALTHY],
  ['a dump read in part', PARTLY_READ],
  ['an unread dump', UNREAD],
  ['no input', NO_INPUT],
  ['hostile text', HOSTILE],
  ['sixty findings with very long names', HUGE],
]

describe('every report', () => {
  for (const [name, postMortem] of ALL)
    test(`of ${name} is one file: every link lands, ids are unique, nothing is requested, nothing but our own script is run`, async () => {
      const whole = await renderHtml(postMortem)
      const html = unscripted(whole)
      for (const [, script] of whole.matchAll(/<script>(.*?)<\/script>/gsu))
        assert.ok(
          html.includes(
            escape(
              createHash('sha256')
                .update(script ?? '')
                .digest('base64'),
            ),
          ),
          'a script that the page’s own policy does not know',
        )
      const ids = attribute(html, 'id')
      assert.equal(new Set(ids).size, ids.length, 'an id is used twice')
      for (const href of attribute(html, 'href').filter((one) => one.startsWith('#'))) assert.ok(ids.includes(href.slice(1)), `${href} lands nowhere`)
      for (const href of attribute(html, 'href').filter((one) => !one.startsWith('#')))
        assert.match(href, /^https:\/\/(?:kubernetes\.io|docs\.kernel\.org|www\.postgresql\.org|redis\.io|prometheus\.io)\//u)
      for (const src of attribute(html, 'src')) assert.match(src, /^data:image\/png;base64,/u)
      for (const label of attribute(html, 'aria-labelledby').flatMap((one) => one.split(' ')))
        assert.ok(ids.includes(label), `${label} labels something and is not there`)
      for (const { name: tag, attributes } of tags(html)) {
        assert.ok(!['script', 'iframe', 'object', 'embed', 'form', 'link', 'base', 'foreignobject'].includes(tag), `<${tag}> has no place here`)
        assert.ok(!attributes.some((one) => one.startsWith('on')), `<${tag}> has a handler`)
      }
      assert.doesNotMatch(html.replace(/<style>[^<]*<\/style>/u, '').replaceAll(/ style="[^"]*"/gu, ''), /@import|\surl\(http/u)
      assert.doesNotMatch(/<style>([^<]*)<\/style>/u.exec(html)?.[1] ?? '', /@import|url\(/u)
    })

  test('gives the same bytes for the same analysis, charts included', async () => {
    assert.equal(await renderHtml(CASCADE), await renderHtml(structuredClone(CASCADE)))
  })

  test('stays below 1.5 MB', async () => {
    assert.ok((await renderHtml(HUGE)).length < 1_500_000)
  })
})

describe('text from a log', () => {
  test('adds no tag, no template and no invisible turn of direction to the page', async () => {
    const [hostile, plain] = [await renderHtml(HOSTILE), await renderHtml(CASCADE)]
    const names = (html: string): string[] => [...new Set(tags(html).map((tag) => tag.name))].toSorted()
    assert.deepEqual(names(hostile), names(plain))
    assert.ok(!hostile.includes('{{'))
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    assert.doesNotMatch(hostile, /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u)
    assert.doesNotMatch(hostile, /\p{Surrogate}/u)
  })

  test('is shown as it was written', async () => {
    const html = await renderHtml(HOSTILE)
    assert.ok(html.includes(escape('<script>alert(1)</script><img src=x onerror=alert(2)>')))
  })

  test('never becomes an address to follow', async () => {
    const html = await renderHtml(poison(CASCADE, 'javascript:alert(1)//https://'))
    assert.ok(attribute(html, 'href').every((href) => href.startsWith('#')))
  })

  test('that is very long is cut, not dropped', async () => {
    const html = await renderHtml(poison(CASCADE, 'x'.repeat(10_000)))
    assert.ok(html.includes(`${'x'.repeat(3_999)}…`))
  })
})

describe('claims and evidence', () => {
  test('every finding of the analysis is there, and every line it rests on links back to it', async () => {
    for (const postMortem of [CASCADE, HUGE, SEVERAL]) {
      const html = await renderHtml(postMortem)
      postMortem.analysis.incidents.forEach((incident, number) => {
        incident.findings.forEach((finding, index) => {
          const anchor = `i${number + 1}-f${index + 1}`
          const start = html.indexOf(`<li id="${anchor}" class="finding"`)
          assert.ok(start > 0, `${finding.id} is missing`)
          assert.ok(html.slice(start).includes(escape(finding.summary)))
          for (const item of finding.evidence) {
            const [line] = [...html.matchAll(/<li id="i\d+-e\d+">.*?<\/li>/gsu)].filter(
              ([one]) => one.includes(escape(item.text)) && one.includes(`href="#${anchor}"`),
            )
            assert.ok(line, `evidence of ${finding.id} does not link back`)
            if (item.line !== null) assert.ok(line[0].includes(escape(`${item.input}:${item.line}`)))
          }
        })
      })
    }
  })

  test('a line that two findings rest on is shown once and names both', async () => {
    const html = await renderHtml(CASCADE)
    const lines = [...html.matchAll(/<li id="i1-e\d+">.*?<\/li>/gsu)]
      .map(([one]) => one)
      .filter((one) => one.includes('NodeNotReady: Node node-3 status is now'))
    assert.equal(lines.length, 1)
    assert.match(lines[0] ?? '', /supports <a href="#i1-f8">F8<\/a> <a href="#i1-f9">F9<\/a>/u)
  })

  test('the timeline in words keeps to thirty rows and to what is on the chain', async () => {
    const html = await renderHtml(HUGE)
    const rows = /<table class="timeline">.*?<\/table>/su.exec(html)?.[0] ?? ''
    assert.equal([...rows.matchAll(/<td><time /gu)].length, 30)
    const onChain = HUGE.analysis.incidents[0]?.chains[0] ?? []
    for (const id of onChain) assert.ok(rows.includes(`href="#i1-f${Number(id.slice(1)) + 1}"`), `${id} is missing`)
  })
})

describe('a report without an incident', () => {
  test('never makes "nothing was wrong" and "nothing could be read" look alike', async () => {
    const [healthy, unread, none, partly] = await Promise.all([HEALTHY, UNREAD, NO_INPUT, PARTLY_READ].map(renderHtml))
    assert.match(healthy ?? '', /<h1>No incident found<\/h1>/u)
    assert.match(unread ?? '', /<h1>Nothing could be read<\/h1>/u)
    assert.match(none ?? '', /<h1>Nothing could be read<\/h1>/u)
    assert.match(partly ?? '', /<h1>No incident found in what could be read<\/h1>/u)
    assert.doesNotMatch(unread ?? '', /No incident/u)
    assert.match(unread ?? '', /This says nothing about whether anything was wrong/u)
    assert.match(partly ?? '', /could not be read at all.*dump\/node-7\/kubelet\.log/su)
  })

  test('failures that people felt are in the heading, and listed beside incidents that do not tell of them', async () => {
    const summary = 'Service <b>search</b> failed all of its requests.'
    const observed = [{ start: '2026-03-04T10:00:00.000Z', summary, told: `2026-03-04 10:00:00 UTC: ${summary}`, felt: true }]
    const alone = await renderHtml({ ...HEALTHY, observed })
    assert.match(alone, /<h1>Failures were felt; no chain of causes can be told<\/h1>/u)
    assert.match(alone, /class="verdict unexplained".*Service &lt;b&gt;search&lt;\/b&gt; failed/su)
    const beside = await renderHtml({ ...CASCADE, observed })
    assert.match(beside, /What the data cannot tell<\/h2>\s*<p>Also seen, .*Service &lt;b&gt;search&lt;\/b&gt; failed/su)
    assert.doesNotMatch(await renderHtml(CASCADE), /Also seen/u)
    assert.match(
      await renderHtml({ ...HEALTHY, observed: observed.map((one) => ({ ...one, told: 'A node was slow.', felt: false })) }),
      /<h1>No incident found<\/h1>/u,
    )
  })

  test('an answer without results was read, and hides nothing', async () => {
    const { inputs } = HEALTHY.analysis
    const answer = { path: 'dump/slots.json', format: 'prometheus', lines: 0, records: 0, skipped: 0, from: null, to: null, warnings: [] }
    const of = (...more: readonly Input[]): Promise<string> => renderHtml({ ...HEALTHY, analysis: { ...HEALTHY.analysis, inputs: more } })
    const [first] = inputs
    assert.ok(first !== undefined)
    const bare: Input = { ...first, ...answer }
    const html = await of(first, bare)
    assert.match(html, /<h1>No incident found<\/h1>/u)
    assert.match(html, /dump\/slots\.json.*nothing in it/su)
    assert.doesNotMatch(html, /could not be read|nothing understood/u)
    assert.match(await of(bare), /<h1>Nothing could be read<\/h1>/u)
    assert.match(await of(first, { ...bare, skipped: 3 }), /1 input could not be read at all/u)
  })
})

describe('the sections of a post-mortem', () => {
  test('are all there, in order, also where there is nothing to say but a question for people', async () => {
    const bare: PostMortem = { ...SEVERAL, analysis: { ...SEVERAL.analysis, incidents: SEVERAL.analysis.incidents.slice(1) }, incidents: [] }
    for (const postMortem of [CASCADE, bare]) {
      const headings = [...(await renderHtml(postMortem)).matchAll(/<h[23] id="[^"]*">([^<]*)<\/h[23]>/gu)].map((match) => match[1])
      assert.deepEqual(
        headings.filter((heading) => heading !== 'The series that matter'),
        SECTIONS,
      )
    }
  })

  test('say the mechanism, the observed and the expected lag of each arrow of the chain', async () => {
    const html = await renderHtml(CASCADE)
    const chain = /<div class="chain".*?<\/div>/su.exec(html)?.[0] ?? ''
    assert.match(chain, />missed heartbeats make not ready</u)
    assert.match(chain, />after 43 s · almost certain, 95 %</u)
    assert.match(chain, />expected 40\u00a0s \(10\u00a0s to 1\u00a0min\)</u)
    assert.match(chain, />outside the expected lag</u)
    assert.match(chain, />Round 2 begins</u)
  })

  test('draw a lane per entity, sixteen at most, and hatch where its inputs have no data', async () => {
    const lanes = (html: string): string => /<div class="lanes".*?<\/div>/su.exec(html)?.[0] ?? ''
    const [cascade, huge] = [lanes(await renderHtml(CASCADE)), lanes(await renderHtml(HUGE))]
    assert.equal([...cascade.matchAll(/<g class="lane">/gu)].length, new Set(CASCADE.analysis.incidents[0]?.findings.map((finding) => finding.entity)).size)
    assert.equal([...huge.matchAll(/<g class="lane">/gu)].length, 16)
    assert.match(huge, /and \d+ more entities/u)
    assert.match(cascade, /No data here from the inputs that speak of this entity/u)
    assert.match(cascade, /No samples from 2024-03-05 10:10:45 to 2024-03-05 10:40:50 UTC/u)
  })

  test('have a chart with its title, description, limits and numbers behind it', async () => {
    const html = await renderHtml(CASCADE)
    const chart = /<figure class="chart" id="i?incident-1-chart-1">.*?<\/figure>/su.exec(html)?.[0] ?? ''
    assert.match(chart, /alt="Chart: CPU of node-3 and node-5\. node-3 rises/u)
    assert.match(chart, /Limits: cores of a node 8 cores\./u)
    assert.match(chart, /<caption>CPU of node-3 and node-5\. \d+ of 397 moments/u)
    assert.match(chart, /no data/u)
  })
})

test('the fixture is as hostile as it says', () => {
  assert.match(HOSTILE_TEXT, /<script>.*\{\{.*\u202e/su)
})

test('what happened weeks after its cause is drawn in its minutes, what began before at the edge, and every time of another day with its day', async () => {
  const [incident] = CASCADE.analysis.incidents
  assert.ok(incident !== undefined)
  const weeksBefore = '2024-01-02T03:04:05.000Z'
  const early = incident.findings.map((finding, index) => (index === 0 ? { ...finding, start: weeksBefore, end: incident.end } : finding))
  const root = { ...incident, start: weeksBefore, findings: early, rootCauses: [{ finding: early[0]?.id ?? '', confidence: 0.9 }] }
  const chained = { ...root, chains: [[early[0]?.id ?? '', ...(incident.chains[0] ?? []).filter((id) => id !== early[0]?.id)]] }
  const html = await renderHtml({ ...CASCADE, analysis: { ...CASCADE.analysis, incidents: [chained] } })
  const [, from = '', to = ''] = /data-from="(\d+)" data-to="(\d+)"/u.exec(html) ?? []
  assert.ok(Number(to) - Number(from) < 6 * 3_600_000, 'the weeks squeeze the minutes')
  assert.match(html, /One finding began before this time, at 2024-01-02 03:04:05 UTC; it is drawn at the left edge\./u)
  assert.match(html, /<text[^>]*>2024-03-05 \d\d:\d\d:\d\d<\/text>/u)
})
