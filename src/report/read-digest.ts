/** What an index says of a report, read back from its page: checked, as any foreign file is. */
import { z } from 'zod'
import type { Digest } from './digest.js'

const INCIDENT = z.object({
  anchor: z.string().regex(/^[\w-]{1,100}$/u),
  title: z.string(),
  start: z.string(),
  end: z.string().nullable(),
  when: z.string(),
  lasted: z.string(),
  severity: z.string(),
  detected: z.string(),
  root: z.string(),
})

const DIGEST: z.ZodType<Digest> = z.object({ title: z.string(), version: z.string(), inputs: z.string(), incidents: z.array(INCIDENT).max(1_000) })

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'", '#x60': '`', '#x3D': '=', '#123': '{' }

/** Null where the page is no report of ours, or an older one. */
export const digestIn = (html: string): Digest | null => {
  const written = /<meta name="faultline-report" content="([^"]*)">/u.exec(html)?.[1]
  if (written === undefined) return null
  try {
    const plain = written.replace(/&(#?\w{1,6});/gu, (whole, name: string) => (Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole))
    return DIGEST.safeParse(JSON.parse(plain)).data ?? null
  } catch {
    return null
  }
}
