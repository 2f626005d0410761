/** Text of a log line, made safe to keep and show: it is data, whatever it says. */

import { maskSecrets } from '../model/mask-secrets.js'

/** Longest evidence kept from one line. */
const EVIDENCE_LENGTH = 400

// Control characters, ANSI colours, and the bidirectional controls that can turn a line around.
// eslint-disable-next-line no-control-regex -- removing control characters is the point
const UNSAFE = /\u001b\[[0-9;?]{0,16}[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu

export const clean = (text: string): string => {
  const short = text.length > EVIDENCE_LENGTH * 2 ? text.slice(0, EVIDENCE_LENGTH * 2) : text
  const safe = maskSecrets(short.replace(UNSAFE, '')).trimEnd() // before it is cut: half a token has no form
  return safe.length > EVIDENCE_LENGTH ? `${safe.slice(0, EVIDENCE_LENGTH - 1)}…` : safe
}

/** Stamps end before this. */
const STAMP = 40
const isDigit = (code: number): boolean => code >= 48 && code <= 57

/**
 * Whether two texts are the same but for digits of a stamp at their beginning. What is looked for in a text does not tell one digit from another, but for
 * one form of a token, which has small letters before its digit: nothing but capitals and signs may stand before the last digit that differs.
 */
const differInStamp = (one: string, other: string): boolean => {
  if (one.length !== other.length || one.length <= STAMP || one.slice(STAMP) !== other.slice(STAMP)) return false
  let differ = false
  for (let at = STAMP - 1; at >= 0; at--) {
    const code = one.charCodeAt(at)
    const before = other.charCodeAt(at)
    if (code !== before) {
      if (!isDigit(code) || !isDigit(before)) return false
      differ = true
    }
    if (differ && (code === 95 || code >= 97)) return false
  }
  return true
}

/** As clean, for texts of which many are like the one before but for their times. */
export const cleaner = (): ((text: string) => string) => {
  /** It came out as it was. */
  let last = ''
  return (text) => {
    if (differInStamp(text, last)) return text
    const cleaned = clean(text)
    if (cleaned === text) last = text
    return cleaned
  }
}

export const decode = (bytes: Buffer, start: number, end: number): string => bytes.toString('utf8', start, Math.min(end, start + 65_536))
