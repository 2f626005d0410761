// A report as a picture: node scripts/screenshot.mjs report.html out.png [--width 1280] [--height 1600] [--dark] [--at '#incident-1-timeline'] [--pdf]
// Needs a Chromium on the machine (CHROMIUM names it where it is not in a usual place); says so and ends with 3 where there is none.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright-core'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: 'string', default: '1280' },
    height: { type: 'string', default: '1600' },
    dark: { type: 'boolean', default: false },
    at: { type: 'string' },
    pdf: { type: 'boolean', default: false },
  },
})
const [report, out] = positionals
if (report === undefined || out === undefined) {
  console.error('usage: node scripts/screenshot.mjs <report.html> <out.png> [--width n] [--height n] [--dark] [--at selector] [--pdf]')
  process.exit(2)
}
const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => path !== undefined && existsSync(path),
)
if (executablePath === undefined) {
  console.error('no Chromium found: install one, or name it in CHROMIUM')
  process.exit(3)
}

// As root, which containers often are, Chromium's sandbox does not start; the page is our own and runs no script.
const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
const page = await browser.newPage({
  viewport: { width: Number(values.width), height: Number(values.height) },
  colorScheme: values.dark ? 'dark' : 'light',
})
await page.goto(pathToFileURL(resolve(report)).href)
if (values.at !== undefined) await page.locator(values.at).evaluate((element) => element.scrollIntoView())
if (values.pdf) await page.pdf({ path: out, preferCSSPageSize: true, printBackground: true })
else await page.screenshot({ path: out })
await browser.close()
