/**
 * What collectors put before each line of a container: who said it. Short prefixes without a time, one after the other in one file.
 */
import { pod as podOf } from '../../src/model/entity.js'
import type { Envelope, Unwrapper, Wrapping } from '../../src/model/format.js'
import { shareOf } from '../../src/read/envelope.js'
import { cachedNames } from '../../src/read/names.js'
import { found, readIso } from '../../src/read/stamps.js'

const BLANK = 32
/** Longest prefix looked at: a namespace, a pod's and a container's name of 253 letters each. */
const MAX_PREFIX = 800

const isName = (byte: number): boolean => (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte === 45 || byte === 46
const isWord = (byte: number): boolean => isName(byte) || (byte >= 65 && byte <= 90) || byte === 95

const nameEnd = (bytes: Buffer, at: number, end: number, is: (byte: number) => boolean = isName): number => {
  const limit = Math.min(end, at + MAX_PREFIX)
  let next = at
  while (next < limit && is(bytes[next] ?? 0)) next++
  return next
}

const fill = (envelope: Envelope, bytes: Buffer, start: number, end: number): 'line' => {
  envelope.bytes = bytes
  envelope.start = Math.min(start, end)
  envelope.end = end
  return 'line'
}

const unwrapping = (open: () => Unwrapper['unwrap']): (() => Unwrapper) => {
  return () => ({ unwrap: open() })
}

/** A pod's container as written around a line: the same few again and again. */
const said = (): ((envelope: Envelope, namespace: string, pod: string, container: string) => void) => {
  let last: readonly [string, string] | null = null
  let entity = podOf('-', '-')
  return (envelope, namespace, pod, container) => {
    if (last?.[0] !== namespace || last[1] !== pod) {
      last = [namespace, pod]
      entity = podOf(namespace, pod)
    }
    envelope.pod = entity
    envelope.container = container
    envelope.unit = container
  }
}

const prefixed = unwrapping(() => {
  const pods = cachedNames()
  const containers = cachedNames()
  const say = said()
  return (bytes, start, end, envelope) => {
    if (bytes[start] !== 91 || bytes.toString('latin1', start + 1, Math.min(end, start + 5)) !== 'pod/') return 'no'
    const podEnd = nameEnd(bytes, start + 5, end)
    const containerEnd = nameEnd(bytes, podEnd + 1, end)
    if (bytes[podEnd] !== 47 || bytes[containerEnd] !== 93 || containerEnd >= end || podEnd === start + 5) return 'no'
    say(envelope, '-', pods(bytes, start + 5, podEnd), containers(bytes, podEnd + 1, containerEnd))
    return fill(envelope, bytes, bytes[containerEnd + 1] === BLANK ? containerEnd + 2 : containerEnd + 1, end)
  }
})

const kubectlPrefix: Wrapping = {
  id: 'kubectl-prefix',
  reads: 'kubectl logs --prefix, also with --timestamps',
  reference: 'https://github.com/kubernetes/kubernetes/blob/v1.31.0/staging/src/k8s.io/kubectl/pkg/cmd/logs/logs.go',
  example: '[pod/web-1/web] level=error msg="no route to host"',
  sniff: (lines) => shareOf(lines, prefixed()),
  open: prefixed,
}

const LEVEL = /^(?:trace|debug|info|notice|warn|warning|error|err|fatal|crit|critical)$/iu

const composed = unwrapping(() => {
  const names = cachedNames()
  return (bytes, start, end, envelope) => {
    const nameStop = nameEnd(bytes, start, Math.min(end, start + 80), isWord)
    let at = nameStop
    while (at < end && bytes[at] === BLANK) at++
    if (nameStop === start || at === nameStop || bytes[at] !== 124 || at >= end || (at + 1 < end && bytes[at + 1] !== BLANK)) return 'no'
    const name = names(bytes, start, nameStop)
    if (LEVEL.test(name)) return 'no'
    envelope.container = name
    // 'shop-db-1', 'db_1': the service without its number.
    envelope.unit = name.replace(/[-_]\d{1,4}$/u, '')
    return fill(envelope, bytes, at + 2, end)
  }
})

const dockerCompose: Wrapping = {
  id: 'docker-compose',
  reads: 'docker compose logs, also with --timestamps',
  reference: 'https://docs.docker.com/reference/cli/docker/compose/logs/',
  example: 'web-1  | level=error msg="no route to host"',
  sniff: (lines) => shareOf(lines, composed()),
  open: composed,
}

/** The end of a pod's name as controllers make it: web-7d4b9c5f6-x2x9k, db-0, kube-proxy-x2x9k. */
const GENERATED = /-(?:[a-z0-9]{5}|\d{1,4})$/u

const sterned = unwrapping(() => {
  const namespaces = cachedNames()
  const pods = cachedNames()
  const containers = cachedNames()
  const say = said()
  return (bytes, start, end, envelope) => {
    // '+ web-1 › web' and '- web-1 › web': a container was found or is gone.
    if ((bytes[start] === 43 || bytes[start] === 45) && bytes[start + 1] === BLANK) return bytes.includes('›', start) ? 'held' : 'no'
    const one = nameEnd(bytes, start, end)
    const two = nameEnd(bytes, one + 1, end)
    if (bytes[one] !== BLANK || bytes[two] !== BLANK || one === start || two === one + 1 || two >= end) return 'no'
    const three = nameEnd(bytes, two + 1, end)
    if (GENERATED.test(pods(bytes, start, one))) {
      say(envelope, '-', pods(bytes, start, one), containers(bytes, one + 1, two))
      return fill(envelope, bytes, two + 1, end)
    }
    if (bytes[three] !== BLANK || three >= end || !GENERATED.test(pods(bytes, one + 1, two))) return 'no'
    say(envelope, namespaces(bytes, start, one), pods(bytes, one + 1, two), containers(bytes, two + 1, three))
    return fill(envelope, bytes, three + 1, end)
  }
})

const stern: Wrapping = {
  id: 'stern',
  reads: 'stern, also over all namespaces',
  reference: 'https://github.com/stern/stern#output',
  example: 'web-7d4b9c5f6-x2x9k web level=error msg="no route to host"',
  sniff: (lines) => shareOf(lines, sterned()) * 0.9,
  open: sterned,
}

const kailed = unwrapping(() => {
  const namespaces = cachedNames()
  const pods = cachedNames()
  const containers = cachedNames()
  const say = said()
  return (bytes, start, end, envelope) => {
    const one = nameEnd(bytes, start, end)
    const two = nameEnd(bytes, one + 1, end)
    const three = nameEnd(bytes, two + 1, end)
    if (bytes[one] !== 47 || bytes[two] !== 91 || bytes[three] !== 93 || bytes[three + 1] !== 58 || three + 1 >= end || one === start) return 'no'
    say(envelope, namespaces(bytes, start, one), pods(bytes, one + 1, two), containers(bytes, two + 1, three))
    return fill(envelope, bytes, bytes[three + 2] === BLANK ? three + 3 : three + 2, end)
  }
})

const kail: Wrapping = {
  id: 'kail',
  reads: 'kail',
  reference: 'https://github.com/boz/kail',
  example: 'shop/web-1[web]: level=error msg="no route to host"',
  sniff: (lines) => shareOf(lines, kailed()),
  open: kailed,
}

/** One label of '{app="web", pod="web-1"}'; null where it is not there. */
const labelOf = (labels: string, names: RegExp): string | null => names.exec(labels)?.[1] ?? null
const NAMESPACE = /[{, ](?:k8s_)?namespace(?:_name)?="([^"\\]{1,253})"/u
const POD = /[{, ](?:k8s_)?pod(?:_name)?="([^"\\]{1,253})"/u
const CONTAINER = /[{, ](?:k8s_)?container(?:_name)?="([^"\\]{1,253})"/u
const HOST = /[{, ](?:node_name|nodename|node|hostname|host|k8s_node_name)="([^"\\]{1,253})"/u
const UNIT = /[{, ](?:syslog_identifier|systemd_unit|unit)="([^"\\]{1,253}?)(?:\.service)?"/u

interface Labels {
  readonly pod: Envelope['pod']
  readonly container: string | null
  readonly host: string | null
  readonly unit: string | null
}

const logcliLine = unwrapping(() => {
  const texts = cachedNames()
  const known = new Map<string, Labels>()
  const read = (text: string): Labels => {
    const pod = labelOf(text, POD)
    const container = labelOf(text, CONTAINER)
    return {
      pod: pod === null ? null : podOf(labelOf(text, NAMESPACE) ?? '-', pod),
      container,
      host: labelOf(text, HOST),
      unit: labelOf(text, UNIT) ?? container,
    }
  }
  return (bytes, start, end, envelope) => {
    const stampEnd = bytes[start + 10] === 84 ? readIso(bytes, start, end) : -1
    if (stampEnd < 0 || found.basis !== 'utc' || bytes[stampEnd] !== BLANK || bytes[stampEnd + 1] !== 123) return 'no'
    const { ms } = found
    const limit = Math.min(end, stampEnd + 4_096)
    let at = stampEnd + 2
    let quoted = false
    for (; at < limit && (quoted || bytes[at] !== 125); at++) {
      if (bytes[at] === 34) quoted = !quoted
      else if (bytes[at] === 92) at++
    }
    // Labels, not an object of JSON: {app="web"}
    if (at >= limit || bytes[stampEnd + 2] === 34 || (at > stampEnd + 2 && !bytes.subarray(stampEnd, at).includes('="'))) return 'no'
    const text = texts(bytes, stampEnd + 1, at + 1)
    let labels = known.get(text)
    if (labels === undefined) {
      labels = read(text)
      if (known.size < 1_000) known.set(text, labels)
    }
    envelope.ms = ms
    envelope.basis = 'utc'
    if (labels.pod !== null) envelope.pod = labels.pod
    if (labels.container !== null) envelope.container = labels.container
    if (labels.host !== null) envelope.host = labels.host
    if (labels.unit !== null) envelope.unit = labels.unit
    while (bytes[at + 1] === BLANK && at + 1 < end) at++ // labels are padded to a common width
    return fill(envelope, bytes, at + 1, end)
  }
})

const logcli: Wrapping = {
  id: 'logcli',
  reads: "logcli's default output",
  reference: 'https://grafana.com/docs/loki/latest/query/logcli/',
  example: '2026-11-21T08:18:01Z {app="web", namespace="shop", pod="web-1"} level=error msg="no route to host"',
  sniff: (lines) => shareOf(lines, logcliLine()),
  open: logcliLine,
}

/** What `aws logs tail` calls its streams: with a slash, a hash of 32, an address, a machine's name. */
const STREAM = /^[\w.$[\]:@#-]{0,400}(?:\/[\w./$[\]:@#-]{1,400}|[0-9a-f]{32}|\.log)$|^ip?-[0-9a-f-]{8}/u

const tailed = unwrapping(() => {
  const streams = cachedNames()
  return (bytes, start, end, envelope) => {
    // Whole seconds or microseconds, and a zone: 2026-11-21T08:18:01.887000+00:00
    const stampEnd = bytes[start + 10] === 84 ? readIso(bytes, start, end) : -1
    if ((stampEnd !== start + 25 && stampEnd !== start + 32) || found.basis !== 'utc' || bytes[stampEnd] !== BLANK) return 'no'
    const { ms } = found
    let at = stampEnd + 1
    while (at < end && bytes[at] !== BLANK) at++
    if (at >= end || !STREAM.test(streams(bytes, stampEnd + 1, at))) return 'no'
    envelope.ms = ms
    envelope.basis = 'utc'
    return fill(envelope, bytes, at + 1, end)
  }
})

const cloudwatchTail: Wrapping = {
  id: 'cloudwatch-tail',
  reads: 'aws logs tail',
  reference: 'https://docs.aws.amazon.com/cli/latest/reference/logs/tail.html',
  example: '2026-11-21T08:18:01.887000+00:00 web/web/4f5e387f6fd94ab29c762b85594b7c38 level=error msg="no route to host"',
  sniff: (lines) => shareOf(lines, tailed()),
  open: tailed,
}

const fluentdLine = unwrapping(() => (bytes, start, end, envelope) => {
  const stampEnd = bytes[start + 10] === 84 ? readIso(bytes, start, end) : -1
  if (stampEnd < 0 || found.basis !== 'utc' || bytes[stampEnd] !== 9) return 'no'
  const { ms } = found
  const tag = bytes.indexOf(9, stampEnd + 1)
  if (tag < 0 || tag >= end || bytes[tag + 1] !== 123) return 'no'
  envelope.ms = ms
  envelope.basis = 'utc'
  return fill(envelope, bytes, tag + 1, end)
})

const fluentdFile: Wrapping = {
  id: 'fluentd-file',
  reads: "Fluentd's out_file: time, tag, record, with tabs between them",
  reference: 'https://docs.fluentd.org/formatter/out_file',
  example: '2026-11-21T08:18:01+00:00\tkubernetes.var.log\t{"log":"level=error msg=\\"no route to host\\"\\n","stream":"stderr"}',
  sniff: (lines) => shareOf(lines, fluentdLine()),
  open: fluentdLine,
}

const streamed = unwrapping(() => (bytes, start, end, envelope) => {
  if (bytes[start] === 30) return bytes[start + 1] === 123 ? fill(envelope, bytes, start + 1, end) : 'no'
  if (bytes[start] !== 100 || bytes[start + 6] !== 123 || bytes.toString('latin1', start, start + 6) !== 'data: ') return 'no'
  return fill(envelope, bytes, start + 6, end)
})

const jsonStream: Wrapping = {
  id: 'json-stream',
  reads: 'JSON objects as server-sent events (journalctl -o json-sse) or with record separators (json-seq)',
  reference: 'https://www.freedesktop.org/software/systemd/man/latest/journalctl.html#-o',
  example: 'data: {"level":"error","msg":"no route to host","time":"2026-11-21T08:18:01Z"}',
  sniff: (lines) => shareOf(lines, streamed()),
  open: streamed,
}

export const prefixes: readonly Wrapping[] = [kubectlPrefix, dockerCompose, stern, kail, logcli, cloudwatchTail, fluentdFile, jsonStream]
