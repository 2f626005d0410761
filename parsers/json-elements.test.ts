import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sliceJson } from './json-elements.js'

interface Sliced {
  readonly elements: readonly string[]
  readonly lists: readonly string[]
  readonly broken: readonly string[]
  readonly others: readonly number[]
  readonly lines: number
}

const slice = (text: string, chunkBytes = 1 << 20): Sliced => {
  const elements: string[] = []
  const lists: string[] = []
  const broken: string[] = []
  const others: number[] = []
  const slicer = sliceJson({
    opens: () => undefined,
    element: (bytes, start, end, line) => elements.push(`${line} ${bytes.toString('utf8', start, end)}`),
    list: (shell, count, line) => lists.push(`${line} ${count} ${JSON.stringify(JSON.parse(shell))}`),
    other: (line) => others.push(line),
    broken: (line, what) => broken.push(`${line} ${what}`),
  })
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += chunkBytes) slicer.chunk(bytes.subarray(at, at + chunkBytes))
  slicer.end()
  return { elements, lists, broken, others, lines: slicer.lines }
}

const pretty = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', items, kind: 'List' }, null, 4)
const one = { a: { b: [1, { c: '}]{[' }] }, d: 'é"\\' }
const two = { e: [] }

const whole: readonly (readonly [string, string])[] = [
  ['an indented list', pretty([one, two])],
  ['a list on one line', JSON.stringify({ items: [one, two], kind: 'List' })],
  ['a list without indent', JSON.stringify({ kind: 'List', items: [one, two] }, null, 1).replaceAll(/\n +/gu, '\n')],
  ['a top-level array', JSON.stringify([one, two], null, 2)],
  ['an array with one object a line', `[\n${JSON.stringify(one)},\n${JSON.stringify(two)}\n]\n`],
  ['lines', `${JSON.stringify(one)}\r\n${JSON.stringify(two)}\r\n`],
  ['documents one after the other', `${JSON.stringify(one, null, 2)}\n${JSON.stringify(two, null, 2)}`],
  ['documents without a line between them', JSON.stringify(one) + JSON.stringify(two)],
  ['a byte order mark', `\ufeff${JSON.stringify(one)}\n${JSON.stringify(two)}`],
]

for (const [name, text] of whole) {
  test(`finds the elements of ${name}, cut anywhere`, () => {
    const sliced = slice(text)
    assert.deepEqual(
      sliced.elements.map((element) => JSON.parse(element.slice(element.indexOf(' '))) as unknown),
      [one, two],
    )
    assert.deepEqual(sliced.broken, [])
    for (let chunkBytes = 1; chunkBytes <= 40; chunkBytes++) assert.deepEqual(slice(text, chunkBytes), sliced)
  })
}

test('a document without items is one element, and "items" deeper in it makes no list', () => {
  const document = { kind: 'Pod', spec: { volumes: [{ items: [{ key: 'a' }] }] }, list: 'items' }
  assert.deepEqual(slice(JSON.stringify(document)).elements, [`1 ${JSON.stringify(document)}`])
})

test('an empty list is a list of none', () => {
  assert.deepEqual(slice(pretty([])).lists, ['1 0 {"apiVersion":"v1","items":[],"kind":"List"}'])
})

test('a truncated list keeps its whole elements and says where it ends', () => {
  const text = pretty([two, two, one])
  const sliced = slice(text.slice(0, text.indexOf('"c"')))
  assert.equal(sliced.elements.length, 2)
  assert.deepEqual(sliced.broken, ['15 the document ends before it is complete'])
  assert.equal(sliced.lists[0], '1 2 {}')
})

test('a line cut inside a string or between fields costs that line only', () => {
  const line = JSON.stringify({ x: 'long text', y: 1 })
  for (const cut of [12, line.indexOf(',"y"')]) {
    const sliced = slice(`${line}\n${line.slice(0, cut)}\n${line}\n`)
    assert.deepEqual(sliced.elements, [`1 ${line}`, `3 ${line}`])
    assert.equal(sliced.broken.length, 1)
  }
})

test('an element of an indented list that is cut in the middle costs that element only', () => {
  const text = pretty([two, { name: 'broken', more: { x: 1 } }, two])
  const sliced = slice(text.replace('"broken"', '"broken').replace('"x": 1\n            }', ''))
  assert.equal(sliced.elements.length, 2)
  assert.equal(sliced.broken.length, 1)
  for (const chunkBytes of [1, 3, 7, 16]) assert.deepEqual(slice(text.replace('"broken"', '"broken'), chunkBytes), slice(text.replace('"broken"', '"broken')))
})

test('lines between documents that are no JSON are told and cost nothing else', () => {
  const sliced = slice(`${pretty([two])}\n==== START logs for container {web} ====\nW0302 {"a":1}\n${JSON.stringify(one)}\n`)
  assert.equal(sliced.elements.length, 2)
  assert.deepEqual(sliced.others, [10, 11])
})

test('hostile input ends: stray closers, deep nesting, a string without end', () => {
  assert.deepEqual(slice('}}}]]]').elements, [])
  assert.equal(slice('['.repeat(100_000)).elements.length, 0)
  assert.equal(slice(`{"a": "${'x'.repeat(100_000)}`).broken.length, 1)
  assert.equal(slice(`{"a": "${'x'.repeat(17 * 1024 * 1024)}"}\n{"b": 1}\n`).elements.length, 1)
})
