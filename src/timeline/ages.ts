/**
 * Tables of ages whose making was only guessed from the newest time nearby: they were made then or somewhat later. What they tell and another
 * input tells with a time, or with a surer age, says how much later.
 */
import { THIS_NODE, type Entity } from '../model/entity.js'
import type { InputExtract, Signal, Stamp } from '../model/extract.js'
import { addTo } from '../model/lists.js'
import type { InputClock } from './clock.js'
import type { Names } from './names.js'

/** Nobody collects for longer than this after the last of what he collected was written. */
const FARTHEST_MS = 5 * 60_000
/** Ages are told to the second up to ten minutes. */
export const FINE_MS = 10 * 60_000
/** What two programs write of one fact, and the rounding of ages, differ by so much. */
const NOTABLE_MS = 2_000

const keyOf = ({ kind, phase, entity }: Signal, resolve: (entity: Entity) => Entity): string => `${kind} ${phase === 'end' ? 'end' : ''} ${resolve(entity)}`

/** The clocks, those of guessed tables moved to where what they share with others lies. */
export const alignAges = (extracts: readonly InputExtract[], clocks: readonly InputClock[], names: Names): readonly InputClock[] => {
  if (!clocks.some(({ guessed }) => guessed === true)) return clocks
  const known = new Map<string, number[]>()
  const learn = (index: number): void => {
    const clock = clocks[index]
    for (const signal of extracts[index]?.signals ?? []) {
      const at = clock?.at(signal.until) ?? NaN
      if (!Number.isFinite(at) || signal.entity === THIS_NODE || (signal.until.basis === 'ago' && signal.until.ms < -FINE_MS)) continue
      addTo(known, keyOf(signal, names.resolver(index)), at)
    }
  }
  clocks.forEach(({ guessed }, index) => {
    if (guessed !== true) learn(index)
  })
  return clocks.map((clock, index) => (clock.guessed === true ? moved(clock, offsetsOf(extracts[index], clock, names.resolver(index), known)) : clock))
}

/** How much later each thing was that this table and another input tell. */
const offsetsOf = (
  extract: InputExtract | undefined,
  clock: InputClock,
  resolve: (entity: Entity) => Entity,
  known: ReadonlyMap<string, readonly number[]>,
): number[] => {
  const offsets: number[] = []
  for (const signal of extract?.signals ?? []) {
    if (signal.until.basis !== 'ago' || signal.until.ms < -FINE_MS || signal.until.ms === 0) continue
    const at = clock.at(signal.until)
    const near = (known.get(keyOf(signal, resolve)) ?? []).map((time) => time - at).filter((offset) => offset > -NOTABLE_MS && offset < FARTHEST_MS)
    near.sort((a, b) => Math.abs(a) - Math.abs(b))
    if (near[0] !== undefined) offsets.push(near[0])
  }
  return offsets.sort((a, b) => a - b)
}

const moved = (clock: InputClock, offsets: readonly number[]): InputClock => {
  const offset = offsets[Math.floor(offsets.length / 2)]
  if (offset === undefined || offset < NOTABLE_MS) return clock
  const note = `its ages are moved by ${Math.round(offset / 1000)} s: ${offsets.length} of the things it tells are told with a time elsewhere`
  const at = (stamp: Stamp): number => clock.at(stamp) + (stamp.basis === 'ago' ? offset : 0)
  return { ...clock, at, notes: [...clock.notes, note] }
}
