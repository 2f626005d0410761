/** The columns of tables that kubectl prints: they begin where their heads do, k8s.io/cli-runtime/pkg/printers/tableprinter.go. */

export interface Column {
  readonly head: string
  readonly from: number
  readonly to: number
}

export type Field = 'namespace' | 'last' | 'first' | 'count' | 'type' | 'reason' | 'kind' | 'object' | 'name' | 'sub' | 'source' | 'host' | 'message' | 'other'

/** What heads say, without blanks and in capitals: kubectl's own of all versions, and what people write into custom-columns. */
const FIELDS: Readonly<Partial<Record<Field, string>>> = {
  namespace: 'NAMESPACE NS',
  last: 'LASTSEEN LAST LASTTIMESTAMP TIME TIMESTAMP WHEN DATE AGE EVENTTIME CREATED CREATIONTIMESTAMP SINCE',
  first: 'FIRSTSEEN FIRST FIRSTTIMESTAMP',
  count: 'COUNT TIMES',
  type: 'TYPE SEVERITY LEVEL',
  reason: 'REASON',
  kind: 'KIND OBJECTKIND INVOLVEDOBJECTKIND',
  object: 'OBJECT OBJ INVOLVEDOBJECT REGARDING POD',
  name: 'NAME OBJECTNAME INVOLVEDOBJECTNAME',
  sub: 'SUBOBJECT SUBOBJECTPATH FIELDPATH',
  source: 'SOURCE COMPONENT FROM REPORTINGCOMPONENT REPORTINGCONTROLLER',
  host: 'HOST NODE',
  message: 'MESSAGE MSG NOTE',
}
const FIELD_OF: ReadonlyMap<string, Field> = new Map(
  Object.entries(FIELDS).flatMap(([field, heads]) => heads.split(' ').map((head) => [head, field as Field])), // the keys of a record over Field
)

export const fieldOf = (head: string): Field => FIELD_OF.get(head.replaceAll(/[^A-Za-z]/gu, '').toUpperCase()) ?? 'other'

/** Whether these are the heads of a table of events. */
export const isEventTable = (columns: readonly Column[]): boolean => {
  const fields = new Set(columns.map(({ head }) => fieldOf(head)))
  return (fields.has('last') || fields.has('first')) && fields.has('reason') && (fields.has('message') || fields.has('object'))
}

/** The columns of a head line; null where it is none that is understood. */
export const columnsOf = (line: string): readonly Column[] | null => {
  if (line.length > 1000 || !/^[A-Z][A-Za-z0-9_.-]{1,62} /u.test(line) || !/^[A-Za-z0-9_().%:/ -]+$/u.test(line)) return null
  const columns = cut(line)
  if (isEventTable(columns)) return columns
  const first = columns[0]?.head
  if ((first !== 'NAMESPACE' && first !== 'NAME') || !/^[A-Z0-9()%:/ -]+$/u.test(line)) return null
  return columns.some(({ head }) => head === 'AGE') ? columns : null
}

const cut = (line: string): readonly Column[] => {
  const starts: number[] = []
  for (let at = 0; at < line.length; at++) {
    // One blank is part of a head ('NOMINATED NODE'), two part columns.
    if (line[at] !== ' ' && (at === 0 || (line[at - 1] === ' ' && line[at - 2] === ' '))) starts.push(at)
  }
  return starts.map((from, index) => {
    const to = starts[index + 1] ?? Infinity
    return { head: line.slice(from, to === Infinity ? undefined : to).trim(), from, to }
  })
}

/** Blanks stand before each column of an aligned row. */
export const isAligned = (columns: readonly Column[], line: string): boolean =>
  columns.every(({ from }) => from === 0 || line.length < from || (line[from - 1] === ' ' && line[from - 2] === ' '))

/** The cells of an aligned row, in the order of the columns. */
export const cellsOf = (columns: readonly Column[], line: string): readonly string[] =>
  columns.map(({ from, to }) => line.slice(from, to === Infinity ? undefined : to).trim())

export const given = (cell: string | undefined): string => (cell === undefined || cell === '<none>' || cell === '<unknown>' ? '' : cell)
