/** Which share of what an expression shows: of processor time, memory, file systems, connections, requests. As multiple and addend of that share, to be undone. */
import type { Labels } from '../../model/extract.js'
import { keeps, type Form, type Matcher, type Quantity } from './form.js'
import { isStatusLabel } from '../../model/request-metrics.js'

/** What is shown is the share times `by`, plus `plus`. */
export interface Shown {
  readonly by: number
  readonly plus: number
}

/** One quantity, or several added up alike, over another. */
const quotient = ({ terms, over, plus }: Form): (Shown & { readonly of: readonly Quantity[]; readonly over: Quantity | null }) | null => {
  const by = terms[0]?.by
  // Nearly alike: they were divided and multiplied on their way.
  if (by === undefined || terms.some((term) => Math.abs(term.by - by) > Math.abs(by) * 1e-9)) return null
  return { by, plus, of: terms.map(({ of }) => of), over }
}

/** How many there are of something is none of it. */
const isValue = ({ how, through }: Quantity): boolean => how === 'value' && !through.some(({ does }) => does === 'count')

const overMetric = (form: Form, over: RegExp, isOf: (metrics: ReadonlySet<string>) => boolean): Shown | null => {
  const read = quotient(form)
  if (read === null || read.over === null || !over.test(read.over.metric) || !isValue(read.over) || !read.of.every(isValue)) return null
  return isOf(new Set(read.of.map(({ metric }) => metric))) ? read : null
}

/**
 * Of memory: what can be given out. Where a kernel does not say so itself (before 3.14), what is free and what caches would give back; what is only free
 * is hardly anything on any machine that has run for a day. https://docs.kernel.org/filesystems/proc.html#meminfo
 */
export const memoryLeft = (form: Form): Shown | null =>
  overMetric(form, /^node_memory_MemTotal_bytes$/u, (metrics) => {
    if (metrics.has('node_memory_MemAvailable_bytes')) return metrics.size === 1
    return metrics.has('node_memory_MemFree_bytes') && metrics.has('node_memory_Cached_bytes') && [...metrics].every((metric) => GIVEN_BACK.test(metric))
  })
const GIVEN_BACK = /^node_memory_(?:MemFree|Cached|Buffers|SReclaimable|Slab)_bytes$/u

export const diskLeft = (form: Form): Shown | null =>
  overMetric(
    form,
    /^node_filesystem_size_bytes$/u,
    (metrics) => metrics.size === 1 && [...metrics].every((metric) => /^node_filesystem_(?:avail|free)_bytes$/u.test(metric)),
  )

export const connectionsUsed = (form: Form): Shown | null =>
  overMetric(
    form,
    /^pg_settings_max_connections$/u,
    (metrics) => metrics.size === 1 && [...metrics].every((metric) => /^pg_stat_(?:activity_count|database_numbackends)$/u.test(metric)),
  )

/** Of processor time: what was idle, or what was not. */
export const processorTime = (form: Form, labels: Labels): (Shown & { readonly idle: boolean }) | null => {
  const read = quotient(form)
  const [of, ...others] = read?.of ?? []
  if (read === null || of === undefined || others.length > 0) return null
  const time = timeOf(of)
  if (time === null) return null
  const idle = isIdle(time.modes.length > 1 && time.byMode ? time.modes.filter((mode) => mode === labels['mode']) : time.modes)
  if (idle === null) return null
  return (read.over === null ? time.unit === 'share' : isWhole(time.unit, read.over)) ? { by: read.by, plus: read.plus, idle } : null
}

/** https://github.com/prometheus/node_exporter/blob/v1.8.2/collector/cpu_linux.go; what guests took is in user and nice, too, and has a metric of its own. */
const MODES = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal']

interface ProcessorTime {
  readonly modes: readonly string[]
  /** Modes are apart still: each series is of the one that its label names. */
  readonly byMode: boolean
  /** share: of one processor's time, or of all on average; cores: of all, added up; count: how many processors there are. */
  readonly unit: 'share' | 'cores' | 'count'
}

const timeOf = ({ metric, matchers, how, through }: Quantity): ProcessorTime | null => {
  const modes = metric === 'node_cpu_seconds_total' ? modesOf(matchers) : null
  if (modes === null) return null
  let byMode = true
  let byProcessor = true
  let unit: ProcessorTime['unit'] = 'share'
  for (const step of through) {
    const joinsModes = byMode && modes.length > 1 && !keeps(step, 'mode')
    const joinsProcessors = byProcessor && !keeps(step, 'cpu')
    // The mean of some modes' times, or the largest of them, is nobody's share; nor is one processor the machine.
    if (step.does !== 'sum' && step.does !== 'count' && joinsModes) return null
    if ((step.does === 'min' || step.does === 'max' || step.does === 'quantile') && joinsProcessors) return null
    if (step.does === 'count') {
      if (joinsModes && joinsProcessors) return null
      if (joinsProcessors) unit = 'count'
    } else if (step.does === 'sum' && joinsProcessors) unit = unit === 'share' ? 'cores' : unit
    byMode &&= keeps(step, 'mode')
    byProcessor &&= keeps(step, 'cpu')
  }
  const counts = through.some(({ does }) => does === 'count')
  if (counts ? unit !== 'count' : how !== 'rate') return null
  return { modes, byMode, unit }
}

/** The modes that the matchers let through; null where that is not plain to see. */
const modesOf = (matchers: readonly Matcher[]): readonly string[] | null => {
  let modes: readonly string[] = MODES
  for (const { label, is, value } of matchers) {
    if (label !== 'mode') continue
    const named = is === '=' || is === '!=' ? [value] : alternativesOf(value)
    if (named === null) return null
    modes = modes.filter((mode) => named.includes(mode) === (is === '=' || is === '=~'))
  }
  return modes
}

/** idle|iowait, (user|system), .* */
const alternativesOf = (pattern: string): readonly string[] | null => {
  if (pattern === '.*' || pattern === '.+') return MODES
  const bare = pattern.startsWith('(') && pattern.endsWith(')') ? pattern.slice(1, -1) : pattern
  return /^[a-z|]{1,200}$/u.test(bare) ? bare.split('|') : null
}

/** Waiting for a disk and what another machine took are counted as idle by some, by others not. null: some of both. */
const isIdle = (modes: readonly string[]): boolean | null => {
  if (modes.includes('idle')) return modes.every((mode) => mode === 'idle' || mode === 'iowait' || mode === 'steal') ? true : null
  return modes.includes('user') && modes.includes('system') ? false : null
}

/** Over all processors' time, or over how many there are. */
const isWhole = (unit: ProcessorTime['unit'], over: Quantity): boolean => {
  if (unit === 'cores' && CORES.test(over.metric) && isValue(over)) return true
  const time = timeOf(over)
  if (time === null) return false
  return time.unit === 'count' ? unit === 'cores' : time.unit === unit && !time.byMode && MODES.every((mode) => time.modes.includes(mode))
}

/** https://github.com/google/cadvisor/blob/v0.49.1/docs/storage/prometheus.md · https://github.com/prometheus/node_exporter/blob/v1.8.2/docs/node-mixin/rules/rules.libsonnet */
const CORES = /^(?:machine_cpu_cores|instance:node_num_cpu:sum)$/u

/** Of requests: those that failed, or those that did not. */
export const requestsFailed = (form: Form, isRequests: (metric: string) => boolean): (Shown & { readonly failed: boolean; readonly of: Quantity }) | null => {
  const read = quotient(form)
  const [of, ...others] = read?.of ?? []
  if (read === null || of === undefined || others.length > 0 || read.over === null) return null
  const { over } = read
  const counted = (one: Quantity): boolean =>
    (one.how === 'rate' || one.how === 'increase') && isRequests(one.metric) && !one.through.some(({ does }) => does !== 'sum')
  if (!counted(of) || !counted(over) || of.metric !== over.metric || of.how !== over.how) return null
  const status = of.matchers.filter(({ label }) => isStatusLabel(label))
  // All requests, or all of one kind: what is said of both tells nothing of failing.
  if (status.length !== 1 || over.matchers.some(({ label }) => isStatusLabel(label))) return null
  const [{ is, value } = { is: '=', value: '' }] = status
  if (!FAILED.test(value)) return null
  return { by: read.by, plus: read.plus, failed: is === '=' || is === '=~', of }
}

/** 500, 5xx, 5.., 5[0-9]{2}, ^5.*, error */
const FAILED =
  /^\^?\(?5(?:\d\d|xx|XX|\.\.|\.[*+]|\[0-9\]\{2\}|\[0-9\]\[0-9\]|\\{1,2}d\\{1,2}d|\\{1,2}d\{2\})\)?\$?$|^(?:error|fail|failed|failure|SERVER_ERROR)$/u

/** What its matchers say that all its series have in common, where the labels were aggregated away. */
export const labelsIn = (form: Form): Labels => {
  const [first, ...rest] = form.terms.map(({ of }) => of.matchers)
  const common = (first ?? []).filter(
    (one) =>
      one.is === '=' &&
      one.value !== '' &&
      rest.every((others) => others.some((other) => other.label === one.label && other.is === '=' && other.value === one.value)),
  )
  return Object.fromEntries(common.map(({ label, value }) => [label, value]))
}
