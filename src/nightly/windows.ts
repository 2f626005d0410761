/**
 * The archive is looked at a day at a time, each with some hours before and after it, so that what happens around midnight is seen whole twice.
 * A window's conclusion is kept under a key made of all that it follows from: what has the same key is not concluded again.
 */
import { createHash } from 'node:crypto'
import type { InputExtract } from '../model/extract.js'
import type { PostMortem } from '../post-mortem/post-mortem.js'
import type { Gathered } from '../artifact/artifact.js'
import { within, type Database } from './database.js'
import { loadExtract } from './ingest.js'
import { dropWindow, inputStates, setWindow, windowStates, type InputState } from './state.js'

export const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Causes come before their effects: most within minutes, few before this. */
export const BEFORE_MS = 3 * HOUR_MS
export const AFTER_MS = 6 * HOUR_MS
/** Extracts are kept in memory for the windows that follow, up to so many inputs. */
const MAX_KEPT = 2_000

export interface Window {
  readonly name: string
  readonly sinceMs: number
  readonly untilMs: number
}

/** The analysis of what was gathered, between these times. */
export type Conclude = (gathered: Gathered, window: Window) => Promise<PostMortem>

export const dayWindow = (day: number): Window => ({
  name: new Date(day * DAY_MS).toISOString().slice(0, 10),
  sinceMs: day * DAY_MS - BEFORE_MS,
  untilMs: (day + 1) * DAY_MS + AFTER_MS,
})

/** What says the same at the same place counts once: the first by its name in the state. */
export const distinctInputs = (inputs: readonly InputState[]): readonly InputState[] =>
  [...new Map([...inputs].reverse().map((input) => [input.content, input])).values()].reverse()

export interface Windowing {
  /** Names of all windows that stand for the archive as it is. */
  readonly names: readonly string[]
  readonly concluded: number
}

/** Concludes the days that have something new; drops those of which nothing is left. */
export const concludeDays = async (out: string, database: Database, circumstances: string, conclude: Conclude, keepFrom: number): Promise<Windowing> => {
  const inputs = distinctInputs(inputStates(database))
  const days = [...new Set(inputs.flatMap(({ days: some }) => some))].filter((day) => (day + 1) * DAY_MS > keepFrom).sort((a, b) => a - b)
  return concludeWindows(out, database, inputs, days.map(dayWindow), circumstances, conclude)
}

export const concludeWindows = async (
  out: string,
  database: Database,
  inputs: readonly InputState[],
  windows: readonly Window[],
  circumstances: string,
  conclude: Conclude,
): Promise<Windowing> => {
  const known = new Map(windowStates(database).map((state) => [state.name, state.key]))
  const load = keptExtracts(out)
  let concluded = 0
  for (const window of windows) {
    const inside = inputs.filter(({ firstMs, lastMs }) => lastMs >= window.sinceMs && firstMs <= window.untilMs)
    const key = keyOf(window, inside, circumstances)
    if (known.get(window.name) === key) continue
    const extracts: InputExtract[] = []
    for (const { address, position } of inside) {
      const extract = (await load(address))[position]
      if (extract !== undefined) extracts.push(extract)
    }
    const postMortem = await conclude({ extracts, unreadable: [] }, window)
    within(database, () => setWindow(database, { ...window, key }, splitUp(postMortem)))
    concluded++
  }
  return { names: windows.map(({ name }) => name), concluded }
}

export const dropOthers = (database: Database, names: readonly string[]): void => {
  const wanted = new Set(names)
  const others = windowStates(database).filter(({ name }) => !wanted.has(name))
  if (others.length > 0) within(database, () => others.forEach(({ name }) => dropWindow(database, name)))
}

const keyOf = (window: Window, inputs: readonly InputState[], circumstances: string): string => {
  const hash = createHash('sha256').update(`${circumstances}\n${window.sinceMs} ${window.untilMs}\n`)
  for (const { address, position } of inputs) hash.update(`${address} ${position}\n`)
  return hash.digest('hex')
}

/** One post-mortem for each incident: what a report is made of; and one without any for failures that people felt and nothing explains. */
const splitUp = (whole: PostMortem): readonly PostMortem[] => {
  const about = (incidents: PostMortem['analysis']['incidents']): PostMortem => ({
    ...whole,
    analysis: { ...whole.analysis, incidents },
    incidents: whole.incidents.filter(({ incident }) => incidents.some(({ id }) => id === incident)),
    surroundings: { quotes: [], notes: [] },
  })
  const felt = whole.observed.filter((one) => one.felt)
  return [...whole.analysis.incidents.map((incident) => about([incident])), ...(felt.length === 0 ? [] : [{ ...about([]), observed: felt }])]
}

/** Neighbouring days share their inputs: the last ones read are kept. */
const keptExtracts = (out: string): ((address: string) => Promise<readonly InputExtract[]>) => {
  const kept = new Map<string, readonly InputExtract[]>()
  let size = 0
  return async (address) => {
    const before = kept.get(address)
    if (before !== undefined) return before
    const { extracts } = await loadExtract(out, address)
    for (const [oldest, { length }] of kept) {
      if (size + extracts.length <= MAX_KEPT) break
      kept.delete(oldest)
      size -= length
    }
    kept.set(address, extracts)
    size += extracts.length
    return extracts
  }
}
