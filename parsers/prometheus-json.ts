import type { BytesFormat } from '../src/model/format.js'

export const prometheusJson: BytesFormat = {
  id: 'prometheus-json',
  takes: 'bytes',
  reads: 'not yet',
  reference: '',
  sniff: () => 0,
  open: () => ({ chunk: () => undefined, end: () => undefined }),
}
