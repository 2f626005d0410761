import type { BytesFormat } from '../src/model/format.js'

export const alertmanager: BytesFormat = {
  id: 'alertmanager',
  takes: 'bytes',
  reads: 'not yet',
  reference: '',
  sniff: () => 0,
  open: () => ({ chunk: () => undefined, end: () => undefined }),
}
