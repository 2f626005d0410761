import { bulkSync } from './bulk-sync.js'
import { cascade } from './cascade.js'
import { lockAndVolume } from './lock-and-volume.js'
import { expiredCertificate } from './expired-certificate.js'
import { ingressLost } from './ingress-lost.js'
import { memoryLeak } from './memory-leak.js'
import { quietDay } from './quiet-day.js'
import { clonedNode } from './cloned-node.js'
import { connectionSurge } from './connection-surge.js'
import { prometheusQuery } from './prometheus-query.js'
import { vacuumHostDown } from './vacuum-host-down.js'
import type { Scenario } from './scenario.js'

export const scenarios: ReadonlyMap<string, Scenario> = new Map([
  ['bulk-sync', bulkSync],
  ['cascade', cascade],
  ['cloned-node', clonedNode],
  ['connection-surge', connectionSurge],
  ['ingress-lost', ingressLost],
  ['lock-and-volume', lockAndVolume],
  ['expired-certificate', expiredCertificate],
  ['memory-leak', memoryLeak],
  ['prometheus-query', prometheusQuery],
  ['quiet-day', quietDay],
  ['vacuum-host-down', vacuumHostDown],
])
