/** Everything a report shows came from logs: it is made plain once, here, before any renderer sees it. */
import { changeStrings } from '../model/strings-in.js'

/** Longest text shown; what parsers keep is far shorter, a user's own mechanism may say more. */
const LONGEST = 4_000

// ANSI colours, control characters, and the marks that turn the direction of a line around or hide in it. Tab and newline stay.
// eslint-disable-next-line no-control-regex -- removing control characters is the point
const UNSAFE = /\u001b\[[0-9;?]{0,16}[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** Nothing in it is unsafe: most texts. */
const HARMLESS = /^[\t\n\x20-\x7e]*$/u

export const plain = (text: string): string => {
  if (text.length <= LONGEST && HARMLESS.test(text)) return text
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text
  return short.replace(/\p{Surrogate}/gu, '\ufffd').replace(UNSAFE, '')
}

/** The same value with every string in it made plain. */
export const plainDeep = <T>(value: T): T => changeStrings(value, plain)

/** A link only where it is plainly one to the web; anything else is shown as text. */
export const webAddress = (reference: string): string => (/^https?:\/\/[\w.-]+(?:[/?#][^\s]*)?$/u.test(reference) ? reference : '')
