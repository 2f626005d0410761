/** Reports in a real Chromium; where the machine has none, the tests say so and are skipped. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { TestContext } from 'node:test'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { folderWith } from './files.js'

const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
].find((path): path is string => path !== undefined && existsSync(path))

export const NO_BROWSER = executablePath === undefined ? 'no Chromium found: install one, or name it in CHROMIUM' : false

let running: Promise<Browser> | undefined

/** One for all tests of a file; as root, which containers often are, its sandbox does not start. */
export const browser = (): Promise<Browser> =>
  (running ??= chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  }))

export const closeBrowser = async (): Promise<void> => {
  await (await running)?.close()
  running = undefined
}

export interface Opened {
  readonly page: Page
  /** What must stay empty: errors, complaints, dialogs, and requests for anything but the file itself. */
  readonly trouble: string[]
}

export const open = async (t: TestContext, html: string, options: BrowserContextOptions = {}, hash = ''): Promise<Opened> => {
  const folder = await folderWith(t, { 'report.html': html })
  const context = await (await browser()).newContext({ viewport: { width: 1280, height: 1000 }, timezoneId: 'Europe/Berlin', locale: 'en-US', ...options })
  t.after(() => context.close())
  const page = await context.newPage()
  const trouble: string[] = []
  page.on('pageerror', (error) => trouble.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') trouble.push(`console: ${message.text()}`)
  })
  page.on('dialog', (dialog) => {
    trouble.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  const address = pathToFileURL(join(folder, 'report.html')).href
  page.on('request', (request) => {
    if (!/^(?:data|blob):/u.test(request.url()) && request.url().replace(/#.*/u, '') !== address) trouble.push(`request: ${request.url()}`)
  })
  await page.goto(address + hash)
  return { page, trouble }
}
