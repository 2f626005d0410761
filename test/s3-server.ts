/** A small server that speaks as much of S3 as we use, for as long as a test runs. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'

/** So few that a listing has pages. */
const PAGE = 2
const CHANGED = '2024-11-21T09:00:00.000Z'

const tagOf = (content: Buffer): string => `"${createHash('md5').update(content).digest('hex')}"`
const refuse = (response: ServerResponse, status: number, code: string) =>
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`)

/** One bucket, 'logs', beside one that nobody may look into, 'secret'; an object whose name ends with '.cut' breaks off; ListObjectsV2, GetObject with ranges, PutObject with conditions and DeleteObject as docs.aws.amazon.com/AmazonS3/latest/API describes them. Returns what was asked, as 'GET key'. */
export const storage = async (t: TestContext, objects: Map<string, Buffer>): Promise<string[]> => {
  const asked: string[] = []
  const list = (url: URL, response: ServerResponse) => {
    const prefix = url.searchParams.get('prefix') ?? ''
    const all = [...objects].filter(([name]) => name.startsWith(prefix)).sort(([a], [b]) => (a < b ? -1 : 1))
    const from = Number(url.searchParams.get('continuation-token') ?? 0)
    const more = from + PAGE < all.length
    const contents = all
      .slice(from, from + PAGE)
      .map(
        ([name, content]) =>
          `<Contents><Key>${name}</Key><LastModified>${CHANGED}</LastModified><ETag>${tagOf(content)}</ETag><Size>${content.length}</Size></Contents>`,
      )
    return response
      .writeHead(200, { 'content-type': 'application/xml' })
      .end(
        `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${more ? `<NextContinuationToken>${from + PAGE}</NextContinuationToken>` : ''}${contents.join('')}</ListBucketResult>`,
      )
  }
  const answer = (request: IncomingMessage, response: ServerResponse, sent: Buffer) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname.startsWith('/secret')) return refuse(response, 403, 'AccessDenied')
    if (!url.pathname.startsWith('/logs')) return refuse(response, 404, 'NoSuchBucket')
    const key = decodeURIComponent(url.pathname).replace(/^\/logs\/?/u, '')
    if (url.searchParams.get('list-type') === '2') return list(url, response)
    asked.push(`${request.method ?? ''} ${key}`)
    const body = objects.get(key)
    if (request.method === 'PUT') {
      const { 'if-none-match': none, 'if-match': match } = request.headers
      if ((none === '*' && body !== undefined) || (match !== undefined && (body === undefined || tagOf(body) !== match)))
        return refuse(response, 412, 'PreconditionFailed')
      objects.set(key, sent)
      return response.writeHead(200, { etag: tagOf(sent) }).end()
    }
    if (request.method === 'DELETE') {
      objects.delete(key)
      return response.writeHead(204).end()
    }
    if (body === undefined) return refuse(response, 404, 'NoSuchKey')
    const [, from, to] = /^bytes=(\d+)-(\d+)$/u.exec(request.headers.range ?? '') ?? []
    if (key.endsWith('.cut')) {
      // The connection breaks off in the middle of it.
      response.writeHead(200, { 'content-length': body.length, etag: tagOf(body) }).write(body.subarray(0, body.length / 2))
      return setImmediate(() => response.destroy())
    }
    const part = from === undefined ? body : body.subarray(Number(from), Number(to) + 1)
    return response.writeHead(from === undefined ? 200 : 206, { etag: tagOf(body), 'last-modified': new Date(CHANGED).toUTCString() }).end(part)
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => answer(request, response, Buffer.concat(parts)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const before = { ...process.env }
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_REGION: 'eu-central-1',
    AWS_MAX_ATTEMPTS: '1',
  })
  t.after(() => {
    for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name)
    server.closeAllConnections()
    server.close()
  })
  return asked
}
