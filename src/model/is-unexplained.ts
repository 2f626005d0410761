import type { Incident } from './analysis.js'

/** An outage that nothing in the data led to: all that is known of its cause is what people felt first (src/causes/unexplained.ts). */
export const isUnexplained = ({ chains, findings }: Incident): boolean => {
  const [first, ...more] = chains[0] ?? []
  return more.length === 0 && findings.find(({ id }) => id === first)?.role === 'impact'
}
