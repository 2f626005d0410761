import type { LineFormat } from '../src/model/format.js'

export const promtool: LineFormat = {
  id: 'promtool',
  takes: 'lines',
  reads: 'not yet',
  reference: '',
  example: '',
  units: [],
  sniff: () => 0,
  open: () => ({ line: () => false, end: () => undefined }),
}
