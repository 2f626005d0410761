/** Which meaning a klog message has, from its first bytes: most messages are told apart from every anchor by one look. */
import type { Meaning } from './klog.js'

/** For longer anchors within a shorter one's reach: such lines say nothing. */
export const meansNothing: Meaning['say'] = () => undefined

interface Anchor {
  readonly bytes: Buffer
  /** Its first and its last four bytes. */
  readonly first: number
  readonly last: number
  readonly unlessEnds: Buffer | null
  readonly meaning: Meaning
}

/** Anchors by a hash of their first four bytes, the longest first. Letters are compared without their case (bit 5). */
export interface Anchors {
  /** 0: no anchor begins so; else a place in `groups`. */
  readonly slots: Uint16Array
  readonly groups: readonly (readonly Anchor[])[]
}

const SLOT_BITS = 12
const ANY_CASE = 0x20202020

/** Four bytes as one number. */
export const wordAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)

const slotOf = (first: number): number => Math.imul(first, 0x9e3779b1) >>> (32 - SLOT_BITS)

/** `starts` has four characters at least. */
export const anchorsOf = (meanings: readonly Meaning[]): Anchors => {
  const slots = new Uint16Array(1 << SLOT_BITS)
  const groups: Anchor[][] = [[]]
  for (const meaning of meanings) {
    const bytes = Buffer.from(meaning.starts)
    for (let at = 0; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) | 32
    const first = wordAt(bytes, 0)
    const slot = slotOf(first)
    if (slots[slot] === 0) slots[slot] = groups.push([]) - 1
    const unlessEnds = meaning.unlessEnds === undefined ? null : Buffer.from(meaning.unlessEnds)
    groups[slots[slot] ?? 0]?.push({ bytes, first, last: wordAt(bytes, bytes.length - 4), unlessEnds, meaning })
  }
  for (const group of groups) group.sort((a, b) => b.bytes.length - a.bytes.length)
  return { slots, groups }
}

/** The meaning of the message at `at`, if an anchor knows it. */
export const meaningAt = ({ slots, groups }: Anchors, bytes: Buffer, at: number, end: number): Meaning | null => {
  const first = wordAt(bytes, at) | ANY_CASE
  const group = slots[slotOf(first)] ?? 0
  return group === 0 ? null : matchAnchor(groups[group] ?? [], first, bytes, at, end)
}

const matchAnchor = (group: readonly Anchor[], first: number, bytes: Buffer, at: number, end: number): Meaning | null => {
  next: for (const anchor of group) {
    const length = anchor.bytes.length
    if (anchor.first !== first || at + length > end || (wordAt(bytes, at + length - 4) | ANY_CASE) !== anchor.last) continue
    for (let index = 4; index < length - 4; index++) if (((bytes[at + index] ?? 0) | 32) !== anchor.bytes[index]) continue next
    const { meaning, unlessEnds } = anchor
    return meaning.say === meansNothing || (unlessEnds !== null && endsWith(bytes, end, unlessEnds)) ? null : meaning
  }
  return null
}

const endsWith = (bytes: Buffer, end: number, word: Buffer): boolean => {
  for (let back = 1; back <= word.length; back++) if (bytes[end - back] !== word[word.length - back]) return false
  return true
}
