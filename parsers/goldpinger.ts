/**
 * What Goldpinger's pods, one on each node, found when they called each other (`/check_all`):
 * https://github.com/bloomberg/goldpinger/blob/v3.10.1/swagger.yml (CheckAllResults)
 */
import { node, pod } from '../src/model/entity.js'
import type { BytesFormat } from '../src/model/format.js'
import { field, isObject, objectOf, parseJson, stamp, textOf, timeOf } from './kubernetes-fields.js'

/** A large cluster's answer: n nodes have n² calls in it. */
const MAX_BYTES = 64 << 20
const SHAPE = /"podResults":\s{0,8}\{/u

export const goldpinger: BytesFormat = {
  id: 'goldpinger',
  takes: 'bytes',
  reads: "Goldpinger's check of all nodes",
  reference: 'https://github.com/bloomberg/goldpinger/blob/v3.10.1/swagger.yml',
  sniff: ({ bytes }) => {
    const text = bytes.toString('utf8', 0, 16_384)
    return /^\s{0,8}\{/u.test(text) && SHAPE.test(text) && /"Pod(?:IP|Name)"|"podIP"/u.test(text) ? 0.9 : 0
  },
  open(sink) {
    let size = 0
    let chunks: Buffer[] = []
    return {
      chunk(bytes) {
        size += bytes.length
        if (size <= MAX_BYTES) chunks.push(Buffer.from(bytes))
        else chunks = []
      },
      end() {
        if (size > MAX_BYTES) {
          sink.warn(`larger than ${MAX_BYTES >> 20} MiB: left out`)
          return
        }
        const whole = parseJson(Buffer.concat(chunks).toString('utf8'))
        const responses = objectOf(whole, 'responses')
        for (const [caller, answer] of Object.entries(responses ?? {})) {
          const from = pod('-', caller)
          const address = textOf(answer, 'PodIP')
          if (address !== '') sink.fact({ fact: 'alias', of: from, name: address, at: null })
          const results = objectOf(field(answer, 'response'), 'podResults')
          for (const [peer, result] of Object.entries(results ?? {})) {
            if (!isObject(result)) continue
            const ms = timeOf(result, 'PingTime')
            sink.record(ms, 'utc')
            if (result['OK'] !== false || Number.isNaN(ms) || peer === caller) continue
            const host = textOf(result, 'HostIP')
            sink.signal({
              kind: 'network.pod-to-pod-lost',
              entity: host === '' ? pod('-', peer) : node(host),
              at: stamp(ms),
              attributes: { reason: 'health-probe', peer: textOf(answer, 'HostIP') || caller },
              burst: 'health-probe',
              text: `${caller} (${textOf(answer, 'HostIP')}) called ${peer} (${host}): ${textOf(result, 'error') || textOf(result, 'status-code')}`,
              line: null,
            })
          }
        }
      },
    }
  },
}
