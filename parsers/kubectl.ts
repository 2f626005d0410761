/**
 * What kubectl prints for people: tables of `get`, blocks of `describe`. https://kubernetes.io/docs/reference/kubectl/generated/
 * Tables tell what runs where, and events by their ages; descriptions also tell times: conditions of nodes, states of containers.
 */
import type { LineFormat } from '../src/model/format.js'
import { decode } from '../src/read/text.js'
import { dateLine } from './collected.js'
import { describedBlock, type DescribedBlock } from './kubectl-describe.js'
import { columnsOf, isEventTable, type Column } from './kubectl-columns.js'
import { eventTable, isBareRow } from './kubectl-events.js'
import { readRow } from './kubectl-table.js'
import { nodeReader } from './kubernetes-node.js'
import { onceOn } from './kubernetes-once.js'
import { podReader } from './kubernetes-pod.js'
import { workloadReader } from './kubernetes-workload.js'

/** 'Name:' begins each description. */
const NAME = /^Name: {4,40}[^ ]/u
/** Lines of a description; one like it alone says little. */
const DESCRIBED = /^(?:Namespace|Labels|Roles|Annotations|Priority|CreationTimestamp|Selector): {1,40}[^ ]/u

/** A shell's echo of the command that printed what follows. */
const PROMPT = /^(?:[#$+>%] ?|[a-z0-9_.-]{1,32}@[^ ]{1,64} ?[$#] ?)(?:sudo |time )?(?:kubectl|oc|k|date)(?: |$)/u

/** A namespace, an age, '<unknown>'. */
const isBareStart = (byte: number): boolean => (byte >= 48 && byte <= 57) || byte === 60 || (byte >= 97 && byte <= 122)

export const kubectl: LineFormat = {
  id: 'kubectl',
  takes: 'lines',
  reads: 'tables of kubectl get, blocks of kubectl describe',
  reference: 'https://kubernetes.io/docs/reference/kubectl/generated/',
  example: 'Name:             till-7d9f8b6c5d-x2x4z',
  units: [],
  sniff(head) {
    const lines = head.lines.slice(0, 20)
    if (lines.some((line) => columnsOf(line) !== null)) return 0.8
    if (lines.filter(isBareRow).length * 2 > lines.length) return 0.8
    if (!lines.some((line) => NAME.test(line))) return 0
    return lines.some((line) => DESCRIBED.test(line)) ? 0.9 : lines.length === 1 ? 0.4 : 0
  },
  open(sink) {
    const once = onceOn(sink)
    const nodes = nodeReader(sink, once)
    const pods = podReader(sink, once)
    const workloads = workloadReader(sink, once)
    const events = eventTable(sink)
    let columns: readonly Column[] | null = null
    let ofEvents = false
    let block: DescribedBlock | null = null
    let blockLine = 0

    const endBlock = (): void => {
      const described = block?.end() ?? null
      const subject = block?.subject()
      if (subject === undefined) return
      block = null
      const line = sink.line
      sink.at(blockLine)
      if (described === null) sink.record(NaN, 'utc')
      else if (described.kind === 'Node') nodes.read(described.object, '')
      else if (described.kind === 'Pod') pods.read(described.object, '')
      else workloads.read(described.kind, described.object, '')
      for (const event of subject.events) {
        sink.at(event.line)
        events.described(subject.kind, subject.namespace, subject.name, event.text)
      }
      sink.at(line)
    }

    return {
      line(bytes, start, end) {
        const first = bytes[start] ?? 0
        // Lines inside a table or a description can begin with anything; all others with a capital, rows without a head also with an age.
        const inside = block !== null || columns !== null
        const text = decode(bytes, start, end).trimEnd()
        const made = dateLine(text)
        if (made !== null) {
          sink.part()
          sink.fact({ fact: 'collected', at: made })
          return true
        }
        if (PROMPT.test(text)) {
          endBlock()
          columns = null
          sink.part()
          return true
        }
        if (!inside && (first < 65 || first > 90)) return isBareStart(first) && events.bare(text)
        const heads = columnsOf(text)
        if (heads !== null) {
          endBlock()
          columns = heads
          ofEvents = isEventTable(heads)
          sink.part()
          return true
        }
        if (NAME.test(text)) {
          endBlock()
          columns = null
          block = describedBlock()
          blockLine = sink.line
          block.line(text, sink.line)
          return true
        }
        if (block !== null) {
          if (!block.line(text, sink.line)) {
            endBlock()
            return false
          }
          sink.part()
          return true
        }
        if (columns === null) return false
        return ofEvents ? events.row(columns, text) || events.bare(text) : readRow(sink, columns, text)
      },
      end() {
        endBlock()
        workloads.end(NaN)
        events.end()
      },
    }
  },
}
