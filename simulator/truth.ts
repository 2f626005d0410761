/** What truly happened, in the form that the evaluation of this project scores an analysis.json with. */
import type { World } from './model/world.js'

export interface Step {
  readonly id: string
  readonly kinds: readonly string[]
  readonly entity: string
  readonly start: string
  readonly tolerance: number
}

export interface Truth {
  readonly case: string
  readonly expect: 'incident' | 'none'
  readonly steps: readonly Step[]
  /** Cause and effect by step id: a path of links must join them. */
  readonly edges: readonly (readonly [string, string])[]
  readonly roots: readonly string[]
  readonly decoys: readonly { readonly kinds: readonly string[]; readonly entity: string; readonly start?: string; readonly tolerance?: number }[]
  readonly related: readonly { readonly kinds: readonly string[]; readonly entity: string }[]
  readonly allowedExtraIncidents: number
  readonly options: readonly string[]
  readonly narrative: string
}

export const literally = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** Any replica of a workload, or the workload itself. */
export const ofWorkload = (namespace: string, name: string): string =>
  `^(workload/${namespace}/${name}|pod/${namespace}/${name}-[a-z0-9-]+|service/(${namespace}|-)/${name})$`

export const iso = (ms: number): string => new Date(Math.floor(ms)).toISOString()

type Notes = World['record']['notes']

/** The first time from a moment on that something happened (to a thing of that name, where it is given). */
export const firstNote = (notes: Notes, what: string, on?: string, fromMs = 0): number | undefined =>
  notes.find((note) => note.what === what && (on === undefined || note.on === on) && note.ms >= fromMs)?.ms

export interface Story {
  readonly steps: Step[]
  readonly edges: [string, string][]
  /** A step that happened, or nothing where it did not. */
  readonly step: (id: string, kinds: readonly string[], entity: string, atMs: number | undefined, toleranceS: number) => string | undefined
  readonly link: (cause: string | undefined, effect: string | undefined) => void
}

export const story = (): Story => {
  const steps: Step[] = []
  const edges: [string, string][] = []
  return {
    steps,
    edges,
    step(id, kinds, entity, atMs, tolerance) {
      if (atMs === undefined) return undefined
      steps.push({ id, kinds, entity, start: iso(atMs), tolerance })
      return id
    },
    link(cause, effect) {
      if (cause !== undefined && effect !== undefined) edges.push([cause, effect])
    },
  }
}
