/** A foreseen error: it says where, what came and what was expected; it is shown without a stack, and the exit code is 2. */
export class UserError extends Error {
  override readonly name = 'UserError'
}
