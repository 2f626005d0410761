// ---- the lanes: a window that can be zoomed and moved, a moment, lanes that can be hidden

const [LEFT, WIDE] = [2, 96]
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000].map((seconds) => seconds * 1000)
const LEAST_MS = 2_000

const ticksOf = ({ from, to }, most) => {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? (to - from) / most
  const times = []
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) times.push(time)
  return { step, times }
}
const tickWords = (time, step) => {
  const { day, clock } = parts(time)
  return step >= 86_400_000 ? day : step < 60_000 ? clock : clock.slice(0, 5)
}

/** One per incident. */
const views = all('.incident').map((article) => {
  const lanes = article.querySelector('.lanes')
  const whole = { from: Number(lanes.dataset.from), to: Number(lanes.dataset.to) }
  return { article, lanes, whole, now: whole, drawn: lanes.innerHTML, hidden: new Set(), moment: null, hover: null }
})
const viewOf = (element) => views.find((view) => view.article.contains(element))

/** Drawn anew from what the page came with, so that nothing adds up. */
const redraw = (view) => {
  const { lanes, whole, now } = view
  lanes.innerHTML = view.drawn
  const zoomed = now.from !== whole.from || now.to !== whole.to
  if (zoomed) zoomLanes(view)
  if (zoomed || zone !== 'UTC') drawAxis(view)
  if (view.moment !== null) drawMoment(view)
  if (zone !== 'UTC') showTimes(lanes)
  for (const lane of all('[data-lane]', lanes)) lane.toggleAttribute('hidden', view.hidden.has(lane.dataset.lane))
  tell('lanes', view)
}

const place = (view, time) => LEFT + ((time - view.now.from) / (view.now.to - view.now.from)) * WIDE

const zoomLanes = (view) => {
  const { whole, now } = view
  const span = whole.to - whole.from
  const moved = (percent) => place(view, whole.from + ((percent - LEFT) / WIDE) * span)
  const read = (element, name) => Number.parseFloat(element.getAttribute(name))
  for (const rect of all('rect[x$="%"][width$="%"]', view.lanes)) {
    const [from, to] = [Math.max(0, moved(read(rect, 'x'))), Math.min(100, moved(read(rect, 'x') + read(rect, 'width')))]
    rect.toggleAttribute('hidden', to <= from)
    rect.setAttribute('x', `${from}%`)
    rect.setAttribute('width', `${Math.max(0, to - from)}%`)
  }
  for (const mark of all('svg[x$="%"]:not(.plot)', view.lanes)) {
    const at = moved(read(mark, 'x'))
    mark.setAttribute('x', `${at}%`)
    mark.toggleAttribute('hidden', at < 0 || at > 100)
  }
  for (const line of all('line[x1$="%"]', view.lanes)) {
    const at = moved(read(line, 'x1'))
    for (const name of ['x1', 'x2']) line.setAttribute(name, `${at}%`)
    line.toggleAttribute('hidden', at < 0 || at > 100)
  }
  for (const row of all('.row, .phase-row', view.lanes)) {
    const seen = all('rect, svg', row).some((one) => !one.hasAttribute('hidden'))
    for (const label of all('text', row)) {
      const at = moved(read(label, 'x'))
      label.toggleAttribute('hidden', !seen)
      label.setAttribute('x', `${Math.min(98, Math.max(LEFT, at))}%`)
      // Never out of the picture: what starts near its right end is written before it, and the other way round.
      if (at > 84) label.setAttribute('text-anchor', 'end')
      else if (at < 40) label.setAttribute('text-anchor', 'start')
      if (at > 98) label.setAttribute('dx', -4)
    }
  }
  for (const label of all('text.round-name', view.lanes)) {
    const at = moved(read(label, 'x'))
    label.setAttribute('x', `${at}%`)
    label.toggleAttribute('hidden', at < 0 || at > 95)
  }
  for (const plot of all('svg.plot', view.lanes)) {
    const height = plot.getAttribute('height')
    plot.setAttribute('viewBox', `${((now.from - whole.from) / span) * 1000} 0 ${((now.to - now.from) / span) * 1000} ${height}`)
  }
}

const drawAxis = (view) => {
  const axis = view.lanes.querySelector('.axis')
  const base = Number(axis.dataset.y)
  axis.replaceChildren()
  const { step, times } = ticksOf(view.now, view.lanes.clientWidth < 600 ? 4 : 7)
  let told = ''
  for (const time of times) {
    const at = place(view, time)
    const anchor = at < 15 ? 'start' : at > 85 ? 'end' : 'middle'
    const text = (y, size, words) => axis.append(draw('text', { x: `${at}%`, y: base + y, 'text-anchor': anchor, 'font-size': size, class: 'quiet' }, words))
    text(30, 12, tickWords(time, step))
    const { day, name } = parts(time)
    if (day !== told && step < 86_400_000) text(15, 11, `${day} ${name}`)
    told = day
  }
  for (const picture of all(':scope > svg', view.lanes)) {
    const old = all('line.tick', picture)
    const first = old[0]
    if (first === undefined) continue
    const [y1, y2] = [first.getAttribute('y1'), first.getAttribute('y2')]
    const fresh = times.map((time) =>
      draw('line', { class: 'tick', x1: `${place(view, time)}%`, x2: `${place(view, time)}%`, y1, y2, stroke: '#5b6470', 'stroke-opacity': 0.3 }),
    )
    first.before(...fresh)
    for (const line of old) line.remove()
  }
}

const drawMoment = (view) => {
  const at = place(view, view.moment)
  if (at < 0 || at > 100) return
  for (const picture of all(':scope > svg', view.lanes))
    picture.append(
      draw('line', { class: 'moment', x1: `${at}%`, x2: `${at}%`, y1: 0, y2: picture.getAttribute('height'), stroke: '#1d2125', 'stroke-width': 1.5 }),
    )
}

const setWindow = (view, from, to) => {
  const length = Math.min(view.whole.to - view.whole.from, Math.max(LEAST_MS, to - from))
  const start = Math.min(view.whole.to - length, Math.max(view.whole.from, from))
  view.now = { from: start, to: start + length }
  redraw(view)
  tell('window', view)
  say(`Shown: ${parts(view.now.from).clock} to ${parts(view.now.to).clock} ${parts(view.now.to).name}.`)
}
/** By a factor, about the moment where it is shown, else about the middle. */
const zoomBy = (view, factor) => {
  const { from, to } = view.now
  const about = view.moment !== null && view.moment > from && view.moment < to ? view.moment : (from + to) / 2
  setWindow(view, about - (about - from) * factor, about + (to - about) * factor)
}
const moveBy = (view, share) => {
  const by = (view.now.to - view.now.from) * share
  setWindow(view, view.now.from + by, view.now.to + by)
}
const showWhole = (view) => setWindow(view, view.whole.from, view.whole.to)

const KEYS = {
  '+': (view) => zoomBy(view, 0.5),
  '=': (view) => zoomBy(view, 0.5),
  '-': (view) => zoomBy(view, 2),
  0: showWhole,
  Escape: showWhole,
}
const onKey = (view, event, more = {}) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return
  const act = more[event.key] ?? KEYS[event.key]
  if (act === undefined) return
  event.preventDefault()
  act(view)
}

/** Drag selects a stretch, a click a moment; `timeAt` tells the time under the pointer. */
const selectable = (view, area, timeAt) => {
  let start = null
  let box = null
  area.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.pointerType === 'touch' || event.target.closest('a') !== null) return
    start = event.clientX
  })
  window.addEventListener('pointermove', (event) => {
    if (start === null) return
    const { left, top, width, height } = area.getBoundingClientRect()
    if (box === null && Math.abs(event.clientX - start) > 6) {
      box = live('div', { class: 'selection' })
      document.body.append(box)
      window.getSelection()?.removeAllRanges()
    }
    if (box === null) return
    const [from, to] = [Math.max(left, Math.min(start, event.clientX)), Math.min(left + width, Math.max(start, event.clientX))]
    Object.assign(box.style, { left: `${from + scrollX}px`, top: `${top + scrollY}px`, width: `${Math.max(0, to - from)}px`, height: `${height}px` })
    event.preventDefault()
  })
  window.addEventListener('pointerup', (event) => {
    if (start === null) return
    const [from, to] = [timeAt(Math.min(start, event.clientX)), timeAt(Math.max(start, event.clientX))]
    start = null
    if (box === null) setMoment(view, from)
    else setWindow(view, from, to)
    box?.remove()
    box = null
  })
}

// ---- a moment, and the link to it

const iso = (ms) => new Date(Math.round(ms / 1000) * 1000).toISOString().replace('.000', '')
const momentHash = (view) => `#t=${iso(view.moment)}&incident=${views.indexOf(view) + 1}`

const setMoment = (view, ms, follow = true) => {
  view.moment = Math.min(view.whole.to, Math.max(view.whole.from, ms))
  redraw(view)
  tell('window', view)
  const before = all('.timeline tr[data-finding]', view.article).filter((row) => Date.parse(row.querySelector('time').dateTime) <= view.moment + 500)
  for (const row of all('.at-moment', view.article)) row.classList.remove('at-moment')
  before.at(-1)?.classList.add('at-moment')
  view.copyMoment.hidden = false
  say(
    `The moment ${parts(view.moment).clock} ${parts(view.moment).name}${before.length > 0 ? `: ${before.at(-1).querySelector('.what').textContent.trim()}` : ''}`,
  )
  if (follow) history.replaceState(null, '', momentHash(view))
}

const goToMoment = () => {
  const wanted = new URLSearchParams(location.hash.slice(1))
  const ms = Date.parse(wanted.get('t') ?? '')
  if (Number.isNaN(ms)) return
  const view = views[Number(wanted.get('incident') ?? 0) - 1] ?? views.find(({ whole }) => ms >= whole.from && ms <= whole.to) ?? views[0]
  if (view === undefined) return
  setMoment(view, ms, false)
  view.lanes.scrollIntoView({ block: 'start' })
}

const laneTools = (view) => {
  const names = all('[data-lane]', view.lanes).map((lane) => lane.dataset.lane)
  const choice = [...new Set(names)].map((name) => {
    const box = make('input', {
      type: 'checkbox',
      checked: true,
      onchange: () => {
        if (box.checked) view.hidden.delete(name)
        else view.hidden.add(name)
        redraw(view)
      },
    })
    return make('label', {}, box, ` ${name === 'series' ? 'the series' : name}`)
  })
  view.copyMoment = button('Copy link to this moment', () => void copy(location.href.replace(/#.*$/, '') + momentHash(view), 'The link'), { hidden: true })
  view.lanes.before(
    live(
      'div',
      { class: 'tools lane-tools', role: 'group', 'aria-label': 'The timeline’s window' },
      button('Zoom in', () => zoomBy(view, 0.5)),
      button('Zoom out', () => zoomBy(view, 2)),
      button('Earlier', () => moveBy(view, -0.4)),
      button('Later', () => moveBy(view, 0.4)),
      button('Whole', () => showWhole(view)),
      menu('Lanes', ...choice),
      view.copyMoment,
      make('span', { class: 'quiet hint' }, 'Drag to zoom, click for a moment; keys + − 0 ← →'),
    ),
  )
  view.lanes.tabIndex = 0
  view.lanes.addEventListener('keydown', (event) => onKey(view, event, { ArrowLeft: (one) => moveBy(one, -0.2), ArrowRight: (one) => moveBy(one, 0.2) }))
  selectable(view, view.lanes, (x) => {
    const { left, width } = view.lanes.getBoundingClientRect()
    return view.now.from + ((((x - left) / width) * 100 - LEFT) / WIDE) * (view.now.to - view.now.from)
  })
}

const startLanes = () => {
  views.forEach(laneTools)
  on('zone', () => views.forEach(redraw))
  window.addEventListener('hashchange', goToMoment)
}
