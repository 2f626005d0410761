/**
 * What kubectl prints for people: tables of `get`, blocks of `describe`. https://kubernetes.io/docs/reference/kubectl/generated/
 * Tables tell what runs where; descriptions also tell times: conditions of nodes, states of containers.
 */
import type { LineFormat } from '../src/model/format.js'
import { decode } from '../src/read/text.js'
import { describedBlock, type DescribedBlock } from './kubectl-describe.js'
import { columnsOf, readRow, type Column } from './kubectl-table.js'
import { nodeReader } from './kubernetes-node.js'
import { onceOn } from './kubernetes-once.js'
import { podReader } from './kubernetes-pod.js'
import { workloadReader } from './kubernetes-workload.js'

/** 'Name:' begins each description. */
const NAME = /^Name: {4,40}[^ ]/u
/** Lines of a description; one like it alone says little. */
const DESCRIBED = /^(?:Namespace|Labels|Roles|Annotations|Priority|CreationTimestamp|Selector): {1,40}[^ ]/u

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
    if (!lines.some((line) => NAME.test(line))) return 0
    return lines.some((line) => DESCRIBED.test(line)) ? 0.9 : lines.length === 1 ? 0.4 : 0
  },
  open(sink) {
    const once = onceOn(sink)
    const nodes = nodeReader(sink, once)
    const pods = podReader(sink, once)
    const workloads = workloadReader(sink, once)
    let columns: readonly Column[] | null = null
    let block: DescribedBlock | null = null
    let blockLine = 0

    const endBlock = (): void => {
      const described = block?.end() ?? null
      if (block === null) return
      block = null
      const line = sink.line
      sink.at(blockLine)
      if (described === null) sink.record(NaN, 'utc')
      else if (described.kind === 'Node') nodes.read(described.object, '')
      else if (described.kind === 'Pod') pods.read(described.object, '')
      else workloads.read(described.kind, described.object, '')
      sink.at(line)
    }

    return {
      line(bytes, start, end) {
        const first = bytes[start] ?? 0
        // Lines inside a table or a description can begin with anything; all others with a capital.
        if (block === null && columns === null && (first < 65 || first > 90)) return false
        const text = decode(bytes, start, end).trimEnd()
        const heads = columnsOf(text)
        if (heads !== null) {
          endBlock()
          columns = heads
          sink.part()
          return true
        }
        if (NAME.test(text)) {
          endBlock()
          columns = null
          block = describedBlock()
          blockLine = sink.line
          block.line(text)
          return true
        }
        if (block !== null) {
          if (!block.line(text)) {
            endBlock()
            return false
          }
          sink.part()
          return true
        }
        return columns !== null && readRow(sink, columns, text)
      },
      end() {
        endBlock()
        workloads.end(NaN)
      },
    }
  },
}
