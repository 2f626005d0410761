/** faultline index: several reports on one page. */
import { existsSync } from 'node:fs'
import { open, readFile, stat } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import type { Analysis } from '../model/analysis.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import type { Digest } from '../report/digest.js'
import type { Indexed } from '../report/index-page.js'
import { EXIT, say, version, write } from './common.js'

export interface IndexFlags {
  readonly output: string
  readonly quiet?: boolean
}

/** What an index needs stands at a report's beginning, after its styles at the latest. */
const HEAD_BYTES = 4 << 20
/** An analysis.json is read whole. */
const MAX_JSON_BYTES = 256 << 20

/** Of a report given as HTML and as JSON, the HTML counts: it is what people open. */
export const runIndex = async (paths: readonly string[], flags: IndexFlags): Promise<number> => {
  const { renderIndexPage } = await import('../report/index-page.js')
  const reports: Indexed[] = []
  const given = new Set(paths.map((path) => resolve(path)))
  let failed = false
  for (const path of paths) {
    const page = path.replace(/\.json$/iu, '.html')
    if (page !== path && given.has(resolve(page))) continue
    const digest = await digestOfFile(path)
    // Its report, where it lies beside: places in a JSON file cannot be linked.
    if ('title' in digest) reports.push({ address: addressOf(page !== path && existsSync(page) ? page : path, flags.output), digest })
    else {
      failed = true
      say(`${path}: ${digest.reason}`)
    }
  }
  await write(flags.output, renderIndexPage(reports, version()))
  if (flags.quiet !== true && flags.output !== '-') process.stderr.write(`${flags.output}\n`)
  return failed ? EXIT.unreadable : EXIT.analysed
}

const digestOfFile = async (path: string): Promise<Digest | { readonly reason: string }> => {
  const { digestIn } = await import('../report/read-digest.js')
  const head = await beginningOf(path)
  if (typeof head !== 'string') return head
  if (/^\uFEFF?\s*\{/u.test(head)) {
    if ((await stat(path)).size > MAX_JSON_BYTES) return { reason: 'too large for an analysis.json' }
    return (await digestOfAnalysis(await readFile(path, 'utf8'))) ?? { reason: 'not an analysis.json of faultline (faultline/analysis@1)' }
  }
  return digestIn(head) ?? { reason: 'not a report of faultline, or one made before there was an index: make it again' }
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

/** The same of an analysis.json; null where it is none. It does not say whether alerts were collected when none is told. */
const digestOfAnalysis = async (json: string): Promise<Digest | null> => {
  const { analysisSchema } = await import('../schemas/analysis.js')
  const { digestOf } = await import('../report/digest.js')
  const { frameOf, headsOf } = await import('../report/view.js')
  const parsed = jsonOf(json)
  const { data } = analysisSchema.safeParse(parsed)
  if (data === undefined) return null
  const analysis = parsed as Analysis // as the schema has just found; it gives entities as any strings
  const postMortem: PostMortem = {
    analysis,
    version: '',
    command: '',
    incidents: [],
    alertsCollected: analysis.inputs.some(({ format, records }) => format === 'alertmanager' && records > 0),
    observed: [],
    missing: [],
    clockNotes: [],
    surroundings: { quotes: [], notes: [] },
    known: [],
  }
  return digestOf({ ...frameOf(postMortem), incidents: headsOf(postMortem) })
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text.replace(/^\uFEFF/u, '')) as unknown // checked by the caller
  } catch {
    return null
  }
}
