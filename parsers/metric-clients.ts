/** Who asks whom, by what HTTP clients and meshes count of their requests: names and labels as in src/model/request-metrics.ts. It is asked once per series. */
import { namespaceOf, pod, service, shortName, workload, type Entity } from '../src/model/entity.js'
import type { Labels } from '../src/model/extract.js'
import type { Sink } from '../src/model/format.js'
import { askedIn, countsRequests, isAskedOfOthers, serviceOf } from '../src/model/request-metrics.js'
import { serviceNamed } from './text-causes.js'

/** Pairs that are kept of one input. */
const MAX_ASKED = 5_000

/** Looks at a new series. */
export const clientFacts = (sink: Sink): ((name: string, labels: Labels) => void) => {
  const asked = new Set<string>()
  return (name, labels) => {
    if (!countsRequests(name) || asked.size >= MAX_ASKED) return
    const [client, server] = askedBy(name, labels) ?? []
    if (client === undefined || server === undefined || asked.has(`${client} ${server}`)) return
    asked.add(`${client} ${server}`)
    // Whom it asks by HTTP is not all that it needs.
    sink.fact({ fact: 'client-of', client, server, configured: 'yes' })
  }
}

/** Whose requests to others a series counts, and whom it asks: by a client's own labels, or by those of a mesh. */
const askedBy = (name: string, labels: Labels): readonly [client: Entity, server: Entity] | null => {
  if (labels['source_workload'] !== undefined) {
    const { source_workload: asking, source_workload_namespace: namespace } = labels
    const server = serviceOf(labels)
    return asking === 'unknown' || server === null ? null : [workload(namespace ?? '-', asking), server]
  }
  const asked = isAskedOfOthers(name, labels) ? askedIn(labels) : null
  const server = asked === null ? null : serviceNamed(asked.includes('://') ? asked : `http://${asked}`)
  if (server === null) return null
  const client = labels['pod'] === undefined ? serviceOf(labels) : pod(labels['namespace'] ?? '-', labels['pod'])
  const namespace = labels['dst_namespace'] ?? labels['namespace']
  // A bare name is one of the client's own namespace, unless it is an address.
  const isBare = namespace !== undefined && namespaceOf(server) === '-' && !/[.:]/u.test(shortName(server))
  return client === null ? null : [client, isBare ? service(namespace, shortName(server)) : server]
}
