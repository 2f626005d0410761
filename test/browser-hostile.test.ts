/** A dump that means harm, opened in a real browser with scripts on: nothing of it runs, nothing is fetched, no element is its own. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import type { Page } from 'playwright-core'
import { analyze } from '../src/analyze.js'
import { FLAVORS } from '../src/report/flavors.js'
import { renderHtml } from '../src/report/html.js'
import { renderEvidence } from '../src/report/markdown-evidence.js'
import { renderMarkdown } from '../src/report/markdown.js'
import { inScript } from '../src/report/scripts.js'
import { fiveLines, tree } from '../src/report/terminal.js'
import { closeBrowser, NO_BROWSER, open } from './browser.js'
import { folderWith } from './files.js'
import { HOSTILE, HOSTILE_TEXT } from './fixtures/post-mortem.js'

after(closeBrowser)

const HARM =
  '</script><script>alert(1)</script><!--<script>"><img src=x onerror=alert(2)>\'"><svg onload=alert(3)>{{7*7}}${alert(4)}|`x`**b**[l](javascript:alert(5))</style></textarea></title>&lt;script&gt;\u2028'

/** The same harm in the fields of several formats, around an incident that is found. */
const hostileDump = (): Record<string, string> => {
  const at = (second: number): string => new Date(Date.UTC(2026, 10, 21, 8, 18, second)).toISOString()
  const events = [
    ['OOMKilling', 0, `Memory cgroup out of memory: Killed process 7 (web) ${HARM}`],
    ['BackOff', 20, `Back-off restarting failed container app in pod web-7d9c5b8f6d-x2x4z_shop(1) ${HARM}`],
    ['Unhealthy', 30, `Readiness probe failed: dial tcp 10.1.0.7:8080: connect: connection refused ${HARM}`],
    ['Pulled', 40, HARM],
  ] as const
  const pod = 'web-7d9c5b8f6d-x2x4z'
  return {
    [`events <img src=x onerror=alert(6)> {{x}}.json`]: JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: events.map(([reason, second, message]) => ({
        kind: 'Event',
        metadata: { name: `${reason}${HARM}`, namespace: 'shop' },
        involvedObject: { kind: 'Pod', namespace: 'shop', name: pod, fieldPath: HARM },
        reason,
        message,
        source: { component: HARM, host: HARM },
        type: 'Warning',
        count: 9,
        firstTimestamp: at(second),
        lastTimestamp: at(second + 420),
      })),
    }),
    'app.log': Array.from(
      { length: 60 },
      (_, second) => `${at(second)} level=error app="${HARM.replaceAll('"', '')}" msg="connection refused ${HARM.replaceAll('"', '')}"\n`,
    ).join(''),
    'postgresql.log': Array.from(
      { length: 40 },
      (_, second) => `${at(second).replace('T', ' ').replace('Z', ' UTC')} [77] ${HARM.replaceAll('\u2028', '')}@db FATAL:  sorry, too many clients already\n`,
    ).join(''),
    'metrics.json': JSON.stringify({
      status: 'success',
      data: {
        resultType: 'matrix',
        result: [
          {
            metric: { __name__: 'up', job: HARM, instance: HARM, constructor: HARM },
            values: Array.from({ length: 60 }, (_, index) => [Date.UTC(2026, 10, 21, 8, 15) / 1000 + index * 15, index > 12 && index < 40 ? '0' : '1']),
          },
        ],
      },
    }),
  }
}

/** What tells a document or a record what it is; with harm in it, it would be none, and nothing would be tested. */
const SHAPE = /^(?:kind|apiVersion|type|reason|status|phase|resultType|__name__|version|receiver)$|[tT]ime(?:stamp)?$|At$/u

/** Harm at the end of every string of a document; names that are the same stay the same. */
const spoiled = (value: unknown, key = ''): unknown => {
  if (typeof value === 'string') return SHAPE.test(key) || /^[-+.\d]*$|^\d{4}-/u.test(value) ? value : `${value}${HARM}`
  if (Array.isArray(value)) return value.map((item) => spoiled(item, key))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, spoiled(item, name)]))
}

/** A whole dump (journals, containers, Postgres, events, objects, metrics, alerts, access logs) with harm in every line and every string. */
const spoiledSample = (name: string): Record<string, string> => {
  const root = join(import.meta.dirname, '..', 'samples', name, 'dump')
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(root, path)).isFile())
  return Object.fromEntries(
    files.map((path) => {
      const bytes = readFileSync(join(root, path))
      const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
      const plain = path.replace(/\.gz$/u, '')
      if (plain.endsWith('.json')) return [plain, JSON.stringify(spoiled(JSON.parse(text)))]
      if (plain.endsWith('.ndjson')) return [plain, text.replace(/^.+$/gmu, (line) => JSON.stringify(spoiled(JSON.parse(line))))]
      return [plain, text.replace(/^(?=.).*$/gmu, (line) => `${line} ${HARM.replaceAll('\u2028', '')}`)]
    }),
  )
}

const optionsFor = (command: string): Parameters<typeof analyze>[1] => ({
  zones: [],
  year: null,
  since: null,
  until: null,
  mechanisms: [],
  version: '0',
  command,
})

/** Every control once, so that whatever a control puts into the page is put there. */
const useEverything = async (page: Page): Promise<string> => {
  const filter = page.locator('summary', { hasText: 'Filter' })
  if ((await filter.count()) > 0) await filter.click()
  for (const name of ['Entity', 'Kind', 'Source']) {
    const select = page.getByRole('combobox', { name })
    if ((await select.count()) === 0) continue
    const value = await select.locator('option').nth(1).getAttribute('value')
    if (value !== null) await select.selectOption(value)
  }
  await page.getByLabel('Times in').selectOption('Asia/Tokyo')
  for (const name of ['Zoom in', 'Later']) if ((await page.getByRole('button', { name }).count()) > 0) await page.getByRole('button', { name }).first().click()
  for (const chart of await page.locator('figure.chart').all()) await chart.scrollIntoViewIfNeeded()
  await page.evaluate("location.hash = '#t=<img src=x onerror=alert(7)>&incident=__proto__'")
  await page.evaluate("location.hash = '#%3Cimg%20src=x%20onerror=alert(8)%3E'")
  await page.getByRole('button', { name: 'Edit the draft' }).click()
  await page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
  await page.getByRole('button', { name: 'Copy as Markdown' }).click()
  const markdown = await page.locator('.copy-box textarea').inputValue()
  await page.getByRole('button', { name: 'Close' }).click()
  return markdown
}

const assertHarmless = async (page: Page, trouble: readonly string[], markdown: string): Promise<void> => {
  assert.deepEqual(trouble, [])
  const foreign = await page.evaluate<string[]>(
    `[...document.querySelectorAll('script, iframe, object, embed, form, base, link, img')].filter((one) => !(one.matches('script[id="report-data"], body > script:not([src])') || (one.matches('img') && one.getAttribute('src').startsWith('data:image/png')))).map((one) => one.outerHTML.slice(0, 80))`,
  )
  assert.deepEqual(foreign, [])
  assert.ok((await page.locator('body > script').count()) <= 3)
  assert.deepEqual(
    await page.evaluate<string[]>(`[...document.querySelectorAll('*')].flatMap((one) => one.getAttributeNames()).filter((name) => name.startsWith('on'))`),
    [],
  )
  const outside = markdown.replace(/^ *(`{3,})[^]*?^ *\1$/gmu, '').replace(/(?<![\\`])(`+)(?!`)[^]*?[^`]\1(?!`)/gu, '')
  assert.doesNotMatch(outside, /<(?!https:\/\/)/u)
  assert.doesNotMatch(outside, /(?<!\\)\]\(javascript:/u)
}

describe('a hostile dump in a real browser', { skip: NO_BROWSER, concurrency: 2 }, () => {
  test('through the whole analysis, in every field of several formats', async (t) => {
    const folder = await folderWith(t, hostileDump())
    const { postMortem } = await analyze([folder], optionsFor(`faultline ${HARM} --timezone '${HARM}'`))
    assert.ok(postMortem.analysis.incidents.length > 0, 'the dump shows no incident, so that nothing is tested')
    const { page, trouble } = await open(t, await renderHtml(postMortem))
    await assertHarmless(page, trouble, await useEverything(page))
  })

  test('in every line and every string of a whole dump: on the page, in Markdown, on a terminal', async (t) => {
    const folder = await folderWith(t, spoiledSample('connection-surge'))
    const { postMortem } = await analyze([folder], optionsFor('faultline'))
    const formats = new Set(postMortem.analysis.inputs.filter(({ records }) => records > 0).map(({ format }) => format))
    for (const format of ['kubelet', 'postgres', 'text', 'access-log', 'kubernetes-events', 'kubernetes-objects', 'prometheus', 'alertmanager'])
      assert.ok(formats.has(format), `${format}: the harm has made it unreadable, so that it is not tested`)
    assert.ok(
      postMortem.analysis.incidents.some(({ findings }) => findings.length > 5),
      'too little is found for a test',
    )
    const { page, trouble } = await open(t, await renderHtml(postMortem))
    await assertHarmless(page, trouble, await useEverything(page))
    assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'), 'the layout is broken')
    for (const flavor of FLAVORS) {
      const text = renderMarkdown(postMortem, { flavor }) + renderEvidence(postMortem, flavor)
      const outside = text
        .replace(/^ *(`{3,})[^]*?^ *\1$/gmu, '')
        .replace(/(?<![\\`])(`+)(?!`)[^]*?[^`]\1(?!`)/gu, '')
        .replace(/^\{noformat\}$[^]*?^\{noformat\}$/gmu, '')
        .replace(/<!-- -->|<\/?(?:details|summary)>|<a id="[\w-]+"><\/a>|<br>/gu, '')
      if (flavor !== 'jira') assert.doesNotMatch(outside, /(?<!\\)<[a-z!/]/iu)
      assert.doesNotMatch(outside, flavor === 'jira' ? /(?<!\\)[[|]javascript:/u : /(?<!\\)\]\(javascript:/u)
    }
    // eslint-disable-next-line no-control-regex -- the codes that steer a terminal are what must not be there
    assert.doesNotMatch(`${fiveLines(postMortem, { color: false })}\n${tree(postMortem, { color: false })}`, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028]/u)
  })

  test('in every string of the model', async (t) => {
    const { page, trouble } = await open(t, await renderHtml(HOSTILE))
    await assertHarmless(page, trouble, await useEverything(page))
    assert.ok(await page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth'))
  })
})

test('data in a script stay data, and come back as they were', () => {
  for (const harm of [HARM, HOSTILE_TEXT, '<!--', ']]>', '{{{{', '\\{{', '\u2029</SCRIPT >']) {
    const written = inScript(JSON.stringify({ [harm]: [harm, { a: { b: harm } }] }))
    assert.doesNotMatch(written, /[<>&\u2028\u2029]|\{\{/u)
    assert.deepEqual(JSON.parse(written), { [harm]: [harm, { a: { b: harm } }] })
  }
})
