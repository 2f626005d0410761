/** The built-in mechanisms: the files, and what the build made of them. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Mechanism } from './mechanism.js'

interface BuiltInFile {
  readonly path: string
  readonly text: string
}

/** mechanisms/*.yaml in their order. The folder is beside src/ in a checkout and beside dist/ in the package. */
export const builtInFiles = (): readonly BuiltInFile[] => {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (let up = 0; up < 5; up++) {
    const files = filesIn(join(folder, 'mechanisms'))
    if (files.length > 0) return files
    folder = dirname(folder)
  }
  throw new Error('the mechanisms folder is missing from this installation')
}

const filesIn = (folder: string): readonly BuiltInFile[] => {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith('.yaml'))
      .sort()
      .map((file) => ({ path: join(folder, file), text: readFileSync(join(folder, file), 'utf8') }))
  } catch {
    return [] // not here: one folder up
  }
}

export const hashOf = (files: readonly BuiltInFile[]): string =>
  createHash('sha256')
    .update(JSON.stringify(files.map(({ text }) => text)))
    .digest('hex')

/** What the build wrote (scripts/precompile.mjs), as long as it was made of the files that are here now. */
export const preparedMechanisms = (): readonly Mechanism[] | null => {
  try {
    // Written by the build out of what the loader had checked; the hash says that it still is that.
    const prepared = JSON.parse(readFileSync(new URL('../mechanisms.json', import.meta.url), 'utf8')) as { madeOf: string; mechanisms: Mechanism[] }
    return prepared.madeOf === hashOf(builtInFiles()) ? prepared.mechanisms : null
  } catch {
    return null // not built
  }
}
