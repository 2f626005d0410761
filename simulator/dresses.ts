/** One incident's logs in any dress: of machines, pods and Postgres, each in a file of its own or all in one. */
import type { Layout } from './emit/dump.js'
import { inJournal, type Dress, type Spoken } from './emit/dresses.js'
import { livePods, type World } from './model/world.js'

export interface SpokenFile {
  /** Where it lies in the plain dump. */
  readonly path: string
  readonly lines: readonly Spoken[]
}

/** What a program writes in several lines is several lines to all who carry them on. */
const byTime = (lines: readonly Spoken[], endMs: number): readonly Spoken[] =>
  lines
    .filter(({ ms }) => ms <= endMs)
    .sort((a, b) => a.ms - b.ms)
    .flatMap((line) => line.text.split('\n').map((text) => ({ ...line, text })))

/** What was said on machines, in pods and by Postgres, without anything around it. */
export const spokenFiles = ({ record, nodes, endMs, ...world }: World, layout: Layout): readonly SpokenFile[] => {
  const files: SpokenFile[] = []
  for (const { name: host } of nodes) {
    const lines = (record.nodeLines.get(host) ?? []).filter(({ unit }) => unit !== 'boot').map((line): Spoken => ({ ...line, host, namespace: '', pod: '' }))
    files.push({ path: `nodes/${host}/journal.log`, lines: byTime(lines, endMs) })
  }
  for (const pod of livePods({ record, nodes, endMs, ...world })) {
    const { namespace, name } = pod.workload
    if (!layout.podLogs.includes(name)) continue
    const lines = (record.podLines.get(pod) ?? []).map((line): Spoken => ({ ...line, host: pod.node ?? '', unit: name, pid: 1, namespace, pod: pod.name }))
    files.push({ path: `pods/${namespace}_${pod.name}_${pod.uid}/${name}/0.log`, lines: byTime(lines, endMs) })
  }
  for (const [path, said] of record.files)
    if (path.startsWith('postgres/')) {
      const lines = said.map((line): Spoken => ({ ...line, host: '', unit: 'postgres', pid: 27, namespace: '', pod: '' }))
      files.push({ path, lines: byTime(lines, endMs) })
    }
  return files.filter(({ lines }) => lines.length > 0)
}

/** What does not tell the unit is worn over a journal's lines, which do; what tells only of pods is nothing for machines and servers, whose logs stay as they are. */
export const inDress = (files: readonly SpokenFile[], dress: Dress): [string, string | Buffer][] =>
  files.map(({ path, lines }) => {
    const { unit, pod, host } = dress.tells
    const machine = path.startsWith('nodes/')
    if (pod && !host && !path.startsWith('pods/')) return [path, lines.map((line) => `${machine ? inJournal(line) : line.text}\n`).join('')]
    return [path, dress.write(machine && !unit ? lines.map((line) => ({ ...line, text: inJournal(line) })) : lines)]
  })

/** All pods' lines in one export, as who asks a log store for an hour gets them; the other files as they are. */
export const podsInOneFile = (files: readonly SpokenFile[], dress: Dress): [string, string | Buffer][] => inOneFile(files, dress, 'pods/')

/** All machines' lines in one export, for a dress that tells machine and unit. */
export const machinesInOneFile = (files: readonly SpokenFile[], dress: Dress): [string, string | Buffer][] => inOneFile(files, dress, 'nodes/')

const inOneFile = (files: readonly SpokenFile[], dress: Dress, folder: string): [string, string | Buffer][] => {
  const merged = ({ path }: SpokenFile): boolean => path.startsWith(folder)
  const lines = files.filter(merged).flatMap((file) => file.lines)
  return [
    ...inDress(
      files.filter((file) => !merged(file)),
      dress,
    ),
    ['export.log', dress.write(lines.sort((a, b) => a.ms - b.ms))],
  ]
}
