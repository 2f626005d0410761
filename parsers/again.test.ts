import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineForms, sameWords } from './again.js'

const look = (words: ReturnType<typeof sameWords>, text: string): boolean => {
  words.look(Buffer.from(text), 0, text.length, 69)
  return words.seen
}

test('words are told to be the same only where all of them are', () => {
  const words = sameWords()
  assert.deepEqual(
    ['a pod failed', 'a pod failed', 'a pod failed.', 'b pod failed', 'a pod failed'].map((text) => look(words, text)),
    [false, true, false, false, true],
  )
})

test('lines that differ by names only are soon too many, and another form among them is not', () => {
  const forms = lineForms()
  const source = 'pod_workers.go:1298] '
  const line = (message: string): [Buffer, number, number, number] => [Buffer.from(source + message), 0, source.length, source.length + message.length]
  for (let name = 0; name < 2_500; name++) forms.said(...line(`Error syncing pod job-${name.toString(16)}-bcdfg`))
  assert.ok(forms.tooMany(...line('Error syncing pod job-ffff-xzv2k')))
  assert.ok(!forms.tooMany(...line('Error pulling image for pod job-1')))
})

test('where every line has words of its own, its source tells', () => {
  const forms = lineForms()
  const word = (number: number): string => Array.from(number.toString(26), (digit) => 'aeiouybcdfghjklmnpqrstvwxz'[Number.parseInt(digit, 26)]).join('') + 'age'
  const line = (source: string, message: string): [Buffer, number, number, number] => [
    Buffer.from(source + message),
    0,
    source.length,
    source.length + message.length,
  ]
  for (let number = 0; number < 4_000; number++) forms.said(...line('a.go:1] ', `${word(number)} ${word(number * 7 + 1)} failed`))
  assert.ok(forms.tooMany(...line('a.go:1] ', 'something nobody said before')))
  assert.ok(!forms.tooMany(...line('b.go:2] ', 'something nobody said before')))
})
