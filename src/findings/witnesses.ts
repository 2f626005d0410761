/**
 * A server that refuses logins does what it is told to: it is the witness of what its clients suffer, where they tell of that themselves. Where only its own log is at hand,
 * that is all that is known of the harm.
 */
import { typeOf } from '../model/entity.js'
import { overlaps, type Found } from './finding.js'
import { ofKind } from './lookup.js'

export const asWitnesses = (found: readonly Found[]): readonly Found[] => {
  const refused = ofKind(found, 'app.errors').filter(({ attributes }) => attributes['reason'] === 'postgres-login')
  if (refused.length === 0) return found
  return found.map((one) =>
    one.kind === 'app.errors' &&
    typeOf(one.entity) === 'postgres' &&
    one.attributes['reason'] === 'authentication' &&
    refused.some((other) => overlaps(one, other))
      ? { ...one, role: 'symptom' }
      : one,
  )
}
