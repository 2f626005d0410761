import type { LineFormat } from '../src/model/format.js'

export const kubectl: LineFormat = {
  id: 'kubectl',
  takes: 'lines',
  reads: 'not yet',
  reference: '',
  example: '',
  units: [],
  sniff: () => 0,
  open: () => ({ line: () => false, end: () => undefined }),
}
