import type { LineFormat } from '../src/model/format.js'

export const etcd: LineFormat = {
  id: 'etcd',
  takes: 'lines',
  reads: 'not yet',
  reference: '',
  example: '',
  units: [],
  sniff: () => 0,
  open: () => ({ line: () => false, end: () => undefined }),
}
