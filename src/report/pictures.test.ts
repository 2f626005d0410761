import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { loadImage, createCanvas } from '@napi-rs/canvas'
import { CASCADE, HEALTHY, HOSTILE, SEVERAL } from '../../test/fixtures/post-mortem.js'
import { element, text } from './markup.js'
import { drawPictures } from './pictures.js'
import { drawMarkup } from './svg-png.js'

/** The colour at a place, as '#rrggbb'. */
const colourAt = async (png: Buffer | null, x: number, y: number): Promise<string> => {
  assert.ok(png !== null)
  const image = await loadImage(png)
  const context = createCanvas(image.width, image.height).getContext('2d')
  context.drawImage(image, 0, 0)
  return `#${[...context.getImageData(x, y, 1, 1).data.slice(0, 3)].map((part) => part.toString(16).padStart(2, '0')).join('')}`
}

test('every incident gives its chain, its timeline and each of its charts; a report without an incident gives none', async () => {
  assert.deepEqual(
    (await drawPictures(SEVERAL)).map(({ name }) => name),
    ['incident-1-chain.png', 'incident-1-timeline.png', 'incident-1-chart-1-cpu.png', 'incident-1-chart-2-memory.png', 'incident-2-timeline.png'],
  )
  assert.deepEqual(await drawPictures(HEALTHY), [])
  assert.deepEqual(
    (await drawPictures(SEVERAL, 1)).map(({ incident }) => incident),
    ['incident-1', 'incident-1', 'incident-1', 'incident-1'],
  )
})

test('the same report gives the same bytes, and text from a log gives pictures and file names without harm', async () => {
  const [first, second] = [await drawPictures(CASCADE), await drawPictures(CASCADE)]
  first.forEach(({ png }, index) => assert.ok(second[index]?.png.equals(png)))
  const hostile = await drawPictures(HOSTILE)
  assert.equal(hostile.length, first.length)
  for (const { name } of hostile) assert.match(name, /^[a-z0-9-]+\.png$/u)
})

test("what only a page understands is drawn as the page shows it: places in percent, SVGs within SVGs, links, a role's colour, a faint line", async () => {
  const picture = element(
    'div',
    {},
    element('svg', { width: '100%', height: 20 }, element('rect', { x: '50%', y: 0, width: '50%', height: 20, fill: '#0000ff' })),
    element(
      'svg',
      { width: '100%', height: 20 },
      element(
        'a',
        { href: '#x', class: 'box role-fault' },
        element('title', {}, text('a > b')),
        element('rect', { class: 'edge', x: 0, y: 0, width: 10, height: 20, fill: '#5b6470' }),
      ),
      element('svg', { x: '50%', y: 5, overflow: 'visible', width: 1, height: 1 }, element('rect', { x: 0, y: 0, width: 10, height: 10, fill: '#00ff00' })),
      element('line', { x1: 80, x2: 80, y1: 0, y2: 20, stroke: '#000000', 'stroke-opacity': 0.2, 'stroke-width': 4 }),
    ),
  )
  const png = await drawMarkup(picture, 100)
  assert.deepEqual(
    [await colourAt(png, 20, 10), await colourAt(png, 150, 10), await colourAt(png, 5, 60), await colourAt(png, 110, 60), await colourAt(png, 160, 60)],
    ['#ffffff', '#0000ff', '#b23c0a', '#00ff00', '#cccccc'],
  )
  assert.equal(await drawMarkup(element('div', {}), 100), null)
})

test('the font that the pictures are written in is there', () => {
  assert.ok(createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'))
})
