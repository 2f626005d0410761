/** faultline index: several reports on one page. */
import { open } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import type { Indexed } from '../report/index-page.js'
import { EXIT, say, version, write } from './common.js'

export interface IndexFlags {
  readonly output: string
  readonly quiet?: boolean
}

/** What an index needs stands at a report's beginning, after its styles at the latest. */
const HEAD_BYTES = 4 << 20

export const runIndex = async (paths: readonly string[], flags: IndexFlags): Promise<number> => {
  const { digestIn } = await import('../report/read-digest.js')
  const { renderIndexPage } = await import('../report/index-page.js')
  const reports: Indexed[] = []
  let failed = false
  for (const path of paths) {
    const head = await beginningOf(path)
    const digest = typeof head === 'string' ? digestIn(head) : null
    if (digest !== null) reports.push({ address: addressOf(path, flags.output), digest })
    else {
      failed = true
      say(`${path}: ${typeof head === 'string' ? 'not a report of faultline, or one made before there was an index: make it again' : head.reason}`)
    }
  }
  await write(flags.output, renderIndexPage(reports, version()))
  if (flags.quiet !== true && flags.output !== '-') process.stderr.write(`${flags.output}\n`)
  return failed ? EXIT.unreadable : EXIT.analysed
}

const beginningOf = async (path: string): Promise<string | { readonly reason: string }> => {
  try {
    const file = await open(path)
    try {
      const buffer = Buffer.alloc(HEAD_BYTES)
      const { bytesRead } = await file.read(buffer, 0, HEAD_BYTES, 0)
      return buffer.toString('utf8', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

/** From where the index will lie, with every part of the path made harmless. */
const addressOf = (path: string, index: string): string =>
  relative(index === '-' ? '.' : dirname(resolve(index)), resolve(path))
    .split(sep)
    .map((part) => encodeURIComponent(part))
    .join('/')
