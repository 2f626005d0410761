/**
 * The facts of all inputs within one budget, however many inputs there are. Nearly all facts of a large dump are about pods, most of which nothing else is said of:
 * where there are too many facts, those of such pods go. That follows from what the inputs have together, so it does not matter which of them comes first.
 */
import type { Entity } from '../model/entity.js'
import type { Fact, Series, Signal } from '../model/extract.js'
import { isPlainNumber, packList, unpackList } from './packed-list.js'

/** Those of 80,000 pods: some 80 MB, as they are. */
const MOST_FACTS = 250_000

export interface FactsBudget {
  /** Takes an input's facts. Those after the first many wait packed. */
  add(facts: readonly Fact[]): WaitingFacts
  /** Once all have been added: whether some have to go. */
  isOver(): boolean
}

/** Facts of one input that may have to go for those of others. */
export interface WaitingFacts {
  /** What is kept, in its order, and in words what had to go. */
  take(spoken: Spoken): { readonly kept: readonly Fact[]; readonly said: readonly string[] }
}

export const factsBudget = (most = MOST_FACTS): FactsBudget => {
  let all = 0
  const isOver = (): boolean => all > most
  return {
    isOver,
    add(facts) {
      all += facts.length
      const batches = isOver() && facts.every(isPlain) ? packList(facts) : null
      const held = batches === null ? facts : []
      return {
        take(spoken) {
          if (!isOver()) return { kept: held, said: [] }
          const waiting = batches === null ? held : (unpackList(batches) as Iterable<Fact>) // packed above
          const kept: Fact[] = []
          let gone = 0
          for (const fact of waiting)
            if (spoken.has(fact)) kept.push(fact)
            else gone++
          if (gone === 0) return { kept, said: [] }
          return { kept, said: [`all inputs together hold too many facts to keep them all: ${gone} about pods of which nothing else is said were left out`] }
        },
      }
    },
  }
}

/** Who is spoken of: by its name, since a log may know a pod by its uid, and a series by its labels. */
export interface Spoken {
  signals(signals: readonly Signal[]): void
  series(series: readonly Series[]): void
  has(fact: Fact): boolean
}

export const whoIsSpokenOf = (): Spoken => {
  const names = new Set<string>()
  return {
    signals(signals) {
      for (const { entity, attributes } of signals) {
        names.add(nameOf(entity))
        for (const name in attributes) {
          const value = attributes[name]
          if (typeof value === 'string') names.add(nameOf(value))
        }
      }
    },
    series(series) {
      for (const { labels } of series) for (const label of POD_LABELS) if (labels[label] !== undefined) names.add(labels[label])
    },
    has(fact) {
      switch (fact.fact) {
        case 'pod-on-node':
          return names.has(nameOf(fact.pod)) || (fact.uid !== undefined && names.has(`uid:${fact.uid}`))
        case 'pod-owner':
        case 'pod-resources':
          return names.has(nameOf(fact.pod))
        case 'alias':
          return !isPod(fact.of) || names.has(nameOf(fact.of)) || names.has(fact.name)
        default:
          return true
      }
    },
  }
}

const POD_LABELS = ['pod', 'exported_pod', 'pod_name']

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const isPod = (entity: Entity): boolean => entity.startsWith('pod/')

const isPlain = (fact: Fact): boolean =>
  Object.values<unknown>(fact).every((value) =>
    typeof value === 'number' ? isPlainNumber(value) : typeof value !== 'object' || value === null || !('ms' in value) || isPlainNumber(value.ms),
  )
