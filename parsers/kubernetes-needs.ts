/** What the containers of a pod or of a template are configured to need and to answer: the servers that their environment and arguments name, and probes. */
import { service, type Entity } from '../src/model/entity.js'
import type { Sink } from '../src/model/format.js'
import { listOf, numberOf, objectOf, textOf, type Json, type JsonObject } from './kubernetes-fields.js'
import type { Once } from './kubernetes-once.js'

/** 'http://orders:8085/', 'postgres://app:secret@db.core.svc/orders', 'jdbc:postgresql://db:5432/orders'. RFC 3986, section 3. */
const URL = /^(?:jdbc:)?[a-z][a-z0-9+.-]{1,20}:\/\/(?:[^@/\s]{1,300}@)?([A-Za-z0-9.-]{1,253})(?=[:/?]|$)/u
const WITH_PORT = /^([A-Za-z0-9.-]{1,253}):\d{2,5}$/u
/** libpq's keywords and values. */
const DSN = /(?:^|\s)host=([A-Za-z0-9.-]{1,253})(?=\s|$)/u
/** Of what is called so, a value without scheme and port is a host, too. */
const CALLED_HOST = /(?:^|[_.-])(?:host|hostname|addr|address|endpoint|server|upstream|backend)$/iu
const HOST = /^[A-Za-z0-9.-]{1,253}$/u
const LABEL = /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/u
const CLUSTER_NAME = /^([a-z0-9-]{1,63})\.([a-z0-9-]{1,63})\.svc(?:\.|$)/u
const ADDRESS = /^(?!127\.|0\.0\.0\.0$)\d{1,3}(?:\.\d{1,3}){3}$/u
const MOST = 20

/** A bare name is a Service of the pod's own namespace (DNS-Based Service Discovery); any other that is not the cluster's is none. */
const serverAt = (host: string, namespace: string): Entity | null => {
  const full = CLUSTER_NAME.exec(host)
  if (full?.[1] !== undefined && full[2] !== undefined) return service(full[2], full[1])
  if (ADDRESS.test(host)) return service('-', host)
  return LABEL.test(host) && host !== 'localhost' ? service(namespace, host) : null
}

const hostIn = (name: string, value: string): string | undefined =>
  URL.exec(value)?.[1] ?? WITH_PORT.exec(value)?.[1] ?? DSN.exec(value)?.[1] ?? (CALLED_HOST.test(name) && HOST.test(value) ? value : undefined)

const needsOf = (containers: readonly Json[], namespace: string): readonly Entity[] => {
  const needs = new Set<Entity>()
  const add = (name: string, value: string): void => {
    const host = value.length > 2_000 || needs.size >= MOST ? undefined : hostIn(name, value)
    const server = host === undefined ? null : serverAt(host, namespace)
    if (server !== null) needs.add(server)
  }
  for (const container of containers) {
    for (const entry of listOf(container, 'env')) add(textOf(entry, 'name'), textOf(entry, 'value'))
    for (const key of ['command', 'args'])
      for (const argument of listOf(container, key)) {
        if (typeof argument !== 'string') continue
        const is = argument.indexOf('=')
        if (is > 0 && argument.startsWith('-')) add(argument.slice(0, is), argument.slice(is + 1))
        else add('', argument)
      }
  }
  return [...needs]
}

/** Seconds; the API server's default where nothing else is set. https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/ */
const PERIOD = 10

/** How often the kubelet asks a pod whether it is ready, or alive: counts of what came of it mean time. */
export const sayProbed = (sink: Sink, once: Once, of: Entity, spec: JsonObject | undefined): void => {
  const probes = ['readinessProbe', 'livenessProbe'].map((key) => listOf(spec, 'containers').flatMap((container) => objectOf(container, key) ?? []))
  const periods = (probes.find((all) => all.length > 0) ?? []).map((probe) => numberOf(probe, 'periodSeconds') || PERIOD)
  const value = Math.min(...periods)
  if (Number.isFinite(value) && once.said(`probed ${of} ${value}`)) sink.fact({ fact: 'limit', of, name: 'probe-period', value })
}

/** Tells it of the pods of a workload once, however many they are. */
export const sayNeeds = (sink: Sink, once: Once, client: Entity, namespace: string, spec: JsonObject | undefined): void => {
  for (const server of needsOf(listOf(spec, 'containers'), namespace))
    if (once.said(`needs ${client} ${server}`)) sink.fact({ fact: 'client-of', client, server, configured: 'yes' })
}
