/** Patterns of signatures: what they take, what they refuse, and that no line makes them slow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { filled, matchLine, readPattern } from './line-pattern.js'

const taken = (pattern: string, line: string): readonly string[] | null => {
  const read = readPattern(pattern)
  assert.ok(typeof read !== 'string', pattern)
  const around = Buffer.from(`before ${line}after`) // the bytes of other lines stand around it
  return matchLine(read, around, 7, around.length - 5)
}

for (const [pattern, line, expected] of [
  ['lost quorum', 'WARN lost quorum', []],
  ['lost quorum', 'WARN lost quoru', null],
  ['lost quorum: {members} of {total}', 'lost quorum: 1 of 3, retrying', ['1', '3']],
  ['lost quorum: {members} of {total}', 'lost quorum: no member of 3', null], // a hole is one word
  ['lost quorum: {members} of', 'lost quorum:  of 3', null], // and not none
  ['{node} lost its {what} lease', 'at 08:18 worker-1 lost its master lease', ['worker-1', 'master']],
  ['refused: {reason...}', 'order 1 refused: no stock left', ['no stock left']],
  ['refused: {reason...}', 'order 1 refused: ', null],
  ['peer {peer} gone', 'peer a is back, peer b gone', ['b']], // the first words that fit, not the first words
  ['key={key} value', 'key=a=b value', ['a=b']],
  ['{{"event":"{event}"', '{"event":"down","n":1}', ['down']],
  ['ends with {word}', 'ends with (word).', ['(word']],
  ['größe {n} erreicht', 'größe 7 erreicht', ['7']],
  ['lost {x} quorum', 'lost quorum', null],
] as const)
  test(`'${pattern}' ${expected === null ? 'does not mean' : 'means'} '${line}'`, () => {
    assert.deepEqual(taken(pattern, line), expected)
  })

for (const [pattern, problem] of [
  ['', /at least 4 letters/u],
  ['{a}', /at least 4 letters/u],
  ['a {b} c', /at least 4 letters/u],
  ['lost {a}{b}', /nothing between/u],
  ['lost {a} and {a}', /twice/u],
  ['lost {rest...} of it', /nothing can follow/u],
  ['lost {rest...}{b}', /nothing can follow/u],
  ['lost {', /expected a hole/u],
  ['lost {9}', /expected a hole/u],
  ['lost {__proto__}', /expected a hole/u],
  ['lost }', /closes nothing/u],
  ['two\nlines', /one line/u],
  ['x'.repeat(600), /at most 500/u],
] as const)
  test(`'${pattern.slice(0, 20)}' is refused: ${String(problem)}`, () => {
    const said = readPattern(pattern)
    assert.match(typeof said === 'string' ? said : '', problem)
  })

test('a pattern takes what its slow twin, a regular expression, takes', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '=', ' ', '.'), maxLength: 12 })
  fc.assert(
    fc.property(word, word, (first, second) => {
      const line = `${first}quorum=${second}`
      const twin = /quorum=([^ \t]{1,200}?)=([^ \t]{1,200}?)b a/u.exec(line)
      assert.deepEqual(taken('quorum={x}={y}b a', line), twin === null ? null : twin.slice(1))
    }),
    { numRuns: 2_000 },
  )
})

test('a line made to be looked through again and again is given up on', () => {
  const read = readPattern('{a} aaaa {b} aaaa {c} aaaab')
  assert.ok(typeof read !== 'string')
  const line = Buffer.from('a aaaa '.repeat(150_000))
  let looked = 0
  const counted = new Proxy(line, {
    get(target, name) {
      looked++
      const value: unknown = Reflect.get(target, name, target) // whatever a Buffer has
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  assert.equal(matchLine(read, counted, 0, line.length), null)
  assert.ok(looked < 2 * line.length, `${looked} looks at ${line.length} bytes`)
})

test('a template is filled whole or not at all', () => {
  const value = (name: string): string | null => (name === 'host' ? 'a' : null)
  assert.equal(filled('process/{host}/x', value), 'process/a/x')
  assert.equal(filled('process/{host}/{unit}', value), null)
})
