/**
 * What Alertmanager knows or sent: /api/v2/alerts (an array), /api/v2/alerts/groups, amtool's JSON, API v1 answers, and webhook
 * notifications as a receiver wrote them down, one JSON object a line, bare or within an object of the receiver's own.
 * {"received_at":"…","payload":{"status":"firing","alerts":[{"status":"firing","labels":{…},"startsAt":"…","endsAt":"0001-01-01T00:00:00Z"}]}}
 * https://prometheus.io/docs/alerting/latest/configuration/#webhook_config,
 * https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml
 */
import type { BytesFormat, Head, InputContext, Sink } from '../src/model/format.js'
import { stampOf, utc } from '../src/read/stamps.js'
import { alertAttributes, alertEntity, alertKey, alertText, tellsNothing } from './alert-series.js'
import { isObject, jsonValues, own, ownText, stringsOf, type JsonObject } from './json-values.js'

const sniff = ({ bytes }: Head): number => {
  const start = bytes[0] === 0xef ? 3 : 0
  const first = bytes[start] ?? 0
  if (first !== 123 && first !== 91 && first > 32) return 0
  const text = bytes.toString('latin1', start, Math.min(bytes.length, 65_536))
  if (!/^\s*[[{]/u.test(text)) return 0
  if (/"startsAt"\s*:\s*"/u.test(text) && /"labels"\s*:\s*\{/u.test(text)) {
    if (/"(?:alertname|generatorURL|fingerprint)"\s*:/u.test(text)) return 0.9
  }
  return 0
}

export const alertmanager: BytesFormat = {
  id: 'alertmanager',
  takes: 'bytes',
  reads: 'alerts of Alertmanager: API answers and webhook notifications',
  reference: 'https://prometheus.io/docs/alerting/latest/alerts_api/',
  sniff,
  open: (sink, context) => openAlertmanager(sink, context),
}

/** Deeper than this no receiver buries the notification. */
const MAX_DEPTH = 4

const openAlertmanager = (sink: Sink, _context: InputContext): ReturnType<BytesFormat['open']> => {
  const began = new Set<string>()
  const ended = new Set<string>()
  const values = jsonValues(
    (value, line) => {
      const received = timeOf(value, ['received_at', 'receivedAt', 'timestamp', 'time', 'ts'])
      if (!read(value, received, line, 0)) sink.skip('no alert')
    },
    () => sink.skip('no JSON that ends'),
  )

  /** Looks for alerts in the value itself and in what it holds. */
  const read = (value: unknown, received: number, line: number, depth: number): boolean => {
    if (!isObject(value) || depth > MAX_DEPTH) return false
    if (isAlert(value)) {
      const times = [received, timeOf(value, ['updatedAt']), timeOf(value, ['startsAt'])]
      sink.record(times.find((time) => !Number.isNaN(time)) ?? NaN, 'utc')
      say(value, line)
      return true
    }
    let found = false
    for (const held of Object.values(value)) {
      if (Array.isArray(held)) {
        const alerts = held.filter(isAlert)
        if (alerts.length > 0) sink.record(Number.isNaN(received) ? latest(alerts) : received, 'utc')
        for (const alert of alerts) say(alert, line)
        found ||= alerts.length > 0
      } else if (isObject(held)) found = read(held, received, line, depth + 1) || found
    }
    // A notification about no alert (an empty group) is understood all the same.
    return found || Array.isArray(own(value, 'alerts'))
  }

  const say = (alert: JsonObject, line: number): void => {
    const labels = stringsOf(alert['labels'])
    const start = timeOf(alert, ['startsAt'])
    if (tellsNothing(labels) || Number.isNaN(start)) return
    const key = alertKey(labels)
    const once = `${ownText(alert, 'fingerprint') || key} ${start}`
    const silenced = own(own(alert, 'status'), 'state') === 'suppressed'
    const draft = {
      kind: 'alert.fired',
      entity: alertEntity(labels),
      attributes: { ...alertAttributes(labels), alertstate: 'firing', ...(silenced ? { silenced: 'yes' } : {}) },
      text: [alertText(labels), summaryOf(alert)].filter((part) => part !== '').join(' '),
      line,
      burst: key,
    } as const
    if (!began.has(once)) {
      began.add(once)
      sink.signal({ ...draft, phase: 'begin', at: utc(start) })
    }
    const end = endOf(alert, start)
    if (Number.isNaN(end) || ended.has(once)) return
    ended.add(once)
    sink.signal({ ...draft, phase: 'end', at: utc(end) })
  }

  return values
}

const isAlert = (value: unknown): value is JsonObject => isObject(value) && isObject(own(value, 'labels')) && ownText(value, 'startsAt') !== ''

/** The first of these times that the object has, in milliseconds; NaN for none, and for year 1, which stands for none. */
const timeOf = (value: unknown, keys: readonly string[]): number => {
  for (const key of keys) {
    const stamp = stampOf(ownText(value, key))
    if (stamp !== null && stamp.ms > 0) return stamp.ms
  }
  return NaN
}

const latest = (alerts: readonly JsonObject[]): number => {
  const times = alerts.flatMap((alert) => {
    const start = timeOf(alert, ['startsAt'])
    return [start, endOf(alert, start)].filter((time) => !Number.isNaN(time))
  })
  return times.length > 0 ? Math.max(...times) : NaN
}

/** When the alert was over. endsAt of a firing one is when it will be taken as over unless it is heard of again: no end. */
const endOf = (alert: JsonObject, start: number): number => {
  const end = timeOf(alert, ['endsAt'])
  if (Number.isNaN(end) || end < start) return NaN
  const status = own(alert, 'status')
  if (status === 'resolved') return end
  if (status === 'firing') return NaN
  const updated = timeOf(alert, ['updatedAt'])
  return updated >= end ? end : NaN
}

const summaryOf = (alert: JsonObject): string => {
  const annotations = own(alert, 'annotations')
  return ownText(annotations, 'summary') || ownText(annotations, 'message') || ownText(annotations, 'description')
}
