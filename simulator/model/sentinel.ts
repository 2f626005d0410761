/** Three Redis servers and three Sentinels that watch them, one of each on a node. Wordings of Redis 7 (sentinel.c, replication.c). */
import { instant, MINUTE, podsOf, SECOND, type Pod, type Workload, type World } from './world.js'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** 10 Apr 2024 16:36:12.345 */
const stamp = (ms: number): string => {
  const text = new Date(Math.floor(ms)).toISOString()
  return `${text.slice(8, 10)} ${MONTHS[Number(text.slice(5, 7)) - 1] ?? ''} ${text.slice(0, 4)} ${text.slice(11, 23)}`
}

const says = (world: World, pod: Pod, role: 'M' | 'S' | 'X', sign: '#' | '*', text: string): void => {
  const ms = instant(world)
  world.record.pod(pod, ms, `1:${role} ${stamp(ms)} ${sign} ${text}`)
}

export interface Sentinels {
  readonly master: string
  readonly servers: Workload
  readonly sentinels: Workload
  /** Whether a pod reaches another. */
  readonly reaches: (from: Pod, to: Pod) => boolean
}

/** down-after-milliseconds is 5 s here; whoever does not answer for so long is +sdown, and -sdown once it does. */
export const runSentinels = (world: World, { master, servers, sentinels, reaches }: Sentinels): void => {
  const { random } = world
  const ids = new Map<Pod, string>()
  const id = (pod: Pod): string => ids.get(pod) ?? (ids.set(pod, random.hex(40)), ids.get(pod) ?? '')
  const down = new Map<string, number>()
  const alive = (pod: Pod): boolean => pod.startedMs !== null && pod.deletedMs === null
  const look = (): boolean => {
    const [head, ...replicas] = podsOf(world, servers)
    if (!head) return true
    const at = `${master} ${head.ip} 6379`
    for (const watcher of podsOf(world, sentinels).filter(alive)) {
      const others = podsOf(world, sentinels).filter((pod) => pod !== watcher)
      const names: [Pod, string][] = [
        [head, `master ${at}`],
        ...replicas.map((pod): [Pod, string] => [pod, `slave ${pod.ip}:6379 ${pod.ip} 6379 @ ${at}`]),
        ...others.map((pod): [Pod, string] => [pod, `sentinel ${id(pod)} ${pod.ip} 26379 @ ${at}`]),
      ]
      for (const [pod, name] of names) {
        const key = `${watcher.uid} ${pod.uid}`
        const lost = !alive(pod) || !reaches(watcher, pod)
        const since = down.get(key)
        if (lost && since === undefined) down.set(key, world.agenda.now)
        else if (lost && since !== undefined && since >= 0 && world.agenda.now - since >= 5 * SECOND) {
          down.set(key, -1)
          says(world, watcher, 'X', '#', `+sdown ${name}`)
          world.record.note('sdown', watcher.name, world.agenda.now)
        } else if (!lost && since !== undefined) {
          down.delete(key)
          if (since < 0) says(world, watcher, 'X', '#', `-sdown ${name}`)
        }
      }
    }
    return true
  }
  world.agenda.every(SECOND, look, random.between(0, SECOND))
  world.agenda.every(10 * SECOND, () => {
    const [head, ...replicas] = podsOf(world, servers)
    if (!head) return true
    for (const pod of replicas.filter(alive)) {
      if (reaches(pod, head) && alive(head)) continue
      says(world, pod, 'S', '*', `Connecting to MASTER ${head.ip}:6379`)
      says(world, pod, 'S', '*', 'MASTER <-> REPLICA sync started')
      says(world, pod, 'S', '#', 'Timeout connecting to the MASTER...')
    }
    return true
  })
  world.agenda.every(MINUTE * 5, () => {
    for (const pod of podsOf(world, servers).slice(0, 1).filter(alive)) says(world, pod, 'M', '*', `${random.int(100, 900)} changes in 300 seconds. Saving...`)
    return true
  })
}
