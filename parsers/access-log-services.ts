/** Which service a request was for, and how many it got and how long they took, per ten seconds. */
import { namespaceOf, service, shortName, type Entity } from '../src/model/entity.js'
import type { Basis } from '../src/model/extract.js'
import type { Envelope, InputContext, Sink } from '../src/model/format.js'
import { hit, type ServiceForm } from './access-log-lines.js'
import { stemOf } from './text-apps.js'
import { BIN_MS, counter, onBasis, type Counter } from './text-counts.js'

export interface Service {
  readonly entity: Entity
  /** The label of its series: 'shop/web', or 'web' where no namespace is known. */
  readonly label: string
}

/** Namespaces that every cluster has and that contain a dash: 'kube-system-dashboard-443' is no service of a namespace 'kube'. */
const DASHED = /^(kube-system|kube-public|kube-node-lease|ingress-nginx|cert-manager|istio-system)-(.+)$/

const NAME = /^[A-Za-z0-9_][\w.-]{0,252}$/
const named = (namespace: string, name: string): Entity | null =>
  NAME.test(name) && (namespace === '-' || NAME.test(namespace)) ? service(namespace, name) : null

/** shop-web-80: namespace, service and port, as ingress-nginx and Traefik join them. A dash in the namespace cannot be told. */
const joined = (text: string): Entity | null => {
  const whole = text.replace(/@.*$/, '')
  const bare = whole.replace(/-(?:\d{1,5}|http|https|web)$/, '')
  if (bare === whole) return named('-', whole)
  const known = DASHED.exec(bare)
  if (known !== null) return named(known[1] ?? '-', known[2] ?? '-')
  const dash = bare.indexOf('-')
  return dash <= 0 ? named('-', bare) : named(bare.slice(0, dash), bare.slice(dash + 1))
}

/** web.shop.svc.cluster.local:80 is a service of its cluster; of any other host the name is all there is. */
const ofHost = (text: string): Entity | null => {
  const host = text.replace(/:\d{1,5}$/, '')
  const inCluster = /^([\w-]{1,63})\.([\w-]{1,63})\.svc(?:\.|$)/.exec(host)
  return inCluster === null ? named('-', host) : named(inCluster[2] ?? '-', inCluster[1] ?? '-')
}

export const serviceNamed = (form: ServiceForm, text: string): Entity | null => {
  switch (form) {
    case 'ingress':
      return joined(text)
    case 'host':
      // AWS: app/<name>/<id>
      return ofHost(/^(?:app|net)\/([\w-]+)\//.exec(text)?.[1] ?? text)
    case 'cluster':
      return ofHost(text.slice(text.lastIndexOf('|') + 1))
    case 'router':
      return named('-', text.replace(/@.*$/, ''))
    case 'backend':
    case 'target-group':
      return named('-', text)
    case 'none':
      return null
  }
}

const MAX_SERVICES = 200

/** 'web' of web-669fc94c59-hl2fh and of web-0: what its service is called, as a rule. */
const workloadOf = (pod: string): string => pod.replace(/-(?:[0-9a-z]{6,10}-[0-9a-z]{5}|\d{1,4}|[0-9a-z]{5})$/, '')

/** 'shop' of shop-access.log; 'nginx' of nginx/access.log. */
const ofPath = (path: string): string => {
  const stem = stemOf(path).replace(/[._-]?(?:ssl[._-])?(?:other[._-]vhosts[._-])?(?:access|error)(?:[._-]?log)?$/, '')
  if (stem !== '') return stem
  const folder = path
    .split(/[/\\]|!\//)
    .filter((part) => part !== '')
    .at(-2)
  return folder === undefined ? '-' : stemOf(folder)
}

export interface Services {
  /** The service of the request in `hit`. */
  of(bytes: Buffer, envelope: Envelope | null): Service
}

export const servicesOf = (sink: Sink, context: InputContext): Services => {
  const known = new Map<string, Service>()
  const own = new Map<string, Service>()
  let latest: Service | null = null
  let latestForm: ServiceForm = 'none'
  let latestBytes: Buffer = Buffer.alloc(0)

  const made = (entity: Entity): Service => {
    const namespace = namespaceOf(entity)
    return { entity, label: namespace === '-' ? shortName(entity) : `${namespace}/${shortName(entity)}` }
  }

  /** Whoever wrote the log, where it does not name its services. */
  const writer = (envelope: Envelope | null): Service => {
    const pod = envelope?.pod ?? context.pod
    let one = own.get(pod ?? '')
    if (one === undefined) {
      const entity = pod === null ? service('-', ofPath(context.path)) : service(namespaceOf(pod), workloadOf(shortName(pod)))
      one = made(entity)
      if (own.size < MAX_SERVICES) own.set(pod ?? '', one)
      if (pod !== null) sink.fact({ fact: 'runs-as', of: entity, by: pod })
    }
    return one
  }

  return {
    of(bytes, envelope) {
      const { form, serviceStart, serviceEnd } = hit
      if (form === 'none' || serviceEnd - serviceStart > 400) return writer(envelope)
      if (
        latest !== null &&
        form === latestForm &&
        latestBytes.length === serviceEnd - serviceStart &&
        latestBytes.compare(bytes, serviceStart, serviceEnd) === 0
      )
        return latest
      const text = bytes.toString('utf8', serviceStart, serviceEnd)
      const key = `${form}\n${text}`
      let one = known.get(key)
      if (one === undefined) {
        const entity = known.size < MAX_SERVICES ? serviceNamed(form, text) : null
        one = entity === null ? writer(envelope) : made(entity)
        if (known.size < MAX_SERVICES) known.set(key, one)
      }
      latest = one
      latestForm = form
      latestBytes = Buffer.from(bytes.subarray(serviceStart, serviceEnd))
      return one
    },
  }
}

/** Durations fall into buckets that grow by a quarter, from a tenth of a millisecond to an hour: a quantile is right within 12 %. */
const BUCKETS = 80
const SMALLEST = 1e-4
const GROWTH = Math.log(1.25)
const bucketOf = (seconds: number): number => (seconds <= SMALLEST ? 0 : Math.min(BUCKETS - 1, 1 + Math.floor(Math.log(seconds / SMALLEST) / GROWTH)))
const middleOf = (bucket: number): number => (bucket === 0 ? SMALLEST : SMALLEST * Math.exp((bucket - 0.5) * GROWTH))

const OPEN_BINS = 64
const QUANTILES = [0.5, 0.95] as const

interface Durations {
  add(ms: number, seconds: number): void
  end(): void
}

const durations = (sink: Sink, label: string, basis: Basis): Durations => {
  const bins = new Map<number, Uint32Array<ArrayBuffer>>()
  const series = QUANTILES.map((quantile) => sink.series('faultline_http_seconds', onBasis({ service: label, quantile: String(quantile) }, basis), null))
  let bin = NaN
  let current = new Uint32Array(BUCKETS)
  const write = (at: number, counts: Uint32Array): void => {
    let all = 0
    for (const count of counts) all += count
    QUANTILES.forEach((quantile, index) => {
      let left = Math.ceil(all * quantile)
      let bucket = 0
      while (bucket < BUCKETS - 1 && (left -= counts[bucket] ?? 0) > 0) bucket++
      series[index]?.push(at * BIN_MS, Number(middleOf(bucket).toPrecision(4)))
    })
    bins.delete(at)
  }
  return {
    add(ms, seconds) {
      const at = Math.floor(ms / BIN_MS)
      if (at !== bin) {
        const kept = bins.get(at)
        if (kept === undefined && bins.size >= OPEN_BINS)
          for (const [oldest, counts] of [...bins].sort(([a], [b]) => a - b).slice(0, OPEN_BINS / 2)) write(oldest, counts)
        current = kept ?? new Uint32Array(BUCKETS)
        bins.set(at, current)
        bin = at
      }
      const bucket = bucketOf(seconds)
      current[bucket] = (current[bucket] ?? 0) + 1
    },
    end() {
      for (const [at, counts] of [...bins].sort(([a], [b]) => a - b)) write(at, counts)
    },
  }
}

export interface Traffic {
  /** Counts the request in `hit` at its time. */
  add(service: Service, ms: number, basis: Basis): void
  end(): void
}

export const trafficOf = (sink: Sink): Traffic => {
  const byLabel = new Map<string, { readonly classes: (Counter | undefined)[]; seconds: Durations | null }>()
  let latest: Service | null = null
  let latestBasis: Basis = 'utc'
  let mine: { readonly classes: (Counter | undefined)[]; seconds: Durations | null } = { classes: [], seconds: null }
  return {
    add(service, ms, basis) {
      if (service !== latest || basis !== latestBasis) {
        const key = `${basis}\n${service.label}`
        mine = byLabel.get(key) ?? { classes: [], seconds: null }
        byLabel.set(key, mine)
        latest = service
        latestBasis = basis
      }
      const hundreds = Math.floor(hit.status / 100)
      const counted = (mine.classes[hundreds] ??= counter(sink, 'faultline_http_requests', onBasis({ service: service.label, class: `${hundreds}xx` }, basis)))
      counted.add(ms)
      // A request that was cut off took as long as its client was patient.
      if (!(hit.seconds >= 0) || hit.status === 499) return
      mine.seconds ??= durations(sink, service.label, basis)
      mine.seconds.add(ms, hit.seconds)
    },
    end() {
      for (const { classes, seconds } of byLabel.values()) {
        for (const one of classes) one?.end()
        seconds?.end()
      }
    },
  }
}
