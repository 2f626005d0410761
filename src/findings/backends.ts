/** Which of a service's backends failed requests went to, where its proxy names them. */
import { node, shortName, type Entity } from '../model/entity.js'
import type { TimedSignal, Timeline } from '../timeline/timeline.js'
import type { Found } from './finding.js'
import { signalsOf } from './lookup.js'

/** Nearly all of the failures: the others are what fails on any day. */
const NEARLY_ALL = 0.8
const FEWEST = 5

/** The one backend that nearly all failed requests of the time had gone to, and the node that goes by its name or address. */
export const failingBackend = (service: Entity, start: number, end: number, timeline: Timeline): Found['attributes'] => {
  const counts = new Map<string, number>()
  let all = 0
  for (const { kind, at, until, count, attributes } of signalsOf(timeline, service)) {
    if (kind !== 'http.error' || until < start || at > end) continue
    all += count
    const { server } = attributes
    if (typeof server === 'string') counts.set(server, (counts.get(server) ?? 0) + count)
  }
  const [most] = [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
  if (most === undefined || all < FEWEST || most[1] < all * NEARLY_ALL) return {}
  const [backend] = most
  const address = backend.replace(/:\d{1,5}$/u, '')
  const known = timeline.topology.nodeAt(address) ?? (timeline.names.nodes.has(node(address)) ? node(address) : null)
  return known === null ? { backend } : { backend, node: shortName(known) }
}

/** 'dial tcp 10.0.0.7:8080: i/o timeout', 'Get "http://10.0.0.7:8080/": context deadline exceeded', 'connect to 10.0.0.7 port 8080: refused'. */
const DIALLED = /(?:dial tcp |https?:\/\/|connect(?:ing|ion)? to (?:host |server )?)(\d{1,3}(?:\.\d{1,3}){3})(?=[:\/ "\\]|$)/iu

/** The address that an error names as what could not be reached; null where it names none. */
export const dialled = ({ evidence }: TimedSignal): string | null => DIALLED.exec(evidence[0]?.text ?? '')?.[1] ?? null

/** Whom an application could not reach, where nearly all of its errors name one address whose node is known. */
export const failingAddress = (signals: readonly TimedSignal[], { topology }: Timeline): Found['attributes'] => {
  const counts = new Map<string, number>()
  let all = 0
  for (const signal of signals) {
    all += signal.count
    const address = dialled(signal)
    if (address !== null) counts.set(address, (counts.get(address) ?? 0) + signal.count)
  }
  const [most] = [...counts].sort(([a, many], [b, more]) => more - many || (a < b ? -1 : 1))
  if (most === undefined || all < FEWEST || most[1] < all * NEARLY_ALL) return {}
  const known = topology.nodeAt(most[0])
  return known === null ? {} : { backend: most[0], node: shortName(known) }
}
