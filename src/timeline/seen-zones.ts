/** Zones that lines themselves show (src/read/two-stamps.ts): of an input, and of the other logs of the machine that wrote it. */
import type { Basis, InputExtract } from '../model/extract.js'

export interface SeenZone {
  readonly basis: Basis
  /** East of UTC. */
  readonly minutes: number
  /** Stamps (as in Stamp, without the years that were counted on) between which it was seen. */
  readonly first: number
  readonly last: number
  /** The end of a sentence. */
  readonly why: string
}

/** What a machine's own logs are wrapped in: compression, archives, the journal, syslog. */
const OF_A_MACHINE = /^(?:gzip|bzip2|zstd|xz|tar|zip|utf-16|ansi|journald-|syslog)/u

/** Servers and containers have settings of their own: their zone says nothing of their machine's, nor the other way round. */
export const hasOwnZone = ({ format, path, wrapping }: InputExtract): boolean =>
  wrapping.some((layer) => !OF_A_MACHINE.test(layer)) || format === 'postgres' || format === 'pgbouncer' || /(?:^|\/)(?:pods|containers|podlogs)\//u.test(path)

const shownBy = ({ facts, path }: InputExtract, elsewhere: boolean): readonly SeenZone[] =>
  facts.flatMap((fact) => {
    if (fact.fact !== 'zone') return []
    const { basis, minutes, first, last, lines } = fact
    const times = `${lines} lines ${elsewhere ? `of ${path} ` : ''}tell the same moment with an offset`
    return [{ basis, minutes, first, last, why: elsewhere ? `as ${times}, written on the same machine` : `since ${times}` }]
  })

/** By the input's position; empty where nothing shows its zone. */
export const zonesSeen = (extracts: readonly InputExtract[], machines: readonly (string | null)[]): readonly (readonly SeenZone[])[] => {
  const own = extracts.map((extract) => shownBy(extract, false))
  const byMachine = new Map<string, readonly SeenZone[]>()
  extracts.forEach((extract, index) => {
    const machine = machines[index] ?? null
    if (machine === null || hasOwnZone(extract)) return
    const shown = shownBy(extract, true).filter(({ basis }) => basis === 'local' || basis === 'yearless')
    if (shown.length > 0) byMachine.set(machine, [...(byMachine.get(machine) ?? []), ...shown])
  })
  return extracts.map((extract, index) => {
    const mine = own[index] ?? []
    const others = byMachine.get(machines[index] ?? '')
    const [first] = others ?? []
    // Logs of one machine that disagree tell nothing of a third.
    if (first === undefined || hasOwnZone(extract) || others?.some(({ minutes }) => minutes !== first.minutes) === true) return mine
    const told = new Set(mine.map(({ basis }) => basis))
    return [
      ...mine,
      ...(['local', 'yearless'] as const).filter((basis) => !told.has(basis)).map((basis) => ({ ...first, basis, first: -Infinity, last: Infinity })),
    ]
  })
}
