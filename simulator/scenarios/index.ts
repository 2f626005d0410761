import { cascade } from './cascade.js'
import type { Scenario } from './scenario.js'

export const scenarios: ReadonlyMap<string, Scenario> = new Map([['cascade', cascade]])
