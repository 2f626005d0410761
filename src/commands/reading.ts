/** What goes on while inputs are read: how far it is, and the memory it may take. */
import { boundYoung } from '../launch/flags.js'
import { showProgress } from '../read/progress.js'

/** To be told of the bytes of each chunk; `end` takes the line of progress away. */
export interface Watched {
  readonly onBytes: (count: number, inputs: { readonly totalBytes: number }) => void
  readonly end: () => void
}

export const watched = (quiet: boolean): Watched => {
  const progress = showProgress(process.stderr, quiet)
  return {
    onBytes: (count, { totalBytes }) => {
      boundYoung(totalBytes)
      progress.add(count, totalBytes)
    },
    end: () => {
      progress.end()
    },
  }
}
