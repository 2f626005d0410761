import type { BytesFormat } from '../src/model/format.js'

export const postgresCsv: BytesFormat = {
  id: 'postgres-csv',
  takes: 'bytes',
  reads: 'not yet',
  reference: '',
  sniff: () => 0,
  open: () => ({ chunk: () => undefined, end: () => undefined }),
}
