/** What truly happened, in the form that the evaluation of this project scores an analysis.json with. */

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
