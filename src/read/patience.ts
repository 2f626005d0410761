/** When to try again what is of use for many records at once only: where all of them are unusual, less and less often. */

const IN_VAIN = 4
const MAX_REST = 32

export interface Patience {
  /** Whether it is not worth trying this time. */
  rests(): boolean
  failed(): void
  worked(): void
}

export const patience = (): Patience => {
  /** How often in a row it was tried in vain, and how many times more it is not. */
  let inVain = 0
  let resting = 0
  return {
    rests() {
      if (resting === 0) return false
      resting--
      return true
    },
    failed() {
      if (++inVain > IN_VAIN) resting = Math.min(inVain - IN_VAIN, MAX_REST)
    },
    worked() {
      inVain = 0
    },
  }
}
