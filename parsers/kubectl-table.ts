/** Tables that kubectl prints: columns begin where their heads do, k8s.io/cli-runtime/pkg/printers/tableprinter.go. They carry ages, no times. */
import { node, pod, workload } from '../src/model/entity.js'
import type { Sink } from '../src/model/format.js'
import { HASHED_POD, quantity } from './kubernetes-fields.js'

export interface Column {
  readonly head: string
  readonly from: number
  readonly to: number
}

/** The columns of a head line; null where it is none. */
export const columnsOf = (line: string): readonly Column[] | null => {
  if (line.length > 1000 || !/^(?:NAMESPACE|NAME|LAST SEEN|LASTSEEN|FIRSTSEEN) {1,300}[A-Z]/u.test(line) || !/^[A-Z0-9()%:/ -]+$/u.test(line)) return null
  const starts: number[] = []
  for (let at = 0; at < line.length; at++) {
    // One blank is part of a head ('NOMINATED NODE'), two part columns.
    if (line[at] !== ' ' && (at === 0 || (line[at - 1] === ' ' && line[at - 2] === ' '))) starts.push(at)
  }
  const columns = starts.map((from, index) => {
    const to = starts[index + 1] ?? Infinity
    return { head: line.slice(from, to === Infinity ? undefined : to).trim(), from, to }
  })
  return columns.some(({ head }) => head === 'AGE' || head === 'MESSAGE') ? columns : null
}

export const cellsOf = (columns: readonly Column[], line: string): ReadonlyMap<string, string> =>
  new Map(columns.map(({ head, from, to }) => [head, line.slice(from, to === Infinity ? undefined : to).trim()]))

const given = (cell: string | undefined): string => (cell === undefined || cell === '<none>' || cell === '<unknown>' ? '' : cell)

/** A row says where things are and what they are called, never when: false where it is no row of this table. */
export const readRow = (sink: Sink, columns: readonly Column[], line: string): boolean => {
  const cells = cellsOf(columns, line)
  if (columns[0]?.head.includes('SEEN') || cells.has('LAST SEEN')) {
    if (!/^[A-Za-z0-9<]/u.test(line)) return false
    sink.part()
    sink.warn('a table of events tells ages, which need the time it was made at: it is not used. `-o json` tells times')
    return true
  }
  const named = given(cells.get('NAME'))
  // In an aligned table a blank stands before each column.
  if (named === '' || named.includes(' ') || columns.some(({ from }) => from > 0 && line.length >= from && line[from - 1] !== ' ')) return false
  sink.record(NaN, 'utc')
  const slash = named.lastIndexOf('/')
  const name = named.slice(slash + 1)
  const namespace = given(cells.get('NAMESPACE')) || '-'
  if (cells.has('ROLES') && cells.has('VERSION')) {
    const entity = node(name)
    sink.fact({ fact: 'node', node: entity, at: null })
    for (const head of ['INTERNAL-IP', 'EXTERNAL-IP']) {
      const address = given(cells.get(head))
      if (address !== '') sink.fact({ fact: 'alias', of: entity, name: address, at: null })
    }
  } else if (cells.has('RESTARTS')) {
    const entity = pod(namespace, name)
    const on = given(cells.get('NODE'))
    const ip = given(cells.get('IP'))
    if (on !== '') sink.fact({ fact: 'pod-on-node', pod: entity, node: node(on), at: null })
    if (ip !== '') sink.fact({ fact: 'alias', of: entity, name: ip, at: null })
    const owner = HASHED_POD.exec(name)?.[1]
    if (owner !== undefined) sink.fact({ fact: 'pod-owner', pod: entity, workload: workload(namespace, owner) })
  } else if (cells.has('UP-TO-DATE')) {
    const [ready = '', wanted = ''] = (cells.get('READY') ?? '').split('/')
    const count = quantity(wanted)
    if (count !== null) sink.fact({ fact: 'replicas', workload: workload(namespace, name), at: null, wanted: count, ready: quantity(ready) })
  }
  return true
}
