/** The causal graph of one dump: who leads to whom, how surely, along which path. Links point forward only, so every walk ends. */
import { groupBy } from '../model/lists.js'
import type { CausalLink } from './link.js'

export interface RankedRoot {
  /** Position in the list of findings. */
  readonly finding: number
  readonly confidence: number
}

export interface Graph {
  readonly outgoing: ReadonlyMap<number, readonly CausalLink[]>
  readonly incoming: ReadonlyMap<number, readonly CausalLink[]>
}

export const graphOf = (links: readonly CausalLink[]): Graph => ({
  outgoing: groupBy(links, (link) => link.cause),
  incoming: groupBy(links, (link) => link.effect),
})

export interface Path {
  readonly steps: readonly number[]
  /** Product of the links' confidences. */
  readonly product: number
}

/** The surest path from one finding to each that it leads to. */
export const pathsFrom = (start: number, graph: Graph): ReadonlyMap<number, Path> => {
  const best = new Map<number, Path>([[start, { steps: [start], product: 1 }]])
  const order = topological(start, graph)
  for (const at of order) {
    const here = best.get(at)
    if (here === undefined) continue
    for (const link of graph.outgoing.get(at) ?? []) {
      const product = here.product * link.confidence
      const known = best.get(link.effect)
      if (known === undefined || product > known.product + 1e-12) best.set(link.effect, { steps: [...here.steps, link.effect], product })
    }
  }
  return best
}

/** Everything reachable from `start`, causes before effects. */
const topological = (start: number, graph: Graph): readonly number[] => {
  const order: number[] = []
  const state = new Map<number, 'open' | 'done'>()
  const stack: { at: number; next: number }[] = [{ at: start, next: 0 }]
  state.set(start, 'open')
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const link = graph.outgoing.get(top.at)?.[top.next++]
    if (link === undefined) {
      state.set(top.at, 'done')
      order.push(top.at)
      stack.pop()
    } else if (!state.has(link.effect)) {
      state.set(link.effect, 'open')
      stack.push({ at: link.effect, next: 0 })
    }
  }
  return order.reverse()
}

/** How well a finding is explained by what surely leads to it, 0..1. */
export const explained = (at: number, graph: Graph): number =>
  1 - (graph.incoming.get(at) ?? []).reduce((left, link) => left * (link.faint ? 1 : 1 - link.confidence), 1)

/** Connected parts over the given links, with their links; every finding that a link touches is in exactly one. */
export const components = (links: readonly CausalLink[]): readonly { readonly members: readonly number[]; readonly links: readonly CausalLink[] }[] => {
  const parent = new Map<number, number>()
  const root = (at: number): number => {
    let top = at
    for (let up = parent.get(top); up !== undefined && up !== top; up = parent.get(top)) top = up
    // What lies on the way points to the top from now on.
    for (let one = at; one !== top;) {
      const up = parent.get(one) ?? top
      parent.set(one, top)
      one = up
    }
    return top
  }
  for (const { cause, effect } of links) {
    for (const one of [cause, effect]) if (!parent.has(one)) parent.set(one, one)
    parent.set(root(cause), root(effect))
  }
  const groups = new Map<number, { members: number[]; links: CausalLink[] }>()
  for (const at of [...parent.keys()].sort((a, b) => a - b)) {
    const top = root(at)
    const group = groups.get(top)
    if (group === undefined) groups.set(top, { members: [at], links: [] })
    else group.members.push(at)
  }
  for (const link of links) groups.get(root(link.effect))?.links.push(link)
  return [...groups.values()]
}
