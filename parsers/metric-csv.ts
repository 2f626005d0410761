/**
 * Metrics as a table: a column of times beside columns of values (wide), or beside one column of values and others that say whose they are
 * (long). Grafana's "Download CSV" of a panel: joined by time or one series, with `sep=;` for Excel, with tabs, raw (epoch ms) or formatted
 * ("35%", "1.2 GiB", local times), frames one after another each under its own header; InfluxDB's annotated CSV; what scripts write.
 * "Time","node-a","{instance=""10.0.0.7:9100""}" · #datatype,… · timestamp,host,cpu_percent
 * https://github.com/grafana/grafana/blob/main/packages/grafana-data/src/utils/csv.ts · https://docs.influxdata.com/influxdb/v2/reference/syntax/annotated-csv/
 */
import type { Labels } from '../src/model/extract.js'
import type { InputContext, LineFormat, LineReader, Sink } from '../src/model/format.js'
import { parseSelector } from './metric-bytes.js'
import { cellsOf, delimiterOf, timeOf, valueOf, type TimeStyle } from './metric-csv-cells.js'
import { legendLabels } from './metric-legends.js'
import { metricSeries, type SampleWriter } from './metric-series.js'

const TIME = /^_?(?:time|timestamp|date|datetime|date[ _]time|ts|epoch|time[ _]?stamp|clock|@timestamp)(?:[ _]?(?:\(?(?:utc|gmt)\)?|\(?m?s\)?|epoch))?$/iu
const IN_UTC = /utc|gmt/iu
const VALUE = /^_?(?:value|val)(?: ?#[A-Z])?$/iu
/** Columns that name the metric of a long table. */
const METRIC = /^(?:__name__|metric|metric[ _]name|_?measurement|name)$/iu
const SERIES = /^(?:series|legend|target)$/iu
const FIELD = /^_?field$/iu
/** InfluxDB's own: which table a row is of, which range was asked for. */
const IGNORED = /^(?:|result|table|_start|_stop)$/u
/** Words of a log, not of numbers. */
const OF_A_LOG = /^(?:message|msg|log|line|level|severity|body|text|description|query|statement|reason|event)$/iu
const SEPARATOR = /^sep=(.)$/u
const MAX_COLUMNS = 4_096
/** Rows that the head is judged by. */
const SNIFFED = 20
/** A name as metrics have it: 'cpu_percent', 'node_load1', 'up'; a legend is anything else. */
const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/u
const MEASURE =
  /cpu|mem|load|disk|bytes|percent|ratio|seconds|latency|duration|count|total|conn|rate|errors?|requests|usage|free|avail|used|idle|busy|up$|swap|temp|io|net|rx|tx/iu
const TITLE_SUFFIX = /(?: - |-data-(?:as-[a-z]+-)?|[-_ ])\d{4}-\d\d-\d\d[ T_]\d\d[_:.-]\d\d[_:.-]\d\d$/u

interface Column {
  readonly name: string
  kind: 'time' | 'value' | 'label' | 'ignored' | 'open'
}

interface Table {
  readonly columns: readonly Column[]
  readonly time: number
  /** One column of values, the others say whose. */
  readonly long: boolean
  readonly utc: boolean
}

/** The table that a header opens; null where the line is no header. */
const tableOf = (cells: readonly string[]): Table | null => {
  if (cells.length < 2 || cells.length > MAX_COLUMNS) return null
  const [first = ''] = cells
  // Grafana's full header: #name#Time,…
  const names = first.startsWith('#name#') ? [first.slice(6), ...cells.slice(1)] : cells
  const time = names.findIndex((name) => TIME.test(name) && !/^_st/u.test(name))
  if (time < 0 || names.some((name) => OF_A_LOG.test(name))) return null
  const long = names.some((name) => VALUE.test(name)) && names.filter((name) => !IGNORED.test(name)).length > 2
  const columns = names.map((name, index): Column => {
    if (index === time) return { name, kind: 'time' }
    if (IGNORED.test(name)) return { name, kind: 'ignored' }
    if (long) return { name, kind: VALUE.test(name) ? 'value' : 'label' }
    return { name, kind: METRIC.test(name) || SERIES.test(name) ? 'label' : 'open' }
  })
  return { columns, time, long, utc: IN_UTC.test(names[time] ?? '') }
}

const sniff = (lines: readonly string[]): number => {
  let delimiter: string | null = null
  let table: Table | null = null
  let rows = 0
  let good = 0
  let numbers = 0
  const style: TimeStyle = { dayFirst: false, guessed: false }
  for (const line of lines.slice(0, 200)) {
    const separator = SEPARATOR.exec(line)
    if (separator !== null) {
      delimiter = separator[1] ?? null
      continue
    }
    if (line.startsWith('#') && !line.startsWith('#name#')) continue
    if (table === null) {
      const cut = delimiter ?? delimiterOf(line)
      table = cut === null || line.length > 1 << 20 ? null : tableOf(cellsOf(line, cut))
      if (table === null || cut === null) return 0
      delimiter = cut
      continue
    }
    if (rows >= SNIFFED) break
    const cells = cellsOf(line, delimiter ?? ',')
    rows++
    const { time, columns, long } = table
    if (timeOf(cells[time] ?? '', style) === null) {
      if (tableOf(cells) !== null) rows--
      continue
    }
    good++
    if (columns.some(({ kind }, index) => (long ? kind === 'value' : kind === 'open') && Number.isFinite(valueOf(cells[index] ?? '', delimiter ?? ',') ?? NaN)))
      numbers++
  }
  if (rows === 0) return table !== null && table.long ? 0.3 : 0
  // A second header row (units) is no row of values.
  return good >= rows - 1 && numbers > 0 && numbers >= good * 0.3 ? 0.92 : 0
}

/** The panel's title in the name that Grafana gives a download: 'CPU usage-data-as-joinbyfield-2026-11-21 08_00_00'. */
const titleOf = (path: string): string =>
  path
    .slice(path.lastIndexOf('/') + 1)
    .replace(/\.(?:csv|tsv|txt)?(?:\.gz|\.zst|\.bz2|\.xz)?$/u, '')
    .replace(TITLE_SUFFIX, '')

const openTable = (sink: Sink, context: InputContext): LineReader => {
  const series = metricSeries(sink, { ...context, path: `${titleOf(context.path)}.csv` }, () => null)
  const style: TimeStyle = { dayFirst: false, guessed: false }
  const range = new Float64Array([Infinity, -Infinity])
  let delimiter: string | null = null
  let table: Table | null = null
  let headerLine = 0
  /** By what the row says of itself, its writers by column. */
  let writers = new Map<string, (SampleWriter | undefined)[]>()

  const writerOf = (cells: readonly string[], column: number, basis: string): SampleWriter => {
    const labels: Record<string, string> = Object.create(null) as Record<string, string> // names come from the file
    const parts = { metric: '', field: '', legend: '' }
    const { columns, long } = table ?? { columns: [], long: false }
    columns.forEach(({ name, kind }, index) => {
      const cell = cells[index] ?? ''
      if (kind !== 'label' || cell === '') return
      if (METRIC.test(name)) parts.metric = cell
      else if (FIELD.test(name)) parts.field = cell
      else if (SERIES.test(name)) parts.legend = cell
      else labels[name] = cell
    })
    if (!long) {
      // The header of a column of values is a legend or a metric.
      const header = columns[column]?.name ?? ''
      if (parts.metric !== '' || parts.legend !== '') parts.field ||= header
      else parts.legend = header
    }
    if (basis !== 'utc') labels['faultline_basis'] = basis
    return open(parts, labels)
  }

  const open = ({ metric, field, legend }: { metric: string; field: string; legend: string }, labels: Labels): SampleWriter => {
    const spoken = metric === '' ? legend : metric
    const bytes = Buffer.from(spoken)
    const selector = spoken.includes('{') || METRIC_NAME.test(spoken) ? parseSelector(bytes, 0, bytes.length) : null
    const joined = (name: string): string => (field === '' || VALUE.test(field) ? name : `${name}_${field}`)
    if (selector !== null && (spoken.includes('{') || metric !== '' || (MEASURE.test(spoken) && spoken !== ''))) {
      const all = { ...labels, ...selector.labels }
      return series.of(selector.name === null ? null : joined(selector.name), all)
    }
    if (metric !== '') return series.of(joined(metric), labels)
    return series.of(field === '' || VALUE.test(field) ? null : field, legend === '' || VALUE.test(legend) ? labels : { ...labels, ...legendLabels(legend) })
  }

  const header = (cells: readonly string[]): boolean => {
    const next = tableOf(cells)
    if (next === null) return false
    table = next
    writers = new Map()
    headerLine = sink.line
    sink.part()
    return true
  }

  const row = ({ columns, time, utc: told }: Table, cells: readonly string[], cut: string): boolean => {
    const stamp = timeOf(cells[time] ?? '', style)
    if (stamp === null) {
      if (header(cells)) return true
      // Units under the header.
      if (sink.line <= headerLine + 2) {
        sink.part()
        return true
      }
      return false
    }
    const { ms } = stamp
    const basis = told && stamp.basis === 'local' ? 'utc' : stamp.basis
    sink.record(NaN, basis)
    if (basis !== 'utc') sink.reaches(ms, basis)
    if (basis === 'utc') {
      if (ms < (range[0] ?? 0)) range[0] = ms
      if (ms > (range[1] ?? 0)) range[1] = ms
    }
    let key = basis as string
    const values: number[] = []
    columns.forEach((column, index) => {
      const cell = cells[index] ?? ''
      values[index] = NaN
      if (column.kind === 'label') key += `\n${cell}`
      if ((column.kind !== 'open' && column.kind !== 'value') || cell === '') return
      const value = valueOf(cell, cut)
      if (column.kind === 'open' && (value === null || !Number.isNaN(value))) column.kind = value === null ? 'label' : 'value'
      if (column.kind === 'label') key += `\n${cell}`
      else values[index] = value ?? NaN
    })
    let mine = writers.get(key)
    if (mine === undefined) writers.set(key, (mine = []))
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? NaN
      if (!Number.isNaN(value)) (mine[index] ??= writerOf(cells, index, basis)).push(ms, value, sink.line)
    }
    return true
  }

  return {
    line(bytes, start, end) {
      if (end - start > 1 << 20) return false
      const line = bytes.toString('utf8', start, end).replace(/^\ufeff/u, '')
      if (line.trim() === '') {
        sink.part()
        return true
      }
      const separator = SEPARATOR.exec(line)
      if (separator !== null) {
        delimiter = separator[1] ?? null
        sink.part()
        return true
      }
      if (line.startsWith('#') && !line.startsWith('#name#')) {
        sink.part()
        return true
      }
      if (table === null) {
        delimiter ??= delimiterOf(line)
        return delimiter !== null && header(cellsOf(line, delimiter))
      }
      const cut = delimiter ?? ','
      return row(table, cellsOf(line, cut), cut)
    },
    end() {
      if (style.guessed && !style.dayFirst) sink.warn('dates such as 3/4/2026 do not say which number is the month: the first was taken')
      series.end(range[0] ?? NaN, range[1] ?? NaN)
    },
  }
}

export const metricCsv: LineFormat = {
  id: 'metric-csv',
  takes: 'lines',
  reads: "tables of metrics with a time column: Grafana's CSV (joined, one series), InfluxDB's, any wide or long one",
  reference: 'https://grafana.com/docs/grafana/latest/panels-visualizations/panel-inspector/#download-query-results-as-csv',
  example: '"Time","node-a","{instance=""10.0.0.7:9100""}"',
  units: [],
  sniff: ({ lines }) => sniff(lines),
  open: openTable,
}
