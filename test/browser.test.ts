/** The HTML report where people read it: every control by mouse and by keyboard, nothing asked of the network, nothing refused by axe. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import axe from 'axe-core'
import type { Locator, Page } from 'playwright-core'
import { renderHtml } from '../src/report/html.js'
import { browser, closeBrowser, NO_BROWSER, open } from './browser.js'
import { CASCADE, HEALTHY, SEVERAL, UNREAD } from './fixtures/post-mortem.js'
import { SECTIONS } from './fixtures/sections.js'

const html = { cascade: '', several: '' }

before(async () => {
  if (NO_BROWSER !== false) return
  html.cascade = await renderHtml(CASCADE)
  html.several = await renderHtml(SEVERAL)
  await browser()
})
after(closeBrowser)

const button = (page: Page, name: string): Locator => page.getByRole('button', { name }).first()
const lanes = (page: Page): Locator => page.locator('.lanes').first()
const axis = (page: Page): Promise<string> => ask<string>(page, "document.querySelector('.lanes .axis').textContent")
const said = (page: Page): Promise<string> => page.locator('.page-tools .status').innerText()
/** What page scripts see; its shape is what the expression says. */
const ask = <T>(page: Page, expression: string): Promise<T> => page.evaluate<T>(expression)

describe('with scripts', { skip: NO_BROWSER, concurrency: 3 }, () => {
  test('the timeline zooms, moves and comes back, by button, by key and by dragging', async (t) => {
    const { page, trouble } = await open(t, html.cascade)
    const whole = await axis(page)
    await button(page, 'Zoom in').click()
    const zoomed = await axis(page)
    assert.notEqual(zoomed, whole)
    assert.match(await said(page), /^Shown: \d\d:\d\d:\d\d to \d\d:\d\d:\d\d UTC\.$/u)
    await button(page, 'Later').click()
    const later = await axis(page)
    assert.notEqual(later, zoomed)
    await button(page, 'Earlier').click()
    assert.equal(await axis(page), zoomed)
    await button(page, 'Zoom out').click()
    assert.equal(await axis(page), whole)
    await lanes(page).focus()
    await page.keyboard.press('+')
    await page.keyboard.press('ArrowRight')
    assert.notEqual(await axis(page), whole)
    await page.keyboard.press('0')
    assert.equal(await axis(page), whole)
    const box = (await lanes(page).boundingBox())!
    await page.mouse.move(box.x + box.width * 0.4, box.y + 60)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.6, box.y + 80, { steps: 4 })
    await page.mouse.up()
    assert.notEqual(await axis(page), whole)
    await button(page, 'Whole').focus()
    await page.keyboard.press('Enter')
    assert.equal(await axis(page), whole)
    assert.deepEqual(trouble, [])
  })

  test('a click marks a moment, the address tells it, and opening that address shows it', async (t) => {
    const { page, trouble } = await open(t, html.cascade)
    await lanes(page).scrollIntoViewIfNeeded()
    await lanes(page).click({ position: { x: 400, y: 100 } })
    assert.match(page.url(), /#t=2024-03-05T\d\d:\d\d:\d\dZ&incident=1$/u)
    assert.ok((await page.locator('.lanes .moment').count()) > 0)
    await button(page, 'Copy link to this moment').waitFor()
    assert.deepEqual(trouble, [])
    const again = await open(t, html.cascade, {}, '#t=2024-03-05T10:16:12Z')
    assert.ok((await again.page.locator('.lanes .moment').count()) > 0)
    assert.match(await again.page.locator('tr.at-moment').innerText(), /10:16:12/u)
    assert.ok(await ask<boolean>(again.page, 'scrollY > 200'))
    assert.deepEqual(again.trouble, [])
  })

  test('charts are live: they tell values under the pointer and by arrow keys, and zoom with the lanes', async (t) => {
    const { page, trouble } = await open(t, html.cascade)
    const chart = page.locator('figure.chart').first()
    await chart.scrollIntoViewIfNeeded()
    await chart.locator('canvas').waitFor()
    assert.equal(await chart.locator('img').isVisible(), false)
    const readout = chart.locator('.readout')
    await chart.locator('canvas').hover()
    assert.match(await readout.innerText(), /^2024-03-05 \d\d:\d\d:\d\d UTC: node-3/u)
    await page.mouse.move(5, 5)
    await chart.locator('.card').focus()
    await page.keyboard.press('ArrowRight')
    const first = await readout.innerText()
    await page.keyboard.press('ArrowRight')
    assert.notEqual(await readout.innerText(), first)
    const whole = await axis(page)
    await page.keyboard.press('+')
    assert.notEqual(await axis(page), whole)
    await page.keyboard.press('Escape')
    assert.equal(await axis(page), whole)
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await page.waitForURL(/#t=/u)
    assert.deepEqual(trouble, [])
  })

  test('findings are filtered by entity, kind and source; a link to a hidden one shows it again', async (t) => {
    const { page, trouble } = await open(t, html.cascade)
    const shown = (): Promise<number> => page.locator('li.finding:visible').count()
    const all = await shown()
    const summary = page.locator('summary', { hasText: 'Filter' })
    await summary.focus()
    await page.keyboard.press('Enter')
    for (const [label, value] of [
      ['Entity', 'node/node-3'],
      ['Kind', 'node.not-ready'],
      ['Source', 'kubelet'],
    ] as const) {
      await page.getByRole('combobox', { name: label }).selectOption(value)
      const kept = await shown()
      assert.ok(kept > 0 && kept < all, `${label} keeps ${kept} of ${all}`)
      assert.ok((await page.locator('tr[data-finding]:visible').count()) <= kept)
      await button(page, 'Clear').click()
      assert.equal(await shown(), all)
    }
    await page.getByRole('combobox', { name: 'Entity' }).selectOption('node/node-3')
    assert.ok((await page.locator('.lanes > [data-lane]:not([data-lane="series"]):visible').count()) <= 1)
    const hidden = await page.locator('li.finding[hidden]').first().getAttribute('id')
    await ask(page, `location.hash = ${JSON.stringify(hidden)}`)
    await page.locator(`#${hidden ?? ''}`).waitFor()
    assert.equal(await shown(), all)
    assert.deepEqual(trouble, [])
  })

  test('lanes are hidden and shown one by one', async (t) => {
    const { page, trouble } = await open(t, html.cascade)
    await page.locator('summary', { hasText: 'Lanes' }).click()
    const box = page.getByLabel('node/node-3', { exact: true })
    await box.focus()
    await page.keyboard.press('Space')
    assert.equal(await page.locator('[data-lane="node/node-3"]').isVisible(), false)
    await box.click()
    assert.equal(await page.locator('[data-lane="node/node-3"]').isVisible(), true)
    await page.keyboard.press('Escape')
    assert.equal(await box.isVisible(), false)
    assert.ok(await ask<boolean>(page, "document.activeElement.matches('summary')"))
    assert.deepEqual(trouble, [])
  })

  test('times switch to the reader’s zone and any other, and back to what was written', async (t) => {
    const { page, trouble } = await open(t, html.cascade)
    const when = page.locator('.facts dd').nth(1)
    const written = await page.locator('body').innerText()
    assert.match(await when.innerText(), /2024-03-05 10:02:30 to 10:44:30 UTC/u)
    await page.getByLabel('Times in').selectOption('Europe/Berlin')
    assert.match(await when.innerText(), /2024-03-05 11:02:30 to 11:44:30 GMT\+1/u)
    assert.equal(await page.locator('.timeline time[datetime="2024-03-05T10:16:12.000Z"]').first().innerText(), '11:16:12')
    await page.getByLabel('Times in').selectOption('Pacific/Auckland')
    assert.match(await when.innerText(), /2024-03-05 23:02:30 to 23:44:30 GMT\+13/u)
    await page.getByLabel('Times in').selectOption('UTC')
    assert.equal(await page.locator('body').innerText(), written)
    assert.deepEqual(trouble, [])
  })

  test('the draft is edited in place and saved as a file that is whole again by itself', async (t) => {
    const { page, trouble } = await open(t, html.cascade)
    await button(page, 'Zoom in').click()
    await page.getByLabel('Times in').selectOption('Europe/Berlin')
    await button(page, 'Edit the draft').focus()
    await page.keyboard.press('Space')
    const answer = page.getByRole('textbox', { name: /Which users or customers noticed/u })
    await answer.click()
    await page.keyboard.insertText('Checkout <b>failed</b> for 300 customers.')
    await page.locator('.lead').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.insertText(' We were lucky.')
    await page.getByLabel('Times in').selectOption('UTC')
    const download = page.waitForEvent('download')
    await button(page, 'Save a copy').click()
    const saved = readFileSync(await (await download).path(), 'utf8')
    assert.equal((await download).suggestedFilename(), 'report-edited.html')
    assert.ok(!/contenteditable="|data-live="|<canvas/u.test(saved.replace(/<script.*?<\/script>/gsu, '')))
    const again = await open(t, saved)
    assert.match(await again.page.locator('.prompt .answer').first().innerText(), /Checkout <b>failed<\/b> for 300 customers\./u)
    assert.match(await again.page.locator('.lead').innerText(), /We were lucky\.$/u)
    await button(again.page, 'Zoom in').click()
    await again.page.locator('figure.chart').first().scrollIntoViewIfNeeded()
    await again.page.locator('canvas').first().waitFor()
    assert.deepEqual([...trouble, ...again.trouble], [])
  })

  test('the page is copied as Markdown, edits included, and text stays text', async (t) => {
    const { page, trouble } = await open(t, html.cascade)
    await button(page, 'Edit the draft').click()
    await page.locator('h1').click()
    await page.keyboard.press('Control+End')
    await page.keyboard.insertText(' *quite* <so>')
    await ask(page, "navigator.clipboard.writeText = () => Promise.reject(new Error('refused'))")
    await button(page, 'Copy as Markdown').click()
    const markdown = await page.locator('.copy-box textarea').inputValue()
    await button(page, 'Close').click()
    assert.match(markdown, /^# .* \\\*quite\\\* &lt;so&gt;$/mu)
    for (const heading of ['Timeline', 'Impact', 'Five whys', 'Follow-ups', 'Findings and evidence'])
      assert.match(markdown, new RegExp(`^### ${heading}$`, 'mu'))
    assert.match(markdown, /^\| Time \\?\(UTC\) \| What happened \| Evidence \|$/mu)
    assert.ok(!markdown.includes('Zoom in'))
    assert.deepEqual(trouble, [])
  })
})

describe('in any browser', { skip: NO_BROWSER, concurrency: 3 }, () => {
  test('every link within the page lands on something that can be seen', async (t) => {
    for (const scripts of [true, false]) {
      const { page, trouble } = await open(t, html.several, { javaScriptEnabled: scripts })
      const lost = await ask<string[]>(
        page,
        `[...new Set([...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute('href').slice(1)))].filter((id) => !(document.getElementById(id)?.getClientRects().length > 0))`,
      )
      assert.deepEqual(lost, [])
      assert.deepEqual(trouble, [])
    }
  })

  test('axe finds nothing: wide and phone, dark and light, read and edited', async (t) => {
    const runs = [
      { viewport: { width: 1280, height: 900 }, colorScheme: 'light' },
      { viewport: { width: 390, height: 800 }, colorScheme: 'dark' },
    ] as const
    const found = await Promise.all(
      runs.map(async (options) => {
        const { page } = await open(t, html.cascade, options)
        if (options.colorScheme === 'light') {
          await button(page, 'Edit the draft').click()
          await page.locator('summary', { hasText: 'Filter' }).click()
        }
        await page.evaluate(axe.source)
        const { violations } = await ask<{ violations: { id: string; nodes: { html: string }[] }[] }>(
          page,
          "axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })",
        )
        return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200) ?? ''}`)
      }),
    )
    assert.deepEqual(found.flat(), [])
  })

  test('nothing is wider than a phone or a sheet of paper', async (t) => {
    for (const [name, page] of [
      ['phone', (await open(t, html.several, { viewport: { width: 390, height: 800 } })).page],
      ['phone, scripts off', (await open(t, html.cascade, { viewport: { width: 390, height: 800 }, javaScriptEnabled: false })).page],
      ['paper', (await open(t, html.cascade, { viewport: { width: 680, height: 960 } })).page],
    ] as const) {
      if (name === 'paper') await page.emulateMedia({ media: 'print' })
      assert.ok(await ask<boolean>(page, 'document.scrollingElement.scrollWidth <= innerWidth'), name)
    }
  })

  test('a print has every chart as its picture, uncut, and no control', async (t) => {
    const { page } = await open(t, html.cascade, { viewport: { width: 680, height: 960 } })
    await page.locator('figure.chart').first().scrollIntoViewIfNeeded()
    await page.locator('canvas').first().waitFor()
    await page.emulateMedia({ media: 'print' })
    assert.equal(await page.locator('.tools:visible, canvas:visible, .readout:visible').count(), 0)
    for (const image of await page.locator('.chart img').all()) {
      const box = (await image.boundingBox())!
      assert.ok(box.width > 300 && box.x >= 0 && box.x + box.width <= 680, 'a chart is cut')
    }
    assert.ok((await page.pdf({ preferCSSPageSize: true })).length > 20_000)
  })
})

describe('without scripts', { skip: NO_BROWSER, concurrency: 3 }, () => {
  test('every section and every chart is there, with its table', async (t) => {
    const { page, trouble } = await open(t, html.cascade, { javaScriptEnabled: false })
    for (const name of [...SECTIONS, 'The series that matter']) assert.ok(await page.getByRole('heading', { name, exact: true }).isVisible(), name)
    const charts = CASCADE.incidents[0]?.charts.length ?? 0
    assert.equal(await page.locator('figure.chart').count(), charts)
    assert.deepEqual(
      await ask<number[]>(page, `[...document.querySelectorAll('.chart img')].map((image) => image.naturalWidth)`),
      Array.from({ length: charts }, () => 900),
    )
    await page.locator('.chart summary').first().click()
    assert.ok(await page.locator('.chart table').first().isVisible())
    assert.equal(await page.getByRole('button').count(), 0)
    assert.deepEqual(trouble, [])
  })

  test('where even styles and pictures are refused, all of it is readable', async (t) => {
    const strict = html.cascade.replace('<head>', `<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'">`)
    const { page } = await open(t, strict)
    for (const name of [...SECTIONS, 'The series that matter']) assert.ok(await page.getByRole('heading', { name, exact: true }).isVisible(), name)
    assert.equal(await page.getByRole('button').count(), 0, 'a script ran')
    assert.ok((await page.locator('.chain svg').first().boundingBox())!.width > 200)
    assert.ok((await page.locator('.lanes svg').first().boundingBox())!.width > 200)
    assert.match((await page.locator('.chart img').first().getAttribute('alt')) ?? '', /^Chart: /u)
    assert.ok(await ask<boolean>(page, 'document.scrollingElement.scrollWidth <= innerWidth + 200'))
  })

  test('a report without an incident works, and offers what it can', async (t) => {
    for (const postMortem of [HEALTHY, UNREAD]) {
      const { page, trouble } = await open(t, await renderHtml(postMortem))
      await page.getByLabel('Times in').selectOption('Europe/Berlin')
      await button(page, 'Edit the draft').click()
      assert.equal(await page.locator('summary', { hasText: 'Filter' }).count(), 0)
      assert.deepEqual(trouble, [])
    }
  })
})
