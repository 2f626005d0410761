/** What the fuzzing starts from: each format's and wrapping's own example, and the files of samples/, by kind. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { formats, wrappings } from '../parsers/index.js'

const SAMPLES = fileURLToPath(new URL('../samples/', import.meta.url))
/** Of each file: enough for its kinds of lines, few enough to start at once. */
const MOST_BYTES = 48_000
const MOST_LINE = 1_500

/** Lists of lines; those of one list come from one place. `folders`: more files to take lines from. */
export const seedLines = (folders: readonly string[] = [SAMPLES], mostFiles = Infinity): Buffer[][] => {
  const examples = [...formats, ...wrappings].flatMap((one) => ('example' in one ? [Buffer.from(one.example)] : []))
  const files = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort(),
  )
  const step = Math.max(1, Math.floor(files.length / mostFiles))
  return [examples, ...files.filter((_, index) => index % step === 0).map(linesOf)].filter((lines) => lines.length > 0)
}

const linesOf = (file: string): Buffer[] => {
  const raw = readFileSync(file)
  let bytes = raw
  try {
    if (raw[0] === 0x1f && raw[1] === 0x8b) bytes = gunzipSync(raw)
  } catch {
    // It stays as it is: packed bytes are an input, too.
  }
  return bytes
    .subarray(0, MOST_BYTES)
    .toString('latin1')
    .split('\n')
    .map((line) => Buffer.from(line.slice(0, MOST_LINE), 'latin1'))
}
