/** The framings there are: JSON documents with records in them, Loki's and Azure's answers, CSV with a header, the journal's export, YAML entries. */
import type { Framing, RecordSink } from './framing.js'
import { findJsonPaths } from './json-paths.js'
import { parsed } from './json-members.js'
import { cutLines, type LineCutter } from './line-cutter.js'
import { yaml } from './yaml.js'

/** Where exports keep their records: the outermost array, or a member of the outermost object. */
const LISTS: readonly string[] = [
  '[]',
  'events[]', // CloudWatch: filter-log-events, get-log-events
  'logEvents[]', // CloudWatch: subscriptions, exports
  'entries[]', // Google: entries:list
  'hits.hits[]', // Elasticsearch
  'value[]',
  'records[]', // Azure: diagnostic settings
  'data[]', // Datadog
  'logs[]',
  'messages[]',
]

/** Objects over several lines, as lines: pretty-printed logs of programs that write JSON. */
const compacted = (path: string): Framing => ({
  id: `json lines ${path}`,
  shows: { as: 'json-pretty', of: null },
  open: (sink) =>
    findJsonPaths(new Set([path]), {
      value: (_, bytes, start, end, line) => {
        const value = parsed(bytes, start, end)
        if (value !== undefined) giveText(sink, value, line)
      },
      overlong: () => sink.warn(LARGE),
    }),
})

const LARGE = 'a record larger than 4 MiB, or one that is cut off, was left out'

const elementsOf = (path: string): Framing => ({
  id: `json ${path}`,
  shows: null,
  open: (sink) =>
    findJsonPaths(new Set([path]), {
      value: (_, bytes, start, end, line) => sink.record(bytes, start, end, line),
      overlong: () => sink.warn(LARGE),
    }),
})

const giveText = (sink: RecordSink, json: unknown, line: number): void => {
  const bytes = Buffer.from(JSON.stringify(json))
  sink.record(bytes, 0, bytes.length, line)
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value)

/** Lines of Loki's streams kept to be put in one order; of more than this, as many at once. */
const MAX_SORTED_BYTES = 64 << 20

/**
 * query_range of Loki: {"data":{"resultType":"streams","result":[{"stream":{labels},"values":[["ns","line",{metadata}?] …]} …]}}, as logcli's JSON
 * lines. Each stream runs by itself, forwards or backwards: together they are put in the order of time.
 */
const lokiStreams: Framing = {
  id: 'loki-streams',
  shows: null,
  open: (sink) => {
    let labels: unknown = {}
    let kept: { readonly at: number; readonly place: number; readonly line: number; readonly text: string }[] = []
    let bytesKept = 0
    const flush = (): void => {
      // Of one moment: in a stream that runs backwards the later line stands first.
      const backwards = kept.length > 1 && (kept[0]?.at ?? 0) > (kept[1]?.at ?? 0)
      kept.sort((a, b) => a.at - b.at || (backwards ? b.place - a.place : a.place - b.place))
      for (const { text, line } of kept) sink.record(Buffer.from(text), 0, Buffer.byteLength(text), line)
      kept = []
      bytesKept = 0
    }
    const paths = findJsonPaths(new Set(['data.result[].stream', 'data.result[].values[]']), {
      value(path, bytes, start, end, line) {
        const value = parsed(bytes, start, end)
        if (path === 'data.result[].stream') labels = value ?? {}
        else if (isList(value)) {
          const text = JSON.stringify({ labels, line: value[1], timestamp: value[0] })
          kept.push({ at: Number(value[0]), place: kept.length, line, text })
          bytesKept += text.length
          if (bytesKept > MAX_SORTED_BYTES) flush()
        }
      },
      overlong: () => sink.warn(LARGE),
    })
    return {
      chunk: (bytes) => paths.chunk(bytes),
      end() {
        paths.end()
        flush()
      },
    }
  },
}

/** Answers of Azure's query API: {"tables":[{"columns":[{"name":…} …],"rows":[[…] …]}]}. */
const azureTables: Framing = {
  id: 'azure-tables',
  shows: null,
  open: (sink) => {
    let names: string[] = []
    let inRows = true
    return findJsonPaths(new Set(['tables[].columns[]', 'tables[].rows[]']), {
      value(path, bytes, start, end, line) {
        const value = parsed(bytes, start, end)
        if (path === 'tables[].columns[]') {
          if (inRows) names = []
          inRows = false
          names.push(typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : '')
        } else if (isList(value)) {
          inRows = true
          giveText(sink, named(names, value), line)
        }
      },
      overlong: () => sink.warn(LARGE),
    })
  },
}

/** get-query-results of CloudWatch Insights: {"results":[[{"field":"@timestamp","value":…} …] …]}. */
const insights: Framing = {
  id: 'cloudwatch-insights',
  shows: null,
  open: (sink) =>
    findJsonPaths(new Set(['results[]']), {
      value(_, bytes, start, end, line) {
        const value = parsed(bytes, start, end)
        if (!isList(value)) return
        const fields = value.flatMap((one) =>
          typeof one === 'object' && one !== null && 'field' in one && 'value' in one ? [[String(one.field), one.value] as const] : [],
        )
        giveText(sink, Object.fromEntries(fields), line)
      },
      overlong: () => sink.warn(LARGE),
    }),
}

const named = (names: readonly string[], values: readonly unknown[]): unknown =>
  Object.fromEntries(names.flatMap((name, index) => (values[index] === undefined || values[index] === '' ? [] : [[name, values[index]] as const])))

/** No row is longer; a quote that never closes would else take the whole file. */
const MAX_ROW = 1 << 20

/** The fields of a CSV row whose quotes are closed. */
const fieldsOf = (row: string, separator: string): string[] => {
  const fields: string[] = []
  let at = 0
  while (at <= row.length) {
    if (row[at] === '"') {
      let field = ''
      let close = row.indexOf('"', at + 1)
      let from = at + 1
      while (close >= 0 && row[close + 1] === '"') {
        field += row.slice(from, close + 1)
        from = close + 2
        close = row.indexOf('"', from)
      }
      field += row.slice(from, close < 0 ? undefined : close)
      fields.push(field)
      const next = close < 0 ? -1 : row.indexOf(separator, close)
      if (next < 0) return fields
      at = next + 1
    } else {
      const next = row.indexOf(separator, at)
      fields.push(row.slice(at, next < 0 ? undefined : next))
      if (next < 0) return fields
      at = next + 1
    }
  }
  return fields
}

const quotesIn = (row: string): number => {
  let count = 0
  for (let at = row.indexOf('"'); at >= 0; at = row.indexOf('"', at + 1)) count++
  return count
}

/** Rows under a header, RFC 4180: the header's names become the members. A field in quotes may have line breaks. */
const csv: Framing = {
  id: 'csv',
  shows: { as: 'csv', of: null },
  open: (sink) => {
    let line = 0
    let first = 0
    let row = ''
    let names: string[] | null = null
    let separator = ','
    const flush = (): void => {
      if (row === '') return
      if (names === null) {
        separator = [';', '\t'].find((one) => row.split(one).length > row.split(',').length) ?? ','
        names = fieldsOf(row, separator)
      } else giveText(sink, named(names, fieldsOf(row, separator)), first)
      row = ''
    }
    const cutter = cutLines({
      line(bytes, start, end) {
        line++
        if (row === '') first = line
        row += `${row === '' ? '' : '\n'}${bytes.toString('utf8', start, end)}`
        if (row.length > MAX_ROW) {
          sink.warn('a row longer than 1 MiB was left out')
          row = ''
        } else if (quotesIn(row) % 2 === 0) flush()
      },
      overlong: () => sink.warn('a line longer than 1 MiB was cut'),
    })
    return {
      chunk: (bytes) => cutter.chunk(bytes),
      end() {
        cutter.end()
        flush()
      },
    }
  },
}

/** Entries as YAML documents, which `gcloud logging read` writes unless told otherwise. */
const yamlEntries: Framing = {
  id: 'yaml',
  shows: { as: 'yaml', of: null },
  open: (sink) => {
    let line = 0
    let first = 1
    let lines: string[] = []
    let size = 0
    const flush = (): void => {
      const text = lines.join('\n')
      lines = []
      size = 0
      if (text.trim() === '') return
      try {
        for (const document of yaml().parseAllDocuments(text, { logLevel: 'silent' })) giveText(sink, document.toJS({ maxAliasCount: 100 }), first)
      } catch {
        sink.warn('a YAML document that cannot be read was left out')
      }
    }
    const cutter = cutLines({
      line(bytes, start, end) {
        line++
        const text = bytes.toString('utf8', start, end)
        if (/^---(?:\s|$)/u.test(text)) {
          flush()
          first = line
          return
        }
        size += text.length
        if (size > MAX_ROW) {
          sink.warn('a YAML document larger than 1 MiB was left out')
          lines = []
        } else lines.push(text)
      },
      overlong: () => sink.warn('a line longer than 1 MiB was cut'),
    })
    return {
      chunk: (bytes) => cutter.chunk(bytes),
      end() {
        cutter.end()
        flush()
      },
    }
  },
}

export interface Candidate {
  readonly framing: Framing
  /** Could it be, from the first bytes? The records then have to be of a wrapping that is sure of them. */
  fits(text: string): boolean
  /** Records without a wrapping will do, if a format knows them. */
  readonly plain?: true
}

export const documentFramings: readonly Candidate[] = [
  { framing: lokiStreams, fits: (text) => /^\s*\{/u.test(text) && /"resultType"\s*:\s*"streams"/u.test(text) },
  { framing: azureTables, fits: (text) => /^\s*\{/u.test(text) && /"tables"\s*:\s*\[/u.test(text) && /"columns"\s*:\s*\[/u.test(text) },
  { framing: insights, fits: (text) => /^\s*\{/u.test(text) && /"results"\s*:\s*\[/u.test(text) && /"field"\s*:\s*"@/u.test(text) },
  ...LISTS.map((path): Candidate => {
    const member = /(\w+)\[\]$/u.exec(path)?.[1]
    if (member === undefined) return { framing: elementsOf(path), fits: (text) => /^\s*\[\s*\{/u.test(text) }
    return { framing: elementsOf(path), fits: (text) => /^\s*\{/u.test(text) && text.includes(`"${member}"`) }
  }),
  // Documents over several lines, one after the other: journalctl -o json-pretty, jq.
  { framing: elementsOf(''), fits: (text) => /^\s*\{/u.test(text) },
  { framing: compacted('[]'), fits: (text) => /^\s*\[\s*\{/u.test(text), plain: true },
  { framing: compacted(''), fits: (text) => /^\s*\{\s*\n/u.test(text), plain: true },
  {
    framing: csv,
    fits: (text) =>
      /^[^\n]{1,4000}[,;\t]/u.test(text) && /^[^\n]{0,4000}(?:message|Message|LogEntry|log_s|textPayload|jsonPayload|line|Line|MESSAGE)/u.test(text),
  },
  {
    framing: yamlEntries,
    plain: true,
    fits: (text) => /^(?:---\n|#[^\n]*\n|\n)*[A-Za-z]\w*:/u.test(text) && /^logName: /mu.test(text) && /^timestamp: /mu.test(text),
  },
]

/** The first records of a head, which may end in the middle of one. */
export const firstRecords = (framing: Framing, head: Buffer, most: number): readonly string[] => {
  const found: string[] = []
  const cutter: LineCutter = framing.open({
    record: (bytes, start, end) => {
      if (found.length < most) found.push(bytes.toString('utf8', start, end))
    },
    warn: () => undefined,
  })
  cutter.chunk(head)
  cutter.end()
  return found
}
