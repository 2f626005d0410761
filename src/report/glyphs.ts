/** A shape per role, so that it is never told by colour alone. */
import type { Role } from '../model/vocabulary.js'
import { element, type Markup } from './markup.js'

const SHAPES: Readonly<Record<Role, string>> = {
  condition: 'M-4.5-4.5H4.5V4.5H-4.5ZM-2.5-2.5V2.5H2.5V-2.5Z',
  change: 'M0-5.5L5.5 4.5H-5.5Z',
  fault: 'M-4.5-4.5H4.5V4.5H-4.5Z',
  symptom: 'M-4.8 0A4.8 4.8 0 1 1 4.8 0A4.8 4.8 0 1 1-4.8 0Z',
  impact: 'M0-6L6 0L0 6L-6 0Z',
  detection: 'M-5.5-4.5H5.5L0 5.5Z',
  response: 'M-1.8-5.5H1.8V-1.8H5.5V1.8H1.8V5.5H-1.8V1.8H-5.5V-1.8H-1.8Z',
  recovery: 'M-5.3 0A5.3 5.3 0 1 1 5.3 0A5.3 5.3 0 1 1-5.3 0ZM-2.9 0A2.9 2.9 0 1 0 2.9 0A2.9 2.9 0 1 0-2.9 0Z',
}

const COLOURS: Readonly<Record<Role, string>> = {
  condition: '#5b6470',
  change: '#1f5fa8',
  fault: '#b23c0a',
  symptom: '#8a6100',
  impact: '#8c1d5b',
  detection: '#00697a',
  response: '#3f4bb0',
  recovery: '#2b6e3b',
}

export const colourOf = (role: Role): string => COLOURS[role]

export const shape = (role: Role, transform?: string): Markup =>
  element('path', { class: `glyph role-${role}`, d: SHAPES[role], fill: COLOURS[role], 'fill-rule': 'evenodd', transform })

/** At a place in pixels. */
export const glyph = (role: Role, x: number, y: number): Markup => shape(role, `translate(${x} ${y})`)

/** Stands alone in a line of text. */
export const inlineGlyph = (role: Role): Markup =>
  element('svg', { class: 'inline-glyph', width: 13, height: 13, viewBox: '-6.5 -6.5 13 13', 'aria-hidden': 'true', focusable: 'false' }, shape(role))
