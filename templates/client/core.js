/*
 * What runs in a report where scripts run. Everything is in the page without it; this adds to it and takes nothing away.
 * No request, no dependency but Chart.js for the live charts. The files of this directory are put into the page one after
 * the other, inside one function.
 */
const data = JSON.parse(document.getElementById('report-data').textContent)
const all = (selector, root = document) => Array.from(root.querySelectorAll(selector))

/** An element of our own making; it is marked so that a saved copy leaves it out. Text is text, never markup. */
const make = (name, attributes = {}, ...children) => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
    else if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : String(value))
  }
  made.append(...children)
  return made
}
const live = (name, attributes, ...children) => make(name, { 'data-live': '', ...attributes }, ...children)
const button = (words, onclick, more = {}) => make('button', { type: 'button', onclick, ...more }, words)

const SVG = 'http://www.w3.org/2000/svg'
const draw = (name, attributes, words) => {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  if (words !== undefined) made.textContent = words
  return made
}

/** Who wants to know when the zone, the window or the filter changed. */
const listeners = new Map()
const on = (what, listener) => listeners.set(what, [...(listeners.get(what) ?? []), listener])
const tell = (what, ...about) => (listeners.get(what) ?? []).forEach((listener) => listener(...about))

const status = live('p', { class: 'status', role: 'status' })
const say = (words) => {
  status.textContent = words
}

/** To the clipboard, or into a box to copy from where the clipboard is not to be had. */
const copy = async (words, what) => {
  try {
    await navigator.clipboard.writeText(words)
    say(`${what} copied.`)
  } catch {
    const area = make('textarea', { 'aria-label': what, rows: 12, readonly: true })
    area.value = words
    const box = live(
      'dialog',
      { class: 'copy-box', 'aria-label': what },
      make('p', {}, `${what}: copy it from here.`),
      area,
      button('Close', () => box.close()),
    )
    box.addEventListener('close', () => box.remove())
    document.body.append(box)
    box.showModal()
    area.select()
  }
}

/** A menu of choices closes by Escape, and by a click elsewhere. */
const menu = (words, ...choices) => {
  const made = make('details', { class: 'menu' }, make('summary', {}, words), make('div', { class: 'choices' }, ...choices))
  made.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !made.open) return
    made.open = false
    made.querySelector('summary').focus()
    event.stopPropagation()
  })
  document.addEventListener('click', (event) => {
    if (!made.contains(event.target)) made.open = false
  })
  return made
}
