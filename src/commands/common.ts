/** What every command needs: exit codes, messages, files written whole, options read. Messages go to stderr; stdout carries only what was asked for with '-'. */
import { readFileSync } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UserError } from '../model/user-error.js'
import type { Limits } from '../read/limits.js'
import { isS3, putTo } from '../storage/s3.js'
import type { ZoneRule } from '../timeline/clock.js'

/** busy: another nightly run is at work; failed: it could not come to its end (a full disk). */
export const EXIT = { analysed: 0, incident: 1, usage: 2, unreadable: 3, busy: 4, failed: 5 } as const

export const version = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  for (let up = 0; up < 4; up++) {
    try {
      const parsed: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
      if (typeof parsed === 'object' && parsed !== null && 'version' in parsed && 'name' in parsed && parsed.name === 'faultline') return String(parsed.version)
    } catch {
      // Not here: one folder up.
    }
    folder = dirname(folder)
  }
  return 'unknown'
}

export interface LimitFlags {
  readonly maxUnpacked?: number
  readonly maxRatio?: number
  readonly maxMembers?: number
}

/** The usual limits, but for what the user says. */
export const limitsOf = async (flags: LimitFlags): Promise<Limits> => {
  const { usualLimits } = await import('../read/limits.js')
  return {
    maxUnpacked: flags.maxUnpacked ?? usualLimits.maxUnpacked,
    maxRatio: flags.maxRatio ?? usualLimits.maxRatio,
    maxMembers: flags.maxMembers ?? usualLimits.maxMembers,
  }
}

export const zoneRules = async (rules: readonly string[]): Promise<readonly ZoneRule[]> => {
  const { isZone } = await import('../timeline/zones.js')
  return rules.map((rule) => {
    const cut = rule.lastIndexOf('=')
    const zone = rule.slice(cut + 1)
    if (!isZone(zone)) throw new UserError(`--timezone ${rule}: '${zone}' is no IANA zone; expected one such as Europe/Berlin`)
    return { glob: cut < 0 ? null : rule.slice(0, cut), zone }
  })
}

/** The command as it was given, for the report's "how to reproduce". */
export const commandLine = (): string =>
  ['faultline', ...process.argv.slice(2).map((word) => (/^[\w./:=@%+,-]+$/u.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))].join(' ')

export const say = (message: string): void => {
  // What a path or a line says is data: no control characters reach the terminal.
  process.stderr.write(`faultline: ${message.replace(/[\p{Cc}\p{Cf}]/gu, '?')}\n`)
}

/** Writes a file whole or not at all. */
export const write = async (file: string, content: string | Uint8Array | readonly Uint8Array[], mode?: number): Promise<void> => {
  const parts = typeof content === 'string' || content instanceof Uint8Array ? [content] : content
  if (file === '-') {
    for (const part of parts) process.stdout.write(part)
    return
  }
  if (isS3(file)) {
    await putTo(file, typeof content === 'string' || content instanceof Uint8Array ? content : Buffer.concat(content))
    return
  }
  // Two that write the same file at once do not write into each other's.
  const partial = `${file}.${process.pid}.partial`
  try {
    if (mode !== undefined) await rm(partial, { force: true }) // a file that is there already keeps its mode
    await writeFile(partial, parts, mode === undefined ? {} : { mode })
    await rename(partial, file)
  } catch (error) {
    await rm(partial, { force: true })
    throw cannotWrite(file, error)
  }
}

export const cannotWrite = (file: string, error: unknown): UserError =>
  new UserError(`${file}: cannot be written: ${error instanceof Error ? error.message : String(error)}`)
