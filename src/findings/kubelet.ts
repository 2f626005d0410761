/** What several detectors know of kubelets. */
import type { Entity } from '../model/entity.js'
import type { Found } from './finding.js'
import { ofKind } from './lookup.js'

/** The kubelet's API: its own metrics, cAdvisor and probes are scraped there. https://kubernetes.io/docs/reference/networking/ports-and-protocols/ */
export const KUBELET_PORT = ':10250'
/** The first lines of a kubelet come before it says that it starts, and a node is Ready soon after that. */
export const KUBELET_START_MS = 15_000
/** node-monitor-grace-period where nobody changed it (50 s since 1.32): a node is held NotReady so long after its last word, or somewhat later. */
export const SHORTEST_GRACE_MS = 40_000

/** The times in which what is scraped from a node's kubelet did not answer. */
export const kubeletUnreachable = (node: Entity, found: readonly Found[]): readonly Found[] =>
  ofKind(found, 'service.unreachable').filter(({ entity, attributes }) => entity.endsWith(KUBELET_PORT) && `node/${String(attributes['node'] ?? '')}` === node)
