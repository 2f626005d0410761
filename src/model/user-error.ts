/** A foreseen error: it says where, what came and what was expected; it is shown without a stack, and the exit code is 2, or 5 where something else failed. */
export class UserError extends Error {
  override readonly name = 'UserError'
  /** Nothing in the command is wrong: storage that cannot be reached, or refuses. The same command may do next time. */
  readonly failed: boolean

  constructor(message: string, { failed = false }: { readonly failed?: boolean } = {}) {
    super(message)
    this.failed = failed
  }
}
