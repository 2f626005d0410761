/** Markup that our own code made, apart by its type from text that came from a log: text becomes markup only through `text`. */
export interface Markup {
  readonly markup: string
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;' }

const SPECIAL = /[&<>"'`]/u

export const escape = (value: string): string => (SPECIAL.test(value) ? value.replace(/[&<>"'`]/gu, (letter) => ENTITIES[letter] ?? letter) : value)

export const text = (value: string): Markup => ({ markup: escape(value) })

export const join = (parts: readonly Markup[]): Markup => ({ markup: parts.map((part) => part.markup).join('') })

/** An element; attributes that are undefined are left out. Names are ours, values are escaped. */
export const element = (name: string, attributes: Readonly<Record<string, string | number | undefined>>, ...children: readonly Markup[]): Markup => {
  let written = ''
  for (const key of Object.keys(attributes)) {
    const value = attributes[key]
    if (value !== undefined) written += ` ${key}="${typeof value === 'number' ? number(value) : escape(value)}"`
  }
  return { markup: children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${join(children).markup}</${name}>` }
}

const number = (value: number): string => String(Math.round(value * 100) / 100)

/** About how wide the text is, in ems of a plain sans serif; wide scripts count double. */
export const ems = (value: string): number => {
  let width = 0
  for (const letter of value)
    width += /[\u1100-\u11ff\u2e80-\uffef]|[\u{1f000}-\u{3ffff}]/u.test(letter)
      ? 1.05
      : /[A-Z0-9_mwMW@%]/u.test(letter)
        ? 0.66
        : /[ .,:;|'iljtfr()/-]/u.test(letter)
          ? 0.38
          : 0.57
  return width
}

/** Cut at the end to a width in ems. */
export const fit = (value: string, width: number): string => {
  if (ems(value) <= width) return value
  let kept = ''
  for (const letter of value) {
    if (ems(kept) + ems(letter) > width - 0.9) break
    kept += letter
  }
  return `${kept.trimEnd()}…`
}

/** Cut in the middle to a width in ems: the ends of generated names tell them apart. */
export const fitMiddle = (value: string, width: number): string => {
  if (ems(value) <= width) return value
  const head = fit(value, width / 2 + 0.5)
  let tail = ''
  for (const letter of Array.from(value).toReversed()) {
    if (ems(letter) + ems(tail) > width / 2 - 0.5) break
    tail = letter + tail
  }
  return head + tail
}

// A number stays with its unit.
const UNIT = /(\d) (?=(?:s|min|h|d|%)(?![\w]))/gu

/** Broken into lines of at most this width in ems; long words break inside, and what does not fit in `most` lines is cut. */
export const wrap = (value: string, width: number, most: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of value
    .replace(UNIT, '$1\u00a0')
    .split(/[ \t\n]+/u)
    .flatMap((one) => pieces(one, width))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (ems(longer) <= width) line = longer
    else {
      lines.push(line)
      line = word
    }
    if (lines.length > most) break
  }
  if (line !== '') lines.push(line)
  if (lines.length <= most) return lines
  return [...lines.slice(0, most - 1), fit(`${lines[most - 1] ?? ''} ${lines[most] ?? ''}`, width)]
}

const pieces = (word: string, width: number): string[] => {
  if (ems(word) <= width) return [word]
  const parts: string[] = []
  let part = ''
  for (const letter of word) {
    if (ems(part) + ems(letter) > width) {
      parts.push(part)
      part = ''
      if (parts.length > 20) break
    }
    part += letter
  }
  return [...parts, part]
}
