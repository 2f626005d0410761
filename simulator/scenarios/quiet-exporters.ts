/** Exporters that cannot be trusted: one has been down for good since its machine was given up, others miss single scrapes; an alert says so all the time. */
import { scrapeTarget } from '../model/ordinary.js'
import { MINUTE } from '../model/world.js'
import { quiet, town } from './town.js'
import type { Scenario } from './scenario.js'

export const quietExporters: Scenario = (seed) => {
  const gone = { instance: '10.9.1.7:9121', job: 'legacy-redis' }
  const day = town('quiet-exporters', seed, {
    rules: [{ alertname: 'TargetDown', severity: 'warning', forMs: 10 * MINUTE, summary: 'A target has been down for 10 minutes.', active: () => [gone] }],
  })
  const { world } = day
  const chance = day.random.fork('targets')
  scrapeTarget(world, gone, () => false)
  for (const [instance, job, misses] of [
    ['10.9.1.20:9308', 'kafka-exporter', 0.03],
    ['10.9.1.21:9115', 'blackbox', 0.015],
    ['10.9.1.22:9100', 'node-exporter', 0.02],
    ['10.9.1.23:9187', 'postgres-exporter-replica', 0.04],
  ] as const)
    scrapeTarget(world, { instance, job }, () => !chance.chance(misses))
  return quiet(day, 'A target that has been down for months and four that miss a scrape now and then. What they watch is well.')
}
