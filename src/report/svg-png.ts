/**
 * The report's inline pictures (chain, lanes) as PNG, for places that take no SVG. They are stacks of SVGs as wide as their page, with x in percent, links and
 * classes: what draws SVG here knows none of these, so each is turned into a plain SVG of a fixed width first.
 */
import type * as Canvas from '@napi-rs/canvas'
import type { Role } from '../model/vocabulary.js'
import { FONT, FONT_FILES, fontsFor } from './fonts.js'
import { colourOf } from './glyphs.js'
import type { Markup } from './markup.js'
import { ROLE_WORDS } from './words.js'

/** Pixels of the picture for one of the page: sharp on paper, too. */
const SCALE = 2
/** Taller than this no picture is drawn: a canvas has its limits. */
const MOST_HEIGHT = 16_000

interface Piece {
  readonly height: number
  readonly attributes: string
  readonly body: string
}

/** Null where there is nothing to draw, or it cannot be drawn. `width` is that of the page, in pixels. */
export const drawMarkup = async (markup: Markup, width: number): Promise<Buffer | null> => {
  const { pieces, definitions } = flatten(markup.markup, width)
  const height = pieces.reduce((sum, piece) => sum + piece.height, 0)
  if (height === 0 || height * SCALE > MOST_HEIGHT) return null
  const { createCanvas, loadImage } = await canvasWithFonts(markup.markup)
  const canvas = createCanvas(width * SCALE, Math.ceil(height * SCALE))
  const context: Canvas.SKRSContext2D = canvas.getContext('2d')
  context.fillStyle = '#ffffff'
  context.fillRect(0, 0, canvas.width, canvas.height)
  let y = 0
  for (const piece of pieces) {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width * SCALE}" height="${piece.height * SCALE}" viewBox="0 0 ${width} ${piece.height}"${piece.attributes}>${definitions}${piece.body}</svg>`
    const image = await loadImage(Buffer.from(svg)).catch(() => null)
    if (image !== null) context.drawImage(image, 0, y * SCALE)
    y += piece.height
  }
  return canvas.encode('png')
}

let ready = false

const canvasWithFonts = async (text: string): Promise<Pick<typeof Canvas, 'createCanvas' | 'loadImage'>> => {
  const canvas = await import('@napi-rs/canvas')
  if (!ready) for (const file of Object.values(FONT_FILES)) canvas.GlobalFonts.registerFromPath(file, FONT)
  ready = true
  fontsFor([text], () => canvas.GlobalFonts)
  return canvas
}

// ---- from the page's markup to plain SVG

const TAG = /<(\/?)([a-zA-Z]+)([^<>]*)>/gu
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/gu

/** The outermost SVGs of our own markup, and the definitions of all of them. */
const flatten = (markup: string, width: number): { pieces: readonly Piece[]; definitions: string } => {
  const pieces: Piece[] = []
  let definitions = ''
  let defining = 0
  // What closes each open tag, and the role it is drawn for.
  const open: { readonly close: string; readonly role: string }[] = []
  let svgs = 0
  let piece: { height: number; attributes: string; body: string } | null = null
  let last = 0
  const write = (text: string): void => {
    if (defining > 0) definitions += text
    else if (piece !== null) piece.body += text
  }
  for (const tag of markup.matchAll(TAG)) {
    const [whole, slash, name = '', written = ''] = tag
    if (piece !== null) write(markup.slice(last, tag.index))
    last = tag.index + whole.length
    const single = written.endsWith('/')
    if (slash === '/') {
      const closed = open.pop()
      if (name === 'svg') svgs--
      if (name === 'svg' && svgs === 0 && piece !== null) {
        pieces.push(piece)
        piece = null
        continue
      }
      if (piece === null) continue
      write(closed?.close ?? '')
      if (name === 'defs') defining--
      continue
    }
    const attributes = new Map([...written.matchAll(ATTRIBUTE)].map(([, key = '', value = '']) => [key, value]))
    const role = /\brole-(\w+)/u.exec(attributes.get('class') ?? '')?.[1] ?? open.at(-1)?.role ?? ''
    if (name === 'svg' && svgs === 0) {
      if (single) continue
      svgs++
      open.push({ close: '', role })
      piece = { height: Number(attributes.get('height') ?? 0) || 0, attributes: plain(attributes, ['width', 'height', 'viewBox'], role), body: '' }
      continue
    }
    if (piece === null) {
      if (!single) open.push({ close: '', role })
      continue
    }
    if (name === 'svg' && !single) svgs++
    if (name === 'defs' && !single) defining++
    const [drawn, rest] =
      name === 'svg'
        ? ['g', ` transform="translate(${pixels(attributes.get('x'), width)} ${pixels(attributes.get('y'), piece.height)})"`]
        : name === 'a'
          ? ['g', '']
          : [name, plain(name === 'text' ? shifted(attributes, width) : attributes, [], role)]
    write(`<${drawn}${rest}${single ? '/' : ''}>`)
    if (!single) open.push({ close: `</${drawn}>`, role })
  }
  return { pieces, definitions }
}

/** A length in pixels of something given in pixels or in percent. */
const pixels = (length: string | undefined, whole: number): number => {
  const value = Number.parseFloat(length ?? '0')
  return Number.isFinite(value) ? (length?.endsWith('%') === true ? (value / 100) * whole : value) : 0
}

/** What draws here forgets a shift where the text is anchored at its end. */
const shifted = (attributes: ReadonlyMap<string, string>, width: number): ReadonlyMap<string, string> => {
  const by = attributes.get('dx')
  if (by === undefined) return attributes
  const moved = new Map(attributes).set('x', String(pixels(attributes.get('x'), width) + pixels(by, width)))
  moved.delete('dx')
  return moved
}

/** A colour with an opacity, on white: a line with an opacity of its own is drawn too dark here. */
const onWhite = (colour: string, opacity: number): string => {
  const parts = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/iu.exec(colour)?.slice(1)
  if (parts === undefined || !(opacity >= 0 && opacity < 1)) return colour
  return `#${parts
    .map((part) =>
      Math.round(255 - (255 - Number.parseInt(part, 16)) * opacity)
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`
}

/** Without what only a page understands; colours that its style sheet gives are written out. */
const plain = (attributes: ReadonlyMap<string, string>, without: readonly string[], role: string): string => {
  const kept = new Map([...attributes].filter(([key]) => key !== 'class' && key !== 'role' && !key.startsWith('aria-') && !without.includes(key)))
  const classes = attributes.get('class')?.split(' ') ?? []
  if (isRole(role) && classes.some((name) => name === 'edge' || name === 'bar')) {
    kept.set('fill', colourOf(role))
    if (kept.has('stroke')) kept.set('stroke', colourOf(role))
  }
  if (classes.includes('quiet')) kept.set('fill', '#545d66')
  const [stroke, opacity] = [kept.get('stroke'), kept.get('stroke-opacity')]
  if (stroke !== undefined && opacity !== undefined) {
    kept.set('stroke', onWhite(stroke, Number(opacity)))
    kept.delete('stroke-opacity')
  }
  if (kept.has('font-family')) kept.set('font-family', FONT)
  return [...kept].map(([key, value]) => ` ${key}="${value}"`).join('')
}

const isRole = (name: string): name is Role => Object.hasOwn(ROLE_WORDS, name)
