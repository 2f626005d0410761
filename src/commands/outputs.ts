/** What a report is written as: HTML, data, Markdown, pictures. The same for every command that ends in a report. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import { cannotWrite, write } from './common.js'

export interface OutputFlags {
  readonly output?: string
  readonly json?: string
  readonly markdown?: string
  readonly png?: string
}

/** Writes what was asked for; the HTML report where nothing was. Returns the HTML report's file, null where there is none. */
export const writeOutputs = async (postMortem: PostMortem, flags: OutputFlags): Promise<string | null> => {
  const { json, markdown, png } = flags
  if (json !== undefined) {
    const { renderJson } = await import('../report/json.js')
    await write(json, renderJson(postMortem.analysis))
  }
  if (markdown !== undefined) {
    const { renderMarkdown } = await import('../report/markdown.js')
    await write(markdown, renderMarkdown(postMortem))
  }
  if (png !== undefined) await writePictures(png, postMortem)
  const report = flags.output ?? (json === undefined && markdown === undefined && png === undefined ? 'faultline-report.html' : null)
  if (report !== null) {
    const { renderHtml } = await import('../report/html.js')
    await write(report, await renderHtml(postMortem))
  }
  return report
}

/** Into a folder, which is made where it is not there. */
const writePictures = async (folder: string, postMortem: PostMortem): Promise<void> => {
  const { drawPictures } = await import('../report/pictures.js')
  const pictures = await drawPictures(postMortem)
  if (pictures.length > 0) await mkdir(folder, { recursive: true }).catch((error: unknown) => Promise.reject(cannotWrite(folder, error)))
  for (const { name, png } of pictures) await write(join(folder, name), png)
}
