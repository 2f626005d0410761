/** Chance from a seed: the same seed gives the same incident, byte for byte, on every machine. */

export interface Random {
  /** 0 ≤ x < 1 */
  next(): number
  between(low: number, high: number): number
  int(low: number, high: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly [T, ...T[]]): T
  /** About 0, spread 1. A sum of uniforms: no logarithm or cosine, whose last bit may differ between machines. */
  normal(): number
  hex(length: number): string
  /** The letters Kubernetes takes for generated names: no vowels, nothing that looks alike (apimachinery/util/rand). */
  suffix(length: number): string
  uuid(): string
  /** An own stream for a part, so that a change in one part does not shift all others. */
  fork(name: string): Random
}

const KUBERNETES_LETTERS = 'bcdfghjklmnpqrstvwxz2456789'

const hash = (text: string): number => {
  let h = 0x811c9dc5
  for (const char of text) h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x01000193)
  return h >>> 0
}

export const random = (seed: number | string): Random => {
  let state = typeof seed === 'number' ? seed >>> 0 : hash(seed)
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const letters = (alphabet: string, length: number): string => {
    let out = ''
    for (let i = 0; i < length; i++) out += alphabet.charAt(Math.floor(next() * alphabet.length))
    return out
  }
  const hex = (length: number): string => letters('0123456789abcdef', length)
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    int: (low, high) => low + Math.floor(next() * (high - low + 1)),
    chance: (probability) => next() < probability,
    pick: (from) => from[Math.floor(next() * from.length)] ?? from[0],
    normal: () => {
      let sum = -6
      for (let i = 0; i < 12; i++) sum += next()
      return sum
    },
    hex,
    suffix: (length) => letters(KUBERNETES_LETTERS, length),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${letters('89ab', 1)}${hex(3)}-${hex(12)}`,
    fork: (name) => random(`${seed}/${name}`),
  }
}
