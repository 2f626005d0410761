/** Numbers and names in words, for summaries. */
import { nameOf, shortName, typeOf, type Entity } from '../model/entity.js'

export const called = (entity: Entity): string => {
  switch (typeOf(entity)) {
    case 'cluster':
      return 'the cluster'
    case 'node':
      return `node ${nameOf(entity)}`
    case 'pod':
      return `pod ${nameOf(entity).replace(/^-\//u, '')}`
    case 'workload':
      return `workload ${nameOf(entity).replace(/^-\//u, '')}`
    case 'service':
      return `service ${nameOf(entity).replace(/^-\//u, '')}`
    case 'volume':
      return `volume ${nameOf(entity)}`
    case 'postgres':
      return nameOf(entity) === 'main' ? 'the Postgres server' : `Postgres ${nameOf(entity)}`
    case 'redis':
      return nameOf(entity) === '-' ? 'Redis' : `Redis ${nameOf(entity)}`
    case 'target':
      return `scrape target ${nameOf(entity)}`
    case 'loadbalancer':
      return `load balancer ${nameOf(entity)}`
    case 'process':
      return shortName(entity)
    case 'external':
      return nameOf(entity)
  }
}

/** The same where a sentence begins with it. A program's name stays as it is written. */
export const opening = (entity: Entity): string => {
  const words = called(entity)
  const type = typeOf(entity)
  return type === 'process' || type === 'external' ? words : `${words.charAt(0).toUpperCase()}${words.slice(1)}`
}

export const bytes = (value: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let left = Math.abs(value)
  while (left >= 1024 && unit < units.length - 1) {
    left /= 1024
    unit++
  }
  return `${value < 0 ? '-' : ''}${left >= 100 || unit === 0 ? left.toFixed(0) : left.toFixed(1)} ${units[unit] ?? 'B'}`
}

export const percent = (ratio: number): string => `${(100 * ratio).toFixed(ratio < 0.1 && ratio > 0 ? 1 : 0)} %`

/** 4 min 12 s */
export const duration = (ms: number): string => {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h${Math.floor((seconds % 3600) / 60) === 0 ? '' : ` ${Math.floor((seconds % 3600) / 60)} min`}`
  const hours = Math.floor((seconds % 86_400) / 3600)
  return `${Math.floor(seconds / 86_400)} d${hours === 0 ? '' : ` ${hours} h`}`
}

export const times = (count: number): string => (count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`)
