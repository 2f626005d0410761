/** Keeps what the simulated programs say, until dump.ts writes it in the layout that a scenario asks for. */
import type { Machine, Pod } from '../model/world.js'

/** A line that a program on a machine wrote; the journal's dress is put on when it is written out. */
export interface NodeLine {
  readonly ms: number
  /** boot: the separator that journalctl prints between boots; its text is the boot id. */
  readonly unit: 'kubelet' | 'kernel' | 'containerd' | 'systemd' | 'boot'
  readonly pid: number
  readonly text: string
}

export interface Line {
  readonly ms: number
  readonly text: string
}

export interface EventDraft {
  readonly reason: string
  readonly type: 'Normal' | 'Warning'
  readonly message: string
  readonly kind: 'Pod' | 'Node' | 'ReplicaSet' | 'Deployment' | 'Job' | 'CronJob'
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly container?: string
  readonly component: string
  readonly host?: string
  /** The scheduler posts by the newer API: eventTime only. */
  readonly newApi?: boolean
}

export interface KubernetesEvent extends EventDraft {
  readonly firstMs: number
  lastMs: number
  count: number
  readonly uniqueUid: string
  readonly suffix: string
  resourceVersion: number
}

export interface SeriesData {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly points: [ms: number, value: number][]
}

export interface Notification {
  readonly ms: number
  readonly labels: Readonly<Record<string, string>>
  readonly summary: string
  readonly startsMs: number
  readonly endsMs: number | null
}

export interface Recorder {
  readonly nodeLines: Map<string, NodeLine[]>
  readonly podLines: Map<Pod, Line[]>
  readonly files: Map<string, Line[]>
  readonly events: Map<string, KubernetesEvent>
  readonly series: Map<string, SeriesData>
  readonly notifications: Notification[]
  /** When the things happened that the truth is about, in order of time. */
  readonly notes: { readonly what: string; readonly on: string; readonly ms: number }[]
  node(node: Machine, unit: NodeLine['unit'], pid: number, ms: number, text: string): void
  pod(pod: Pod, ms: number, text: string): void
  file(path: string, ms: number, text: string): void
  event(ms: number, draft: EventDraft, uid: () => string, suffix: () => string): void
  sample(name: string, labels: Readonly<Record<string, string>>, ms: number, value: number): void
  note(what: string, on: string, ms: number): void
}

const into = <K, V>(map: Map<K, V[]>, key: K, value: V): void => {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

export const recorder = (): Recorder => {
  const nodeLines = new Map<string, NodeLine[]>()
  const podLines = new Map<Pod, Line[]>()
  const files = new Map<string, Line[]>()
  const events = new Map<string, KubernetesEvent>()
  const series = new Map<string, SeriesData>()
  let resourceVersion = 4_081_000
  return {
    nodeLines,
    podLines,
    files,
    events,
    series,
    notifications: [],
    notes: [],
    node: (node, unit, pid, ms, text) => into(nodeLines, node.name, { ms, unit, pid, text }),
    pod: (pod, ms, text) => into(podLines, pod, { ms, text }),
    file: (path, ms, text) => into(files, path, { ms, text }),
    event(ms, draft, uid, suffix) {
      // client-go's correlator counts an event up when reason, object and message are the same within ten minutes.
      const key = `${draft.component}/${draft.host ?? ''}/${draft.kind}/${draft.uid}/${draft.reason}/${draft.message}`
      const known = events.get(key)
      resourceVersion += 7
      if (known && !draft.newApi && ms - known.lastMs < 600_000) {
        known.lastMs = ms
        known.count++
        known.resourceVersion = resourceVersion
      } else events.set(known ? `${key}/${ms}` : key, { ...draft, firstMs: ms, lastMs: ms, count: 1, uniqueUid: uid(), suffix: suffix(), resourceVersion })
    },
    sample(name, labels, ms, value) {
      const key = `${name}${JSON.stringify(labels)}`
      const known = series.get(key)
      if (known) known.points.push([ms, value])
      else series.set(key, { name, labels, points: [[ms, value]] })
    },
    note(what, on, ms) {
      this.notes.push({ what, on, ms })
    },
  }
}
