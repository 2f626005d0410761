/** The mechanisms of a run, as quickly as they can be had: built, they lie beside the program as JSON, and neither YAML nor schemas are loaded for them. */
import { preparedMechanisms } from './built-in.js'
import type { Signature } from '../model/signature.js'
import type { Mechanism } from './mechanism.js'

/** The built-in mechanisms and the user's. Throws a UserError for a file that cannot be used. */
export const mechanismsWith = async (userFiles: readonly string[]): Promise<readonly Mechanism[]> => {
  const prepared = userFiles.length === 0 ? preparedMechanisms() : null
  if (prepared !== null) return prepared
  const { loadMechanisms } = await import('./load-mechanisms.js')
  return loadMechanisms(userFiles)
}

/** The signatures of the user's files; there are none but these. Throws a UserError for a file that cannot be used. */
export const signaturesWith = async (userFiles: readonly string[]): Promise<readonly Signature[]> => {
  if (userFiles.length === 0) return []
  const { loadSignatures } = await import('./load-mechanisms.js')
  return loadSignatures(userFiles)
}
