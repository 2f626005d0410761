/** Reading fields of JSON whose shape nobody vouches for: what is missing or of another type is empty, never an error. */
import type { Entity } from '../src/model/entity.js'
import { node, pod, service, volume, workload } from '../src/model/entity.js'
import type { Stamp } from '../src/model/extract.js'
import { utc } from '../src/read/stamps.js'

/** Of a pod's owner, by its kind. */
export const ofJob = (kind: string | undefined): { readonly isJob?: true } => (kind === 'Job' ? { isJob: true } : {})

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

export const parseJson = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json // what JSON.parse returns is JSON
  } catch {
    return undefined
  }
}

export const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value)

export const field = (value: Json | undefined, key: string): Json | undefined => (isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined)

export const objectOf = (value: Json | undefined, key: string): JsonObject | undefined => {
  const found = field(value, key)
  return isObject(found) ? found : undefined
}

const NOTHING: readonly Json[] = []
export const listOf = (value: Json | undefined, key: string): readonly Json[] => {
  const found = field(value, key)
  return Array.isArray(found) ? (found as readonly Json[]) : NOTHING // isArray does not narrow readonly arrays
}

export const textOf = (value: Json | undefined, key: string): string => {
  const found = field(value, key)
  return typeof found === 'string' ? found : typeof found === 'number' || typeof found === 'boolean' ? String(found) : ''
}

/** NaN where there is none. */
export const numberOf = (value: Json | undefined, key: string): number => {
  const found = field(value, key)
  return typeof found === 'number' ? found : typeof found === 'string' && found !== '' ? Number(found) : NaN
}

/** Zero times ("0001-01-01T00:00:00Z") mean that there is none. */
const EARLIEST = Date.UTC(2000, 0, 1)

/** Milliseconds of an RFC 3339 time, NaN where there is none. */
export const timeOf = (value: Json | undefined, key: string): number => {
  const found = field(value, key)
  return typeof found === 'string' ? timeOfText(found) : NaN
}

export const timeOfText = (text: string): number => {
  if (text.length < 20 || text.length > 40 || text[10] !== 'T') return NaN
  const ms = text.length === 20 ? wholeSeconds(text) : Date.parse(text)
  return ms >= EARLIEST ? ms : NaN
}

const DIGITS_OF_DATE = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
let day = ''
let dayMs = NaN
/** 2026-11-21T08:18:00Z, as nearly all API objects write their times: the same as Date.parse, which takes longer. */
const wholeSeconds = (text: string): number => {
  for (const at of DIGITS_OF_DATE) if (text.charCodeAt(at) < 48 || text.charCodeAt(at) > 57) return Date.parse(text)
  const hours = Number(text.slice(11, 13))
  const minutes = Number(text.slice(14, 16))
  const seconds = Number(text.slice(17, 19))
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':' || text[19] !== 'Z' || hours > 23 || minutes > 59 || seconds > 59)
    return Date.parse(text)
  const date = text.slice(0, 10)
  if (date !== day) {
    day = date
    dayMs = Date.parse(date)
  }
  return dayMs + ((hours * 60 + minutes) * 60 + seconds) * 1000
}

/** The later of two times, of which either may be missing. */
export const latest = (one: number, other: number): number => (one >= other || Number.isNaN(other) ? one : other)

export const stamp = (ms: number): Stamp => utc(ms)

/** When this version of the object was written, as far as it tells: its managers' times, its conditions' times. */
export const observedAt = (object: JsonObject): number => {
  let last = NaN
  for (const entry of listOf(objectOf(object, 'metadata'), 'managedFields')) last = latest(last, timeOf(entry, 'time'))
  for (const condition of listOf(objectOf(object, 'status'), 'conditions')) {
    for (const key of ['lastHeartbeatTime', 'lastTransitionTime', 'lastUpdateTime']) last = latest(last, timeOf(condition, key))
  }
  return last
}

/**
 * A status is the text True, False or Unknown. What writes YAML anew may leave the quotes out (status: True), and that is a boolean to whoever reads it.
 * Anything else is no word of the condition. https://github.com/kubernetes/api/blob/v0.31.0/core/v1/types.go ConditionStatus
 */
const STATUSES: ReadonlyMap<Json | undefined, string> = new Map<Json | undefined, string>([
  ['True', 'True'],
  ['False', 'False'],
  ['Unknown', 'Unknown'],
  [true, 'True'],
  [false, 'False'],
])

export const conditionOf = (object: JsonObject, type: string): JsonObject | undefined => {
  for (const condition of listOf(objectOf(object, 'status'), 'conditions')) {
    if (!isObject(condition) || textOf(condition, 'type') !== type) continue
    const said = field(condition, 'status')
    const status = STATUSES.get(said)
    return status === undefined ? undefined : status === said ? condition : { ...condition, status }
  }
  return undefined
}

/** The alphabet of pod-template hashes and generated suffixes: k8s.io/apimachinery/pkg/util/rand, no vowels, no 0, 1, 3. */
const HASH = /-[bcdfghjklmnpqrstvwxz2456789]{5,10}$/u

/** The pod of a Deployment: its name, the hash of its template, a suffix. */
export const HASHED_POD = /^(.{1,240})-[bcdfghjklmnpqrstvwxz2456789]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}$/u

/** 'billing' of the ReplicaSet 'billing-69ff47ddbf'. */
export const withoutHash = (replicaSet: string, hash = ''): string => {
  if (hash !== '' && replicaSet.endsWith(`-${hash}`)) return replicaSet.slice(0, -hash.length - 1)
  return replicaSet.replace(HASH, '')
}

/** The entity that an object of this kind is; null for kinds that are none. */
export const entityOf = (kind: string, namespace: string, name: string): Entity | null => {
  if (name === '') return null
  switch (kind) {
    case 'Pod':
      return pod(namespace, name)
    case 'Node':
      return node(name)
    case 'ReplicaSet':
      return workload(namespace, withoutHash(name))
    case 'Deployment':
    case 'StatefulSet':
    case 'DaemonSet':
    case 'Job':
    case 'CronJob':
    case 'ReplicationController':
    case 'DeploymentConfig':
    case 'Rollout':
    case 'HorizontalPodAutoscaler':
      return workload(namespace, name)
    case 'Service':
    case 'Endpoints':
    case 'Ingress':
      return service(namespace, name)
    case 'PersistentVolumeClaim':
    case 'PersistentVolume':
      return volume(name)
    default:
      return null
  }
}

/** '96Mi' in bytes, '250m' in cores; null where there is none. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
export const quantity = (text: string): number | null => {
  const match = /^([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3}|[numkKMGTPE]i?)?$/u.exec(text)
  if (match === null) return null
  const suffix = match[2] ?? ''
  const value = Number(match[1])
  if (suffix.length > 1 && !suffix.endsWith('i')) return value * 10 ** Number(suffix.slice(1))
  const factor = FACTORS.get(suffix)
  return factor === undefined ? null : value * factor
}

const FACTORS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['n', 1e-9],
  ['u', 1e-6],
  ['m', 1e-3],
  ['k', 1e3],
  ['K', 1e3],
  ['M', 1e6],
  ['G', 1e9],
  ['T', 1e12],
  ['P', 1e15],
  ['E', 1e18],
  ['Ki', 2 ** 10],
  ['Mi', 2 ** 20],
  ['Gi', 2 ** 30],
  ['Ti', 2 ** 40],
  ['Pi', 2 ** 50],
  ['Ei', 2 ** 60],
])

/** Clients up to 1.7 dump some lists with the field names of Go: 'InvolvedObject', 'FirstTimestamp', 'UID'. Turns them into the API's. */
export const withApiNames = (value: Json, depth = 0): Json => {
  if (depth > 20) return value
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => withApiNames(item, depth + 1))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [apiName(key), withApiNames(item, depth + 1)]))
}

const apiName = (key: string): string => (/^[A-Z]+$/u.test(key) ? key.toLowerCase() : /^[A-Z]/u.test(key) ? key.charAt(0).toLowerCase() + key.slice(1) : key)

const GO_NAMES = ['InvolvedObject', 'Spec', 'Status', 'FirstTimestamp', 'ObjectMeta'] as const
export const hasGoNames = (object: JsonObject): boolean => GO_NAMES.some((name) => Object.hasOwn(object, name))

const SHAPES: readonly (readonly [string, string, string])[] = [
  ['spec', 'containers', 'Pod'],
  ['status', 'nodeInfo', 'Node'],
  ['status', 'daemonEndpoints', 'Node'],
  ['spec', 'holderIdentity', 'Lease'],
  ['spec', 'clusterIP', 'Service'],
  ['status', 'desiredNumberScheduled', 'DaemonSet'],
  ['spec', 'serviceName', 'StatefulSet'],
  ['spec', 'strategy', 'Deployment'],
]

/** Elements of typed lists ('PodList') and of old dumps carry no kind: then their shape tells it. '' where it does not. */
export const kindOf = (object: JsonObject, ofList = ''): string => {
  const kind = textOf(object, 'kind')
  if (kind !== '') return kind
  if (Object.hasOwn(object, 'involvedObject') || Object.hasOwn(object, 'regarding')) return 'Event'
  if (ofList !== '') return ofList
  for (const [outer, inner, of] of SHAPES) if (field(objectOf(object, outer), inner) !== undefined) return of
  // Insights archives cut events down to five fields.
  if (Object.hasOwn(object, 'lastTimestamp') && Object.hasOwn(object, 'reason') && Object.hasOwn(object, 'message')) return 'Event'
  return ''
}
