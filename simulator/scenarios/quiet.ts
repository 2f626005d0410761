/** Ordinary days of all kinds. Whoever finds an incident in one of them invents it. */
import type { Scenario } from './scenario.js'

export const quietScenarios: ReadonlyMap<string, Scenario> = new Map<string, Scenario>([])
