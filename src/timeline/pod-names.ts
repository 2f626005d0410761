/** What the name of a pod tells of who made it. */
import { namespaceOf, shortName, workload, type Entity } from '../model/entity.js'

/** The alphabet of generated name suffixes: k8s.io/apimachinery/pkg/util/rand leaves out vowels and look-alikes. */
const SUFFIX = '[bcdfghjklmnpqrstvwxz2456789]'
/** Eight figures are the minute at which a CronJob started a Job, and none of them a hash that could be expected. */
const REPLICASET_POD = new RegExp(`^((.+)-(?!\\d{8}-)${SUFFIX}{4,10})-${SUFFIX}{5}$`, 'u')
const GENERATED_POD = new RegExp(`^(.+)-${SUFFIX}{5}$`, 'u')
const STATEFUL_POD = /^(.+)-\d{1,3}$/u

export const workloadFromName = (pod: Entity): Entity | null => {
  const name = shortName(pod)
  const called = REPLICASET_POD.exec(name)?.[2] ?? GENERATED_POD.exec(name)?.[1] ?? STATEFUL_POD.exec(name)?.[1]
  return called === undefined ? null : workload(namespaceOf(pod), called)
}

/** 'web-7d9c5b8f6d' of 'web-7d9c5b8f6d-x2x4z'. */
export const replicaSetFromName = (name: string): string | null => REPLICASET_POD.exec(name)?.[1] ?? null
