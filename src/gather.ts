/** The upper half: paths in, what each input says out. Knows nothing of what it is asked for, so that extract and inspect load nothing of that. */
import { artifactOf, canonical, type Artifact, type Gathered } from './artifact/artifact.js'
import { missingShards, type Shard } from './artifact/shard.js'
import { isMine } from './artifact/share.js'
import { tidy } from './launch/flags.js'
import type { InputExtract } from './model/extract.js'
import type { Signature } from './model/signature.js'
import { UserError } from './model/user-error.js'
import { asPacked, withPacked, type WithPacked } from './makers.js'
import { startReading, type Maker } from './read/extract-all.js'
import { findInputs, type Inputs, type Named, type Saved, type Unreadable } from './read/inputs.js'
import type { Limits } from './read/limits.js'
import { factsBudget, whoIsSpokenOf, type WaitingFacts } from './read/facts-budget.js'
import { packSignals, unpackSignals } from './read/packed-signals.js'
import { placesBudget } from './read/places-budget.js'
import { seriesBudget, type Held } from './read/series-budget.js'
import { keepMost, kindsOf, mostOfEach, type Kinds } from './read/signals-budget.js'
import { hashOfSignatures } from './read/signatures.js'
import { fetchFrom, isS3, type Fetched } from './storage/s3.js'

export interface GatherOptions {
  /** Read only the files that are this machine's. */
  readonly shard?: Shard
  /** Threads that read at the same time (default: the machine's cores). */
  readonly jobs?: number
  /** What unpacking may cost; the usual limits unless given. */
  readonly limits?: Limits
  /** Lines of a user's own that mean something. */
  readonly signatures?: readonly Signature[]
  readonly onBytes?: (count: number, inputs: Pick<Inputs, 'totalBytes'>) => void
}

/** What the inputs say, in one order. Saved extracts are inputs, too. With 'tell' storage that cannot be had is an input that cannot be read; a shard must not be made without it. */
export const gather = async (paths: readonly string[], options: GatherOptions, orElse: 'tell' | 'throw' = 'throw'): Promise<Gathered> =>
  atHand(
    paths,
    shardFilter(options),
    async (near, unreached) => {
      const { extracts, unreadable } = await readAll(near, options, unreached)
      return { extracts, unreadable }
    },
    orElse,
  )

export const shardFilter = ({ shard }: GatherOptions): ((path: string) => boolean) => (shard === undefined ? () => true : (path) => isMine(path, shard))

/** What lies elsewhere (s3://) is copied here for as long as it is needed. What cannot be had is an input that cannot be read, or ends it all. */
export const atHand = async <T>(
  paths: readonly string[],
  wanted: (path: string) => boolean,
  use: (near: readonly (string | Named)[], unreached: readonly Unreadable[]) => Promise<T>,
  orElse: 'tell' | 'throw' = 'throw',
): Promise<T> => {
  const fetched: Fetched[] = []
  const unreached: Unreadable[] = []
  try {
    const near: (string | Named)[] = []
    for (const path of paths) {
      if (!isS3(path)) {
        near.push(path)
        continue
      }
      const copy = await fetchFrom(path, wanted).catch((error: unknown) => {
        if (orElse === 'throw' || !(error instanceof UserError) || !error.failed) throw error
        unreached.push({ path, reason: error.message.startsWith(`${path}: `) ? error.message.slice(path.length + 2) : error.message })
        return null
      })
      if (copy === null) continue
      fetched.push(copy)
      if (!copy.none) near.push(copy)
    }
    return await use(near, unreached)
  } finally {
    for (const copy of fetched) await copy.done()
  }
}

/** Everything, those inputs included that can be opened once more. Their series, signals, the places of those and facts keep within one budget each, all together. */
export const readAll = async (
  paths: readonly (string | Named)[],
  options: GatherOptions,
  unreached: readonly Unreadable[] = [],
): Promise<Gathered & { readonly inputs: Inputs }> => {
  const { add, all } = budgets()
  const { inputs, kept, unreadable } = await readEach(paths, options, withPacked, add)
  tidy()
  return { inputs, ...canonical({ extracts: all(kept), unreadable: [...unreadable, ...unreached] }) }
}

/** What is held of an extract until all that are reasoned about together have come. */
interface Waiting {
  readonly rest: Held
  readonly facts: WaitingFacts
  readonly signals: WithPacked['signals']
}

/** More signals than this wait packed. */
const MOST_HELD = 60_000

const budgets = () => {
  const series = seriesBudget()
  const places = placesBudget()
  const facts = factsBudget()
  const kinds: Kinds[] = []
  let held = 0
  return {
    /** Signals that come packed stay so until all have come: what has read them is gone then. */
    add: ({ signals, ...rest }: WithPacked): Waiting => {
      const packed = 'batches' in signals
      kinds.push(packed ? signals.kinds : kindsOf(signals))
      if (!packed) held += signals.length
      return {
        rest: series.add({ ...rest, facts: [], signals: [] }),
        facts: facts.add(rest.facts),
        signals: packed || held <= MOST_HELD ? signals : packSignals(signals),
      }
    },
    all: (waiting: readonly Waiting[]): readonly InputExtract[] => {
      const most = mostOfEach(kinds)
      const spoken = whoIsSpokenOf()
      return waiting
        .map((one) => {
          const { kept, said } = keepMost(unpackSignals(one.signals), most)
          const rest = one.rest.take()
          if (facts.isOver()) {
            spoken.signals(kept)
            spoken.series(rest.series)
          }
          return { ...one, rest, said, signals: places.add(kept) }
        })
        .map(({ rest, facts: own, said, signals }) => {
          const ofInput = own.take(spoken)
          return { ...rest, warnings: [...rest.warnings, ...said, ...ofInput.said, ...signals.said()], signals: signals.take(), facts: ofInput.kept }
        })
    },
  }
}

/** What the inputs say, as bytes to be kept or sent. Each input's are made as soon as it is read, and hold all that was kept of it: merging thins, not saving. */
export const gatherPacked = async (
  paths: readonly string[],
  options: GatherOptions,
  told: (about: string) => void = () => undefined,
): Promise<{ readonly artifact: Artifact; readonly unreadable: Gathered['unreadable'] }> =>
  atHand(paths, shardFilter(options), async (near) => {
    const { kept, unreadable } = await readEach(near, options, asPacked, ({ packed, about }) => {
      told(about)
      return packed
    })
    return { artifact: artifactOf(kept, unreadable), unreadable }
  })

const readEach = async <Made, Kept>(
  paths: readonly (string | Named)[],
  options: GatherOptions,
  maker: Maker<Made>,
  keep: (made: Made) => Kept,
): Promise<{ readonly inputs: Inputs; readonly kept: readonly Kept[]; readonly unreadable: readonly Unreadable[] }> => {
  const { jobs, onBytes, signatures = [] } = options
  const reading = startReading({ ...(jobs === undefined ? {} : { jobs }), signatures, ...(onBytes === undefined ? {} : { onBytes }) }, maker, keep)
  const inputs = await findInputs(paths, shardFilter(options), options.limits, reading)
  const saved = await readSaved(inputs.saved, signatures, (extract) => keep(maker.make(extract)))
  const kept = await reading.all(inputs)
  return { inputs, kept: [...kept, ...saved.kept], unreadable: [...inputs.unreadable, ...saved.unreadable] }
}

/** Only what was read before, by this machine or others. With `shards` it takes that all of so many are there, and throws a UserError that names the others. */
export const gatherSaved = async (paths: readonly string[], shards?: number, signatures: readonly Signature[] = []): Promise<Gathered> => {
  const wanted = (path: string): boolean => !path.endsWith('.partial') // what a shard that was killed left
  return atHand(paths, wanted, async (near) => {
    const { saved, sources, unreadable } = await findInputs(near, wanted)
    const missing =
      shards === undefined
        ? []
        : missingShards(
            saved.map(({ path }) => path),
            shards,
          )
    if (missing.length > 0)
      throw new UserError(`${paths.join(', ')}: of ${shards ?? 0} shards ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not there (yet)`)
    const { add, all } = budgets()
    const { kept, unreadable: broken } = await readSaved(saved, signatures, add)
    const others = sources.map(({ path }) => ({ path, reason: 'not a saved extract: faultline extract makes one of it, faultline analyze reads it as it is' }))
    return canonical({ extracts: all(kept), unreadable: [...unreadable, ...broken, ...others] })
  })
}

const OTHER_SIGNATURES = 'it was extracted without the signatures that are given now: extract it again with them'

const readSaved = async <Kept>(
  saved: readonly Saved[],
  signatures: readonly Signature[],
  keep: (extract: InputExtract) => Kept,
): Promise<{ readonly kept: readonly Kept[]; readonly unreadable: readonly Unreadable[] }> => {
  const kept: Kept[] = []
  const unreadable: Unreadable[] = []
  if (saved.length === 0) return { kept, unreadable }
  const { decodeEach } = await import('./artifact/decode-artifact.js')
  const wanted = signatures.length === 0 ? null : hashOfSignatures(signatures)
  for (const one of saved) {
    try {
      const parts: Buffer[] = []
      for await (const part of one.chunks()) parts.push(Buffer.from(part))
      const all = decodeEach(Buffer.concat(parts), (extract) =>
        keep(wanted === null || extract.signatures === wanted ? extract : { ...extract, warnings: [...extract.warnings, OTHER_SIGNATURES] }),
      )
      kept.push(...all.kept)
      unreadable.push(...all.unreadable)
    } catch (error) {
      unreadable.push({ path: one.path, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { kept, unreadable }
}
