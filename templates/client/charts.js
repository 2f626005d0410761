// ---- charts: the pictures become live where Chart.js is

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const short = (value) => (Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3))))
const UNITS = { cores: ' cores', percent: ' %', seconds: ' s', 'per second': '/s' }
const amount = (unit, value) => {
  if (unit === 'bytes') {
    const power = Math.min(5, value >= 1 ? Math.floor(Math.log2(value) / 10) : 0)
    return `${short(value / 1024 ** power)} ${SIZES[power]}`
  }
  return short(value) + (UNITS[unit] ?? '')
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

/** The value nearest to a time, where one is near enough to be meant; a gap says so. */
const valueAt = ({ points }, time, reach) => {
  let best = null
  for (const point of points) if (best === null || Math.abs(point.x - time) < Math.abs(best.x - time)) best = point
  return best === null || Math.abs(best.x - time) > reach ? null : best.y
}

/** Phases, limits, the moment and where the pointer is, on every live chart. */
const marks = (view, chart) => ({
  id: 'marks',
  beforeDatasetsDraw: ({ ctx, chartArea: area, scales: { x, y } }) => {
    ctx.save()
    ctx.beginPath()
    ctx.rect(area.left, area.top, area.width, area.height)
    ctx.clip()
    ctx.font = '10px system-ui, sans-serif'
    for (const [index, { name, from, to }] of (data.phases[view.article.id] ?? []).entries()) {
      ctx.globalAlpha = name === 'lead-up' ? 0.06 : 0.1
      ctx.fillStyle = colour(name === 'lead-up' ? 'condition' : name)
      ctx.fillRect(x.getPixelForValue(from), area.top, x.getPixelForValue(to) - x.getPixelForValue(from), area.height)
      const [left, right] = [Math.max(area.left, x.getPixelForValue(from)), Math.min(area.right, x.getPixelForValue(to))]
      ctx.globalAlpha = 1
      ctx.fillStyle = colour('quiet')
      ctx.textAlign = 'left'
      if (right - left > 60) ctx.fillText(name, left + 4, area.top + 12 + (index % 3) * 12)
    }
    ctx.globalAlpha = 1
    ctx.font = '600 11px system-ui, sans-serif'
    for (const { label, value } of chart.limits) {
      const at = y.getPixelForValue(value)
      ctx.setLineDash([3, 3])
      ctx.strokeStyle = ctx.fillStyle = colour('ink')
      ctx.beginPath()
      ctx.moveTo(area.left, at)
      ctx.lineTo(area.right, at)
      ctx.stroke()
      ctx.textAlign = 'right'
      ctx.fillText(`${label}: ${amount(chart.unit, value)}`, area.right - 4, at > area.top + 16 ? at - 5 : at + 13)
    }
    ctx.restore()
  },
  afterDatasetsDraw: ({ ctx, chartArea: area, scales: { x } }) => {
    for (const time of [view.moment, view.hover]) {
      if (time === null || time < x.min || time > x.max) continue
      ctx.save()
      ctx.strokeStyle = colour('ink')
      ctx.lineWidth = time === view.moment ? 1.5 : 1
      ctx.globalAlpha = time === view.moment ? 1 : 0.5
      ctx.beginPath()
      ctx.moveTo(x.getPixelForValue(time), area.top)
      ctx.lineTo(x.getPixelForValue(time), area.bottom)
      ctx.stroke()
      ctx.restore()
    }
  },
})

const liveCharts = []

const makeLive = (figure) => {
  const view = viewOf(figure)
  const chart = data.charts[figure.id]
  const card = figure.querySelector('.card')
  if (card === null || chart === undefined || view === undefined) return
  const lines = chart.lines.map(({ label, from, times, values }) => ({
    label,
    points: times.map((time, index) => ({ x: from + time * 1000, y: values[index] })),
  }))
  const samples = [...new Set(lines.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b)
  const inWindow = samples.some((time) => time >= view.whole.from && time <= view.whole.to)
  const top = Math.max(0, ...chart.limits.map(({ value }) => value), ...lines.flatMap(({ points }) => points.map(({ y }) => y ?? 0))) || 1
  // Whole powers of two: 512 MiB, not 477.
  const steps = chart.unit === 'state' ? { stepSize: 1 } : chart.unit === 'bytes' ? { stepSize: 2 ** Math.ceil(Math.log2(top / 5)) } : {}
  const span = () => (inWindow || samples.length === 0 ? view.now : { from: samples[0], to: samples.at(-1) })
  const canvas = live('canvas', { role: 'img', 'aria-label': card.querySelector('img')?.alt ?? chart.title })
  const readout = live('p', { class: 'readout quiet', 'aria-live': 'polite' }, 'Point at the chart, or use ← and →, to read it; drag or + and − to zoom.')
  const holder = live('div', { class: 'canvas' }, canvas)
  card.append(holder)
  card.after(readout)
  card.classList.add('live')
  const style = (index) => {
    const known = data.styles[index % data.styles.length]
    return { borderColor: colour(`line-${index % 8}`), backgroundColor: colour(`line-${index % 8}`), borderDash: known }
  }
  const text = () => ({ color: colour('quiet'), font: { family: 'system-ui, sans-serif', size: 11 } })
  const drawn = new Chart(canvas, {
    type: 'line',
    data: {
      datasets: lines.map(({ label, points }, index) => ({
        label,
        data: points,
        ...style(index),
        borderWidth: 1.8,
        pointRadius: points.length === 1 ? 3 : 0,
        stepped: chart.unit === 'state' ? 'before' : false,
      })),
    },
    options: {
      animation: false,
      responsive: true,
      maintainAspectRatio: false,
      parsing: false,
      normalized: true,
      events: [],
      scales: {
        x: {
          type: 'linear',
          min: span().from,
          max: span().to,
          grid: { color: () => colour('rule') },
          ticks: { ...text(), maxRotation: 0, autoSkip: false, callback: (value) => tickWords(value, ticksOf(span(), 8).step) },
          afterBuildTicks: (scale) => {
            scale.ticks = ticksOf(span(), canvas.clientWidth < 500 ? 4 : 8).times.map((value) => ({ value }))
          },
        },
        y: {
          beginAtZero: true,
          max: top * (chart.unit === 'state' ? 1 : 1.08),
          grid: { color: () => colour('rule') },
          ticks: { ...text(), maxTicksLimit: 6, includeBounds: chart.unit === 'state', ...steps, callback: (value) => amount(chart.unit, value) },
          afterFit: (scale) => {
            scale.width = Math.min(84, canvas.clientWidth * 0.2)
          },
        },
      },
      plugins: {
        tooltip: { enabled: false },
        legend: { display: lines.length > 1, position: 'bottom', align: 'start', labels: { boxWidth: 34, boxHeight: 0, ...text() }, onClick: null },
      },
    },
    plugins: [marks(view, chart)],
  })
  const read = (time) => {
    view.hover = time
    const reach = Math.max(60_000, (span().to - span().from) / 40)
    const values = lines.map((line) => ({ label: line.label, value: valueAt(line, time, reach) }))
    const { day, clock, name } = parts(time)
    readout.textContent = `${day} ${clock} ${name}: ${values.map(({ label, value }) => `${label} ${value === null ? 'no data' : amount(chart.unit, value)}`).join(', ')}`
    for (const one of liveCharts) if (one.view === view) one.drawn.draw()
  }
  const step = (by) => () => {
    const inside = samples.filter((time) => time >= span().from && time <= span().to)
    const now = inside.findIndex((time) => time >= (view.hover ?? span().from))
    const at = inside[Math.min(inside.length - 1, Math.max(0, (now < 0 ? inside.length : now) + (view.hover === null ? 0 : by)))]
    if (at !== undefined) read(at)
  }
  card.addEventListener('keydown', (event) =>
    onKey(view, event, { ArrowLeft: step(-1), ArrowRight: step(1), Enter: (one) => one.hover !== null && setMoment(one, one.hover) }),
  )
  const timeAt = (x) => drawn.scales.x.getValueForPixel(x - canvas.getBoundingClientRect().left)
  holder.addEventListener('pointermove', (event) => read(timeAt(event.clientX)))
  holder.addEventListener('pointerleave', () => {
    view.hover = null
    for (const one of liveCharts) if (one.view === view) one.drawn.draw()
  })
  selectable(view, holder, timeAt)
  const refresh = () => {
    Object.assign(drawn.options.scales.x, { min: span().from, max: span().to })
    drawn.data.datasets.forEach((dataset, index) => Object.assign(dataset, style(index)))
    for (const part of [drawn.options.scales.x.ticks, drawn.options.scales.y.ticks, drawn.options.plugins.legend.labels]) part.color = colour('quiet')
    drawn.update('none')
  }
  liveCharts.push({ view, drawn, refresh })
}

const startCharts = () => {
  if (typeof Chart !== 'function') return
  const seen = new IntersectionObserver(
    (entries) =>
      entries.forEach(({ isIntersecting, target }) => {
        if (!isIntersecting) return
        seen.unobserve(target)
        makeLive(target)
      }),
    { rootMargin: '400px' },
  )
  for (const figure of all('figure.chart')) seen.observe(figure)
  on('window', (view) => liveCharts.filter((one) => one.view === view).forEach(({ refresh }) => refresh()))
  on('zone', () => liveCharts.forEach(({ refresh }) => refresh()))
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => liveCharts.forEach(({ refresh }) => refresh()))
}
