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

export const decode = (bytes: Buffer, start: number, end: number): string => bytes.toString('utf8', start, Math.min(end, start + 65_536))
