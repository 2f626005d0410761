import type { Incident } from './analysis.js'

/** The findings of an incident, by id, that a link joins to others: the rest was only considered. */
export const linkedIn = ({ links }: Pick<Incident, 'links'>): ReadonlySet<string> => new Set(links.flatMap(({ cause, effect }) => [cause, effect]))
