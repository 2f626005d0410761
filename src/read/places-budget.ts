/**
 * The places of all inputs' signals within one budget, however many inputs there are: their texts are most of what is held of logs. Beyond it an input that has more
 * than its share keeps of each signal the first and the last place, at last the first one only. Both follow from what the inputs have together, so it does not matter
 * which of them comes first.
 */
import type { Signal } from '../model/extract.js'

/** What a text and its place take, about. */
const MOST_BYTES = 32 << 20
const PLACE_BYTES = 200

export interface PlacesBudget {
  /** Takes an input's signals. */
  add(signals: readonly Signal[]): HeldSignals
}

/** Signals whose places may have to go for those of others. */
export interface HeldSignals {
  /** As they are once all have been added. They are not held any longer. */
  take(): readonly Signal[]
  /** What was left out, for whoever reads the report. */
  said(): readonly string[]
}

interface Input {
  signals: readonly Signal[]
  /** All places, the first and the last, the first. */
  readonly bytes: readonly [number, number, number]
  level: Level
}
type Level = 0 | 1 | 2

export const placesBudget = (most = MOST_BYTES): PlacesBudget => {
  const inputs: Input[] = []
  const all: [number, number, number] = [0, 0, 0]

  /** More inputs have less room each and more bytes together: what had to go once would have to go later, too. */
  const levelOf = ({ bytes }: Input): Level => {
    const share = most / inputs.length
    if (all[0] <= most || bytes[0] <= share) return 0
    return all[1] <= most || bytes[1] <= share ? 1 : 2
  }
  const makeRoom = (input: Input): void => {
    const level = levelOf(input)
    if (level === input.level) return
    input.level = level
    input.signals = input.signals.map((signal) => (signal.places.length <= mostPlaces(level) ? signal : { ...signal, places: keptOf(signal.places, level) }))
  }

  return {
    add(signals) {
      const input: Input = { signals, bytes: [bytesOf(signals, 0), bytesOf(signals, 1), bytesOf(signals, 2)], level: 0 }
      inputs.push(input)
      for (const level of [0, 1, 2] as const) all[level] += input.bytes[level]
      if (all[0] > most) inputs.forEach(makeRoom)
      return {
        take() {
          const { signals: kept } = input
          input.signals = []
          return kept
        },
        said: () => (input.level === 0 ? [] : [SAID[input.level]]),
      }
    },
  }
}

const mostPlaces = (level: Level): number => (level === 0 ? Infinity : level === 1 ? 2 : 1)

const keptOf = (places: Signal['places'], level: Level): Signal['places'] =>
  level === 0 ? places : level === 1 ? [...places.slice(0, 1), ...places.slice(-1)] : places.slice(0, 1)

const bytesOf = (signals: readonly Signal[], level: Level): number => {
  let bytes = 0
  for (const { places } of signals)
    for (let at = 0; at < places.length; at++)
      if (level === 0 || at === 0 || (level === 1 && at === places.length - 1)) bytes += PLACE_BYTES + (places[at]?.text.length ?? 0)
  return bytes
}

const SAID = {
  1: 'all inputs together say too much to keep it all: of the lines of what was said several times the first and the last are kept',
  2: 'all inputs together say too much to keep it all: of the lines of what was said several times the first is kept',
} as const
