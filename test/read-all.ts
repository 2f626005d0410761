/** Reads everything under some paths, the way a run does, and tells it short: for the tests of what inputs may come in. */
import { join } from 'node:path'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { usualLimits, type Limits } from '../src/read/limits.js'
import { folderWith } from './files.js'

/** Fifty records of an application. packed.ts has it packed. */
export const LOG = Array.from(
  { length: 50 },
  (_, second) => `2026-11-21T08:18:${String(second).padStart(2, '0')}Z level=info app=orders msg="job ${second} done"\n`,
).join('')

/** Names without the folder. */
export const readAll = async (folder: string, paths: readonly string[] = [folder], limits: Partial<Limits> = {}) => {
  const { sources, unreadable } = await findInputs(paths, () => true, { ...usualLimits, ...limits })
  const extracts = []
  for (const source of sources) extracts.push(await extractInput(source))
  const short = (text: string): string => text.replaceAll(`${folder}/`, '').replaceAll(folder, '')
  return {
    inputs: extracts.map(({ path, format, wrapping, records, warnings }) => ({ path: short(path), format, wrapping, records, warnings: warnings.map(short) })),
    unreadable: unreadable.map(({ path, reason }) => ({ path: short(path), reason })),
  }
}

export const withFile = async (name: string, content: Buffer, limits: Partial<Limits> = {}) => {
  const done: (() => unknown)[] = []
  const folder = await folderWith({ after: (after: () => unknown) => done.push(after) }, { [name]: content })
  try {
    return await readAll(folder, [join(folder, name)], limits)
  } finally {
    for (const after of done) await after()
  }
}
