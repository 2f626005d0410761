/**
 * What a tool printed in place of what it was asked for, saved as if it were that: errors of kubectl, the API server, the kubelet, container
 * runtimes and journalctl. https://github.com/kubernetes/kubernetes/tree/v1.33.0/staging/src/k8s.io/kubectl/pkg/cmd/util (checkErr),
 * pkg/kubelet/kuberuntime and pkg/kubelet/server (containerLogs); src/journal/journalctl.c
 * Each says what is missing from the dump, and is no error of the incident.
 */
import type { InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { decode } from '../src/read/text.js'

const LOGS = 'the log that was asked for'
const ASKED = 'what was asked for'

interface Answer {
  readonly says: RegExp
  readonly hides: string
}

/** The first that fits counts. */
const ANSWERS: readonly Answer[] = [
  {
    says: /^(?:Error from server \([A-Za-z]{1,40}\): )?previous terminated container "[^"]{0,253}" in pod/u,
    hides: 'the log of the container before its last restart, if there was one',
  },
  {
    says: /^(?:Error from server \([A-Za-z]{1,40}\): )?container "[^"]{0,253}" in pod "[^"]{0,253}" is (?:waiting to start|not available|terminated)/u,
    hides: 'the log of a container that had not started, or was gone',
  },
  { says: /^unable to retrieve container logs for /u, hides: 'the log of a container that was gone when it was asked for' },
  { says: /^failed to (?:try resolving symlinks in path|watch file) "/u, hides: 'the log of a container whose file was gone when it was asked for' },
  { says: /^(?:failed to get container status|rpc error: code = (?:NotFound|Unknown|Unavailable|DeadlineExceeded))/u, hides: LOGS },
  { says: /^Error from server.{0,300}(?:containerLogs\/|:10250\/)/u, hides: `${LOGS}: the kubelet of its node did not answer` },
  { says: /^Error from server \(NotFound\): (?:pods|containers?)/u, hides: 'the log or description of a pod that was gone when it was asked for' },
  {
    says: /^Error from server.{0,300}(?:\(get events|events is forbidden|list resource "events")/u,
    hides: 'events: scheduling, evictions, probes, what people did',
  },
  { says: /^Error from server.{0,300}metrics\.k8s\.io|^error: Metrics API not available/u, hides: 'the use of CPU and memory at that time' },
  { says: /^Error from server(?: \([A-Za-z]{1,40}\))?: /u, hides: ASKED },
  { says: /^The connection to the server .{1,260} was refused - did you specify the right host or port/u, hides: `${ASKED}: the API server did not answer` },
  { says: /^Unable to connect to the server: /u, hides: `${ASKED}: the API server did not answer` },
  {
    says: /^error: (?:You must be logged in to the server|the server doesn't have a resource type|unable to upgrade connection|timed out waiting|no context exists|unable to read|stat |unexpected EOF|http2:)/u,
    hides: ASKED,
  },
  { says: /^Error response from daemon: /u, hides: LOGS },
  { says: /^Error: No such (?:container|object)/u, hides: LOGS },
  { says: /^-- No entries --$/u, hides: "the journal's entries: there were none for the unit or time that was asked for" },
  {
    says: /^No journal files were (?:found|opened)|^Failed to (?:get journal access|open (?:journal|system journal)|add match)/u,
    hides: 'the journal: it could not be read',
  },
]
const NOTHING_FOUND = /^No resources found(?: in [^ ]{1,253} namespace)?\.?$/u
/** Printed beside an answer, not instead of it. */
const HINT = /^(?:Hint: |Warning: |W\d{4} |E\d{4} .{0,300}memcache\.go)/u
/** Longer lines are a log's. */
const MAX_LINE = 1_200
const MAX_LINES = 12

const isAboutEvents = (path: string): boolean => /(?:^|[^a-z])events?(?:[^a-z]|$)/iu.test(path.slice(-300))
const answerOf = (line: string): Answer | null => ANSWERS.find(({ says }) => says.test(line)) ?? null
const isAnswer = (line: string): boolean => line.length <= MAX_LINE && (NOTHING_FOUND.test(line) || answerOf(line) !== null)

const open = (sink: Sink, { path }: InputContext): LineReader => ({
  line(bytes, start, end) {
    if (end - start > MAX_LINE) return false
    const text = decode(bytes, start, end).trim()
    if (NOTHING_FOUND.test(text)) {
      sink.part()
      if (!isAboutEvents(path)) return true
      sink.fact({
        fact: 'missing',
        what: `events in ${path}`,
        hides: 'what the control plane and the kubelets reported: events expire after an hour by default',
      })
      sink.warn('no events were found: events expire after an hour by default')
      return true
    }
    const answer = answerOf(text)
    if (answer === null) {
      if (!HINT.test(text)) return false
      sink.part()
      return true
    }
    sink.record(NaN, 'utc')
    sink.fact({ fact: 'missing', what: `what ${path} should hold`, hides: answer.hides })
    sink.warn(`an error was saved in place of what was asked for: ${text.slice(0, 200)}`)
    return true
  },
  end: () => undefined,
})

export const clientError: LineFormat = {
  id: 'client-error',
  takes: 'lines',
  reads: 'errors of kubectl, docker or journalctl that were saved in place of what was asked for',
  reference: 'https://kubernetes.io/docs/reference/kubectl/',
  example: 'Error from server (NotFound): pods "web-1" not found',
  units: [],
  sniff: ({ lines, units }) => {
    if (lines.length > MAX_LINES || units.some((unit) => unit !== '')) return 0
    const own = lines.filter((line) => isAnswer(line.trim())).length
    return own > 0 && lines.every((line) => isAnswer(line.trim()) || HINT.test(line)) ? 0.95 : 0
  },
  open,
}
