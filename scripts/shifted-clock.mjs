// Loaded before the tests (NODE_OPTIONS=--import=…) it moves the clock five years on: nothing may depend on today.
const SHIFT_MS = 5 * 365.25 * 86_400_000
const RealDate = Date

globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + SHIFT_MS)
    else super(...args)
  }
  static now() {
    return RealDate.now() + SHIFT_MS
  }
}
