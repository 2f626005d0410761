/** What an input's path tells: the pod whose container wrote it, and the machine it may come from. */
import { pod } from '../model/entity.js'
import type { InputContext } from '../model/format.js'
import { plainPath, toldBy } from './layouts.js'

export const contextOf = (path: string, expression: string | null = null): InputContext => {
  const told = toldBy(path)
  return { path, pod: told.pod === null ? null : pod(told.namespace ?? '-', told.pod), container: told.container, expression }
}

/** Words of a file's name that say what is in it, not whose it is. */
const CONTENTS = new Set(
  (
    'kubelet kubenswrapper kube-proxy kube-apiserver kube-controller-manager kube-scheduler apiserver controller-manager scheduler k3s k3s-agent rke2 ' +
    'containerd crio cri-o docker dockerd runtime cni calico-node kernel dmesg kern journal journald journalctl system syslog messages secure ' +
    'service services unit units log logs out err current previous old error errors debug postgresql postgres pgbouncer exporter logfile redis etcd haproxy nginx'
  ).split(' '),
)
/** Folders between a machine's own folder and its logs. */
const BETWEEN = new Set(
  'logs log var journal journald system systemlogs service services files host etc kubernetes kubelet containers rke2 k3s agent-logs server-logs var_log'.split(
    ' ',
  ),
)
/** Folders that gather many machines' files, or say when: above them no machine's name is looked for. */
const ABOVE = new Set(
  'dump dumps before after data tmp home root work logs pods nodes node hosts all-logs prometheus prom metrics masters workers host_service_logs . ..'.split(
    ' ',
  ),
)

const SEPARATORS = ['-', '_', '.', '@'] as const

/** What is left before a content word at the end, or after one at the beginning; null where there is none. */
const without = (stem: string): string | null => {
  for (const separator of SEPARATORS) {
    // The longest word first, since 'kube-proxy' holds the separator itself.
    for (let at = stem.indexOf(separator); at > 0; at = stem.indexOf(separator, at + 1)) if (CONTENTS.has(stem.slice(at + 1))) return stem.slice(0, at)
    for (let at = stem.lastIndexOf(separator); at > 0; at = stem.lastIndexOf(separator, at - 1)) if (CONTENTS.has(stem.slice(0, at))) return stem.slice(at + 1)
  }
  return null
}

/** 'worker-3' of 'worker-3-kubelet.log', 'kubelet-worker-3.log.1', 'worker-3_kubelet-2026-11-21'; '' where the name says only what is in it; null: neither. */
const ownerOf = (file: string): string | null => {
  let stem = file.toLowerCase().replace(/(?:\.(?:log|txt|json|jsonl|ndjson|gz|bz2|zst|xz|tgz|\d{1,8}))+$/u, '')
  // A date or number after what is in it: '-2026-11-21', '-1'. After a name it is part of the name.
  const undated = stem.replace(/(?:[-_.]\d{1,14})+$/u, '')
  if (CONTENTS.has(undated) || SEPARATORS.some((separator) => CONTENTS.has(undated.slice(undated.lastIndexOf(separator) + 1)) && undated.includes(separator)))
    stem = undated
  let told = false
  for (let rest: string | null = stem; rest !== null; rest = without(stem)) {
    told ||= rest !== stem
    stem = rest
    if (CONTENTS.has(stem)) return ''
  }
  if (told) return stem
  // 'worker-1.log': a name with a number may be a machine's, one without ('app.log') hardly.
  const bare = stem.replace(/[-_.]\d{4}[-_.\dt]*$/u, '')
  return /[a-z]/u.test(bare) && /\d/u.test(bare) ? bare : null
}

/** A name that the machine behind this input may have; the timeline decides. Null where the path has none. */
export const nodeOfPath = (path: string): string | null => {
  const { node, pod: writer, fromApi } = toldBy(path)
  if (fromApi) return null
  if (node !== null) return asNode(node)
  const parts = plainPath(path)
    .split('/')
    .filter((part) => part !== '')
  const file = parts.pop() ?? ''
  const podFolder = parts.findIndex((part) => /^[a-z0-9-]+_[a-z0-9.-]+_[0-9a-f-]{8,36}$/u.test(part))
  if (podFolder > 0) return named(parts.slice(0, podFolder))
  // must-gather and others: nodes/<node>/…, node/logs/<node>.log
  const folder = parts.findLastIndex((part) => part === 'nodes' || part === 'node' || part === 'hosts')
  if (folder >= 0) {
    const next = parts[folder + 1]
    if (next !== undefined && !BETWEEN.has(next)) return asNode(next)
    return asNode(file.replace(/(?:\.(?:log|txt|json|gz|\d{1,3}))+$/u, ''))
  }
  const owner = writer === null ? ownerOf(file) : null
  if (owner === null) return null
  return owner === '' ? named(parts) : asNode(owner)
}

/** The nearest folder that is not one between a machine and its logs. */
const named = (folders: readonly string[]): string | null => {
  for (let at = folders.length - 1; at >= 0; at--) {
    const folder = folders[at]?.toLowerCase() ?? ''
    if (folder === 'pods' || BETWEEN.has(folder)) continue
    return ABOVE.has(folder) ? null : asNode(folder)
  }
  return null
}

/** Node names are DNS names. */
const asNode = (name: string): string | null => (/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u.test(name) && !CONTENTS.has(name) ? name : null)
