/** The clocks of all inputs, put right by what they have in common: years and zones, zones that facts show, clocks that are off, when tables of ages were made. */
import { THIS_NODE } from '../model/entity.js'
import type { InputExtract, Stamp } from '../model/extract.js'
import { alignAges } from './ages.js'
import { countingBack, READ_AS_UTC, readClocks, type ClockOptions, type InputClock } from './clock.js'
import type { Names } from './names.js'
import { hasOwnZone } from './seen-zones.js'
import { estimateServerSkews } from './server-skew.js'
import { estimateSkews, estimateZones, type EstimatedZone, type Skew, type Skews } from './skew.js'
import { signed } from './zones.js'

/** By the input's position. */
export const commonClock = (extracts: readonly InputExtract[], options: ClockOptions, names: Names): readonly InputClock[] => {
  const machines = machinesOf(extracts, names)
  const read = readClocks(extracts, options, machines)
  const zoned = inZones(extracts, read, machines, names)
  const skews = estimateSkews(extracts, zoned, names)
  const cluster = corrected(zoned, skews.inputs, "the API server's")
  const { servers, clients } = estimateServerSkews(extracts, cluster, names)
  const right = corrected(corrected(cluster, servers, "its clients'"), clients, "the database server's")
  return withSenders(extracts, withSteps(extracts, alignAges(extracts, countingBack(extracts, right), names)), skews)
}

/** Who wrote an input that names its machine. */
const machinesOf = (extracts: readonly InputExtract[], names: Names): readonly (string | null)[] =>
  extracts.map(({ facts }, index) => (facts.some(({ fact }) => fact === 'input-node') ? names.resolver(index)(THIS_NODE) : null))

/**
 * The clocks, with the zones that common facts show where UTC was only assumed: of an input, of the other logs of its machine, of the other logs
 * of its kind. Machines of one cluster are set up alike, and a log that shares nothing with the API server is hardly the one in another zone.
 */
const inZones = (
  extracts: readonly InputExtract[],
  clocks: readonly InputClock[],
  machines: readonly (string | null)[],
  names: Names,
): readonly InputClock[] => {
  const zones = estimateZones(extracts, clocks, names)
  const byMachine = new Map<string, EstimatedZone | null>()
  const byFormat = new Map<string, EstimatedZone | null>()
  const learn = (from: Map<string, EstimatedZone | null>, key: string, zone: EstimatedZone): void => {
    const other = from.get(key)
    from.set(key, other === undefined || other?.minutes === zone.minutes ? zone : null)
  }
  for (const [index, zone] of zones) {
    const [extract, machine] = [extracts[index], machines[index] ?? null]
    if (machine === null || extract === undefined || hasOwnZone(extract)) continue
    learn(byMachine, machine, zone)
    learn(byFormat, extract.format, zone)
  }
  return clocks.map((clock, index) => {
    const extract = extracts[index]
    const others = clock.assumed === true && extract !== undefined && !hasOwnZone(extract)
    const machine = machines[index] ?? null
    const mine = zones.get(index)
    const ofMachine = others && machine !== null ? byMachine.get(machine) : undefined
    const ofFormat = others && machine !== null ? byFormat.get(extract.format) : undefined
    const zone = mine ?? (ofMachine === undefined ? ofFormat : ofMachine)
    if (zone === undefined || zone === null || zone.minutes === 0) return clock
    const where = mine !== undefined ? '' : ofMachine === undefined ? " in another machine's log of this kind" : ' in another log of its machine'
    const why = `since ${zone.pairs} facts that the API server recorded, too, lie so far apart${where}`
    const note = `its times carry no zone: read as UTC${signed(zone.minutes)}, ${why} (--timezone says otherwise)`
    const at = (stamp: Stamp): number => clock.at(stamp) - (stamp.basis.startsWith('local') || stamp.basis.startsWith('yearless') ? zone.minutes * 60_000 : 0)
    return { ...clock, at, notes: clock.notes.map((said) => (said === READ_AS_UTC ? note : said)) }
  })
}

/** The clocks with what two inputs' common facts say they are off by. */
const corrected = (clocks: readonly InputClock[], skews: ReadonlyMap<number, Skew>, whose: string): readonly InputClock[] =>
  clocks.map((clock, index) => {
    const skew = skews.get(index)
    if (skew === undefined) return clock
    const note = `its clock was ${how(skew)} ${whose}, from ${skew.pairs} facts that both recorded (± ${Math.ceil(skew.uncertaintyMs / 1000)} s): corrected`
    return { at: (stamp) => clock.at(stamp) + skew.offsetMs, offsetMs: skew.offsetMs, uncertaintyMs: skew.uncertaintyMs, notes: [...clock.notes, note] }
  })

const how = ({ offsetMs }: Skew): string => `${Math.abs(offsetMs / 1000).toFixed(0)} s ${offsetMs < 0 ? 'ahead of' : 'behind'}`

/** The clocks of lists of events, with what kubelets whose clocks are off stamped in them. */
const withSenders = (extracts: readonly InputExtract[], clocks: readonly InputClock[], { senders }: Skews): readonly InputClock[] => {
  if (senders.size === 0) return clocks
  const offsets = new Map([...senders].map(([sender, { offsetMs }]) => [sender, offsetMs]))
  const notes = [...senders]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([sender, skew]) => `what the kubelet of ${sender} says in it carries that node's clock, ${how(skew)} the API server's: corrected`)
  return clocks.map((clock, index) =>
    extracts[index]?.format === 'kubernetes-events' ? { ...clock, senders: offsets, notes: [...clock.notes, ...notes] } : clock,
  )
}

/** Of one input so many steps are told. */
const MOST_STEPS = 5

/** The clocks, with what is said of steps that they made. */
const withSteps = (extracts: readonly InputExtract[], clocks: readonly InputClock[]): readonly InputClock[] =>
  clocks.map((clock, index) => {
    const steps = extracts[index]?.facts.flatMap((fact) => (fact.fact === 'clock-stepped' ? [fact] : [])) ?? []
    if (steps.length === 0) return clock
    const notes = steps.slice(0, MOST_STEPS).map(({ at, seconds, said }) => {
      const ms = clock.at(at)
      const time = Number.isFinite(ms) ? ` at ${new Date(ms).toISOString()}` : ''
      const how = seconds === null ? 'set' : `put ${seconds < 0 ? 'back' : 'forward'} by ${Math.abs(seconds).toFixed(1)} s`
      return `its machine's clock was ${how}${time} (${said}): what was written shortly before may carry a time that is off by as much`
    })
    const more = steps.length > MOST_STEPS ? [`its machine's clock was set ${steps.length - MOST_STEPS} more times`] : []
    return { ...clock, notes: [...clock.notes, ...notes, ...more] }
  })
