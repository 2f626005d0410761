/** What a report is written as: HTML, data, Markdown, pictures. The same for every command that ends in a report. */
import { mkdir } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import type { Flavor } from '../report/flavors.js'
import type { Beside } from '../report/markdown.js'
import type { Picture } from '../report/pictures.js'
import { cannotWrite, say, write } from './common.js'

export interface OutputFlags {
  readonly output?: string
  readonly json?: string
  readonly markdown?: string
  readonly markdownFlavor?: Flavor
  readonly png?: string
  readonly redact?: boolean
  readonly redactAlso?: readonly string[]
  readonly redactMap?: string
}

/** The report as it may be shown: with --redact without names, and who is who in a file of its own that only its owner can read. */
export const forReaders = async (postMortem: PostMortem, flags: OutputFlags): Promise<PostMortem> => {
  if (flags.redact !== true) return postMortem
  const { redact } = await import('../redact/redact.js')
  const { postMortem: redacted, map } = redact(postMortem, flags.redactAlso)
  await write(flags.redactMap ?? `${reportOf(flags)}.redaction-map.json`, `${JSON.stringify(Object.fromEntries(map), null, 2)}\n`, 0o600)
  return redacted
}

const DEFAULT_REPORT = 'faultline-report.html'

const reportOf = ({ output, markdown, json }: OutputFlags): string =>
  [output, markdown, json].find((file) => file !== undefined && file !== '-') ?? DEFAULT_REPORT

/** Writes what was asked for; the HTML report where nothing was. Returns the HTML report's file, null where there is none. */
export const writeOutputs = async (postMortem: PostMortem, flags: OutputFlags): Promise<string | null> => {
  const { json, markdown, png } = flags
  if (json !== undefined) {
    const { renderJson } = await import('../report/json.js')
    await write(json, renderJson(postMortem.analysis))
  }
  if (markdown !== undefined) {
    const { renderMarkdown } = await import('../report/markdown.js')
    const { markdownFlavor: flavor = 'github' } = flags
    const beside = markdown === '-' ? {} : { pictures: await writeBeside(markdown, postMortem), ...(await writeEvidence(markdown, postMortem, flavor)) }
    await write(markdown, renderMarkdown(postMortem, { ...beside, flavor }))
  }
  if (png !== undefined) await writePictures(png, postMortem)
  const report = flags.output ?? (json === undefined && markdown === undefined && png === undefined ? DEFAULT_REPORT : null)
  if (report !== null) {
    const { renderHtml } = await import('../report/html.js')
    await write(report, await renderHtml(postMortem))
  }
  return report
}

/** Into a folder, which is made where it is not there. */
const writePictures = async (folder: string, postMortem: PostMortem): Promise<readonly Picture[]> => {
  const { drawPictures, MOST_PICTURED } = await import('../report/pictures.js')
  const pictures = await drawPictures(postMortem)
  const more = postMortem.analysis.incidents.length - MOST_PICTURED
  if (more > 0) say(`${folder}: the pictures of the ${MOST_PICTURED} most severe incidents; ${more} more have none`)
  if (pictures.length > 0) await mkdir(folder, { recursive: true }).catch((error: unknown) => Promise.reject(cannotWrite(folder, error)))
  for (const { name, png } of pictures) await write(join(folder, name), png)
  return pictures
}

/** The pictures of a Markdown report, in a folder of its name beside it. */
const writeBeside = async (file: string, postMortem: PostMortem): Promise<readonly Beside[]> => {
  const folder = `${basename(file, extname(file))}-pictures`
  const pictures = await writePictures(join(dirname(file), folder), postMortem)
  return pictures.map(({ name, incident, kind, chart }) => ({ incident, kind, chart, address: `${addressOf(folder)}/${name}` }))
}

/** The evidence of a Markdown report, in a file of its name beside it: a tracker takes only so much. Where there is no incident there is none. */
const writeEvidence = async (file: string, postMortem: PostMortem, flavor: Flavor): Promise<{ readonly evidence?: string }> => {
  if (postMortem.analysis.incidents.length === 0) return {}
  const { renderEvidence } = await import('../report/markdown-evidence.js')
  const name = `${basename(file, extname(file))}-evidence${extname(file)}`
  await write(join(dirname(file), name), renderEvidence(postMortem, flavor))
  return { evidence: addressOf(name) }
}

/** A name as an address that no bracket or blank ends. */
const addressOf = (folder: string): string => encodeURIComponent(folder).replace(/[()!*'~]/gu, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
