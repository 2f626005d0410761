import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { jsonShapes } from './json-shapes.js'
import { SIZES, wasmMemory } from './wasm-memory.js'

const SLOTS = [['reason'], ['count'], ['about', 'name'], ['message']] as const
const SHAPE = { slots: SLOTS, numbers: [1], fixed: [['kind']], escapes: [3] }
const open = (escapes: readonly number[] | 'any' = [3]) => jsonShapes({ ...SHAPE, escapes })

interface Thing {
  readonly reason?: unknown
  readonly count?: unknown
  readonly about?: { readonly name?: unknown } | null
  readonly message?: unknown
  readonly kind?: unknown
}

const valuesIn = (shapes: ReturnType<typeof open>, bytes: Buffer): readonly (string | null)[] =>
  SLOTS.map((_, slot) => ((shapes.starts[slot] ?? -1) < 0 ? null : bytes.toString('utf8', shapes.starts[slot], shapes.ends[slot])))

test('an object of a shape that was seen is found by what stands between its values, wherever it stands', () => {
  const shapes = open()
  const first = Buffer.from('{"kind":"Event","count":1,"about":{"name":"web","other":[1,{"a":null}]},"message":"x"}')
  assert.equal(shapes.match(first, 0, first.length), false)
  shapes.learn(first, 0, first.length)
  const second = Buffer.from(' x{"kind":"Event","count":204,"about":{"name":"né","other":[25,{"a":null}]},"message":"a \\"b\\" c"}, {')
  assert.equal(shapes.match(second, 2, second.length), true)
  assert.deepEqual(valuesIn(shapes, second), [null, '204', 'né', 'a \\"b\\" c'])
  assert.equal(shapes.last.end, second.length - 3)
  assert.equal(shapes.last.escaped, 1 << 3)
})

test('the lines within an object are counted', () => {
  const shapes = open()
  const bytes = Buffer.from(JSON.stringify({ count: 1, about: { name: 'web' }, message: '' }, null, 4))
  shapes.learn(bytes, 0, bytes.length)
  assert.equal(shapes.match(bytes, 0, bytes.length), true)
  assert.equal(shapes.last.lines, 6)
  assert.equal(shapes.last.lastNewline, bytes.lastIndexOf(10))
})

test('what is fixed, has escapes where none are expected, is cut off or stands twice is not taken', () => {
  const shapes = open()
  const usual = '{"kind":"Event","count":1,"reason":"Started"}'
  const learnt = Buffer.from(usual)
  shapes.learn(learnt, 0, learnt.length)
  for (const odd of [
    '"kind":"Pod","count":1',
    '"kind":"Event","count":01',
    '"kind":"Event","count":1.5',
    '"kind":"Event","count":-1',
    '"kind":"Event","count":null',
  ]) {
    const bytes = Buffer.from(usual.replace('"kind":"Event","count":1', odd))
    assert.equal(shapes.match(bytes, 0, bytes.length), false, odd)
  }
  const escaped = Buffer.from(usual.replace('Started', 'Sta\\u0072ted'))
  assert.equal(shapes.match(escaped, 0, escaped.length), false)
  for (let end = 0; end < learnt.length; end++) assert.equal(shapes.match(learnt, 0, end), false, usual.slice(0, end))
  const twice = Buffer.from('{"reason":"a","reason":"b"}')
  shapes.learn(twice, 0, twice.length)
  assert.equal(shapes.match(twice, 0, twice.length), false)
})

const name = fc.constantFrom('web', 'né', 'a"b', 'tab\t', '🚀', '')
const object = fc.record(
  {
    kind: fc.constantFrom('Event', 'Pod'),
    reason: fc.oneof(name, fc.constant(null)),
    count: fc.oneof(fc.nat(), fc.constantFrom('3', null, true, 1.5)),
    about: fc.record({ name, count: fc.nat(), list: fc.array(fc.constantFrom<unknown>(1, 'x', {}, [], null, false), { maxLength: 3 }) }, { requiredKeys: [] }),
    message: name,
    '': fc.record({ reason: name }),
  },
  { requiredKeys: [] },
)

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

test('slow twin: whatever byte is changed, what is taken is what JSON.parse reads', () => {
  fc.assert(
    fc.property(fc.array(object, { minLength: 1, maxLength: 5 }), fc.constantFrom(0, 2), fc.nat(), fc.nat(255), (objects, indent, where, byte) => {
      const shapes = open()
      for (const one of objects) {
        const bytes = Buffer.from(JSON.stringify(one, null, indent))
        shapes.learn(bytes, 0, bytes.length)
      }
      for (const one of objects) {
        const bytes = Buffer.from(JSON.stringify(one, null, indent))
        for (const changed of [false, true]) {
          if (changed) bytes[where % bytes.length] = byte
          if (!shapes.match(bytes, 0, bytes.length) || shapes.last.end !== bytes.length) continue
          const values = valuesIn(shapes, bytes).map((value) => (value === null ? null : parsed(`"${value}"`)))
          // Whether an escape is one of JSON's, is for those to find out who read the text.
          if (values.includes(undefined)) continue
          const whole = parsed(bytes.toString('utf8')) as Thing // an object, as its brace says
          const count = whole.count === undefined || whole.count === null ? null : typeof whole.count === 'string' ? whole.count : JSON.stringify(whole.count)
          assert.deepEqual(values, [whole.reason ?? null, count, whole.about?.name ?? null, whole.message ?? null])
        }
      }
    }),
    { numRuns: 400 },
  )
})

test('in the memory of WebAssembly the same is found', (t) => {
  const memory = wasmMemory()
  const place = memory?.take('chunk') ?? null
  if (memory === null || place === null) {
    t.skip('no memory for WebAssembly')
    return
  }
  const [quick, slow] = [jsonShapes(SHAPE, true), jsonShapes(SHAPE)]
  const chunk = Buffer.from(memory.buffer, place, SIZES.chunk)
  const text = fc.stringMatching(/^[a-zé ]{0,40}$/u)
  const things = fc.record(
    {
      kind: fc.constantFrom('Event', 'Pod'),
      count: fc.nat(),
      reason: text,
      about: fc.record({ name: text, uid: text }),
      message: fc.string(),
    },
    { requiredKeys: ['kind'] },
  )
  let taken = 0
  fc.assert(
    fc.property(
      things,
      fc.constantFrom(undefined, 4),
      fc.nat(30),
      fc.oneof({ weight: 5, arbitrary: fc.constant(400) }, fc.nat(300)),
      (thing, indent, start, cut) => {
        const json = Buffer.from(JSON.stringify(thing, null, indent))
        // What lies behind it is another object's.
        chunk.fill('{"kind":"Event"', 0, 2_000)
        json.copy(chunk, start)
        const end = Math.min(start + json.length + 5, start + cut)
        const own = Buffer.from(chunk.subarray(0, 2_000))
        const matched = quick.match(chunk, start, end)
        assert.equal(matched, slow.match(own, start, end))
        if (matched) {
          taken++
          assert.deepEqual([quick.starts, quick.ends, quick.last], [slow.starts, slow.ends, slow.last])
        }
        for (const shapes of [quick, slow]) shapes.learn(own, start, start + json.length)
      },
    ),
    { seed: 7, numRuns: 3_000 },
  )
  assert.ok(taken > 100)
  quick.end()
  memory.giveBack('chunk', place)
})
