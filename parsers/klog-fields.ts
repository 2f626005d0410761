/**
 * The text of a klog line taken apart: "message in quotes" key="Go-quoted value" key=bare key={…} key=[…], and the same as JSON.
 * https://github.com/kubernetes/enhancements/tree/master/keps/sig-instrumentation/1602-structured-logging
 */
import type { Entity } from '../src/model/entity.js'
import { pod } from '../src/model/entity.js'

export interface KlogText {
  readonly message: string
  /** Empty for an unstructured line, whose message is everything. */
  readonly fields: ReadonlyMap<string, string>
}

const MAX_FIELDS = 64
const NO_FIELDS: ReadonlyMap<string, string> = new Map()

/** Index of the quote that ends the Go string opened at `open`, or -1. */
const closingQuote = (text: string, open: number): number => {
  for (let at = open + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 92) at++
    else if (unit === 34) return at
  }
  return -1
}

/** \" and \\ and \n of a Go-quoted string; other escapes stay as they are written, nobody looks for them. */
export const unquote = (quoted: string): string =>
  quoted.includes('\\') ? quoted.replace(/\\(["\\nt])/gu, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped === 't' ? '\t' : escaped)) : quoted

/** Index after the value that starts at `at`: quoted, {…}, […], &{…}, <multi-line>, or bare up to a blank. */
const valueEnd = (text: string, at: number): number => {
  const first = text.charCodeAt(at)
  if (first === 34) {
    const close = closingQuote(text, at)
    return close < 0 ? text.length : close + 1
  }
  if (first === 60 && (text.charCodeAt(at + 1) === 10 || at + 1 === text.length)) {
    const close = text.indexOf('\n >', at)
    return close < 0 ? text.length : close + 3
  }
  if (first === 123 || first === 91 || (first === 38 && text.charCodeAt(at + 1) === 123)) {
    let depth = 0
    for (let next = at; next < text.length; next++) {
      const unit = text.charCodeAt(next)
      if (unit === 34) {
        const close = closingQuote(text, next)
        if (close < 0) return text.length
        next = close
      } else if (unit === 123 || unit === 91) depth++
      else if ((unit === 125 || unit === 93) && --depth === 0) return next + 1
    }
    return text.length
  }
  const blank = text.indexOf(' ', at)
  return blank < 0 ? text.length : blank
}

const valueOf = (text: string, at: number, end: number): string => {
  if (text.charCodeAt(at) === 34) return unquote(text.slice(at + 1, Math.max(at + 1, end - 1)))
  if (text.charCodeAt(at) === 60 && end - at > 4)
    return text
      .slice(at + 1, end - 2)
      .replace(/\n\t?/gu, '\n')
      .trim()
  return text.slice(at, end)
}

/** `text` is what follows "file.go:12] ". */
export const parseKlogText = (text: string): KlogText => {
  if (!text.startsWith('"')) return { message: text, fields: NO_FIELDS }
  const close = closingQuote(text, 0)
  if (close < 0) return { message: text, fields: NO_FIELDS }
  const fields = new Map<string, string>()
  let at = close + 1
  while (at < text.length && fields.size < MAX_FIELDS) {
    while (text.charCodeAt(at) === 32) at++
    const equals = text.indexOf('=', at)
    if (equals < 0) break
    const end = valueEnd(text, equals + 1)
    const key = text.slice(at, equals)
    if (!fields.has(key)) fields.set(key, valueOf(text, equals + 1, end))
    at = end
  }
  return { message: unquote(text.slice(1, close)), fields }
}

/** {"ts":1795249138637.524,"caller":"lease/controller.go:251","msg":"…","err":"…","v":0}; null where it is no such object. */
export const parseKlogJson = (text: string): (KlogText & { readonly source: string }) | null => {
  let record: unknown
  try {
    record = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof record !== 'object' || record === null) return null
  const fields = new Map<string, string>()
  for (const [key, value] of Object.entries(record)) if (fields.size < MAX_FIELDS) fields.set(key, jsonValue(value))
  const caller = fields.get('caller') ?? ''
  return { message: (fields.get('msg') ?? '').trimEnd(), fields, source: caller.slice(caller.lastIndexOf('/') + 1).replace(/:\d{1,9}$/u, '') }
}

/** Values as the text format writes them: an object reference {"name","namespace"} is namespace/name. */
const jsonValue = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map((item) => JSON.stringify(jsonValue(item))).join(',')}]`
  if (typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string')
    return 'namespace' in value && typeof value.namespace === 'string' ? `${value.namespace}/${value.name}` : value.name
  return JSON.stringify(value) ?? ''
}

const REFERENCE = /[a-z0-9][a-z0-9-]{0,62}\/[a-z0-9][a-z0-9.-]{0,252}/gu
/** pods=["shop/web-1","shop/web-2"] and pods=[shop/web-1 shop/web-2] */
export const podsOfList = (list: string): readonly Entity[] => [...list.slice(0, 20_000).matchAll(REFERENCE)].map(([reference]) => podOfReference(reference))

/** shop/web-1 */
export const podOfReference = (reference: string): Entity => {
  const slash = reference.indexOf('/')
  return slash < 0 ? pod('-', reference) : pod(reference.slice(0, slash), reference.slice(slash + 1))
}

export interface FormattedPod {
  readonly pod: Entity
  readonly uid: string
}

const FORMATTED = /([a-z0-9][a-z0-9.-]{0,252})_([a-z0-9][a-z0-9-]{0,62})\(([0-9a-f-]{8,64})\)/gu
/** web-1_shop(0ac7a38c-74bc-4d23-ae50-2576492537e0), as kubelets before 1.21 name a pod, and error texts still do. */
export const formattedPods = (text: string): readonly FormattedPod[] =>
  [...text.slice(0, 20_000).matchAll(FORMATTED)].map(([, name = '', namespace = '', uid = '']) => ({ pod: pod(namespace, name), uid }))
