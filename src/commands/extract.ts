/** faultline extract: the upper half, written to a file. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { shardName, type Shard } from '../artifact/shard.js'
import { isS3 } from '../storage/s3.js'
import { EXIT, limitsOf, say, write, type LimitFlags } from './common.js'

export interface ExtractFlags extends LimitFlags {
  readonly output: string
  readonly shard?: Shard
  readonly mechanisms?: readonly string[]
  readonly jobs?: number
  readonly quiet?: boolean
  readonly verbose?: boolean
}

export const runExtract = async (paths: readonly string[], flags: ExtractFlags): Promise<number> => {
  const { gatherPacked } = await import('../gather.js')
  const { signaturesWith } = await import('../causes/choose-mechanisms.js')
  const { watched } = await import('./reading.js')
  const signatures = await signaturesWith(flags.mechanisms ?? [])
  const { onBytes, end } = watched(flags.quiet === true)
  const told: string[] = []
  const options = {
    limits: await limitsOf(flags),
    signatures,
    ...(flags.shard === undefined ? {} : { shard: flags.shard }),
    ...(flags.jobs === undefined ? {} : { jobs: flags.jobs }),
    onBytes,
  }
  const { artifact, unreadable } = await gatherPacked(paths, options, (about) => told.push(about))
  end()
  for (const { path, reason } of unreadable) say(`${path}: ${reason}`)
  if (flags.verbose === true) told.sort().forEach(say)
  // A shard that runs twice writes the same file twice.
  const name = shardName(artifact.address, flags.shard)
  const file = !isFolder(flags.output) ? flags.output : isS3(flags.output) ? flags.output + name : join(flags.output, name)
  await write(file, artifact.parts)
  if (flags.quiet !== true && file !== '-') process.stderr.write(`${file}\n`)
  return unreadable.length > 0 ? EXIT.unreadable : EXIT.analysed
}

const isFolder = (path: string): boolean => path.endsWith('/') || (!isS3(path) && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false))
