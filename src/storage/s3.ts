/**
 * s3://bucket/prefix as input and s3://bucket/key as output, through the official client, which is loaded only where such an address is given.
 * Region, keys and endpoint come from where the client looks for them: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3 …
 */
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, stat, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import { UserError } from '../model/user-error.js'

const AT_ONCE = 8

export const isS3 = (path: string): boolean => path.startsWith('s3://')

interface Address {
  readonly bucket: string
  readonly key: string
}

const addressOf = (url: string): Address => {
  const [, bucket, key = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/su.exec(url) ?? []
  if (bucket === undefined) throw new UserError(`${url}: expected s3://bucket/prefix`)
  return { bucket, key }
}

const clientOf = async (): Promise<S3Client> => {
  // It has words for whoever writes programs with it, not for who runs them: which Node comes next.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  const elsewhere = process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL']
  // Storage that is not Amazon's seldom has a host name for each bucket, nor the newer checksums.
  return new Client({
    ...(elsewhere === undefined ? {} : { forcePathStyle: true }),
    region: process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

export interface Fetched {
  /** A folder with what was found, to be read under the name that was given. */
  readonly path: string
  readonly name: string
  /** Nothing was wanted of what there is. */
  readonly none: boolean
  /** Takes the folder away again. */
  done(): Promise<void>
}

export interface Listed {
  /** Below the prefix, with '/'; of an object alone its last part. */
  readonly name: string
  readonly url: string
  readonly key: string
  readonly size: number
  /** Another one is another content. */
  readonly tag: string | null
  readonly changed: Date | undefined
}

const said = async <T>(url: string, act: () => Promise<T>, what = 'read'): Promise<T> => {
  try {
    return await act()
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`${url}: cannot be ${what}: ${reasonOf(error)}`, { failed: true })
  }
}

/** In one line: what the storage, the network or the client says, and its code. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  // One for each address that was tried.
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0])
  const status = '$metadata' in error ? statusOf(error.$metadata) : null
  const words = error.message.split('\n')[0] ?? ''
  const name = error.name === 'Error' || words.includes(error.name) ? '' : error.name
  const told = words === '' || words === 'UnknownError' ? name || 'no reason was told' : name === '' ? words : `${words} (${name})`
  return status === null ? told : `${told}, HTTP status ${status}`
}

const statusOf = (metadata: unknown): number | null =>
  typeof metadata === 'object' && metadata !== null && 'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number'
    ? metadata.httpStatusCode
    : null

const list = async (client: S3Client, { bucket, key: prefix }: Address): Promise<readonly Listed[]> => {
  const { ListObjectsV2Command } = await import('@aws-sdk/client-s3')
  const listed: Listed[] = []
  let token: string | undefined
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(token === undefined ? {} : { ContinuationToken: token }) }))
    for (const { Key: key, LastModified: changed, Size: size, ETag: tag } of page.Contents ?? [])
      if (key !== undefined && isFile(key) && isUnder(key, prefix)) {
        const below = key.slice(prefix.length).replace(/^\//u, '')
        const name = below === '' ? key.slice(key.lastIndexOf('/') + 1) : below
        listed.push({ name, url: `s3://${bucket}/${key}`, key, size: size ?? 0, tag: tag ?? null, changed })
      }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
  return listed
}

const download = async (client: S3Client, bucket: string, key: string, file: string, changed: Date | undefined): Promise<void> => {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3')
  const { Body: body, ContentLength: length } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
  if (!(body instanceof Readable)) throw new Error(`${key}: nothing came`)
  try {
    await pipeline(body, createWriteStream(file))
  } catch (error) {
    // The connection went while the object came: whoever wrote the file to a full disk is told that instead.
    throw isOfDisk(error) ? error : new Error(`${key}: cut off while it was read (${error instanceof Error ? error.message : String(error)})`)
  }
  const { size } = await stat(file)
  if (length !== undefined && size !== length) throw new Error(`${key}: cut off while it was read: ${size} of ${length} bytes came`)
  if (changed !== undefined) await utimes(file, changed, changed)
}

const isOfDisk = (error: unknown): boolean => error instanceof Error && 'syscall' in error && error.syscall === 'write' && 'path' in error

/** What lies under the address. Throws a UserError, as all of these do. */
export const listObjects = (url: string): Promise<readonly Listed[]> =>
  said(url, async () => {
    const client = await clientOf()
    const listed = await list(client, addressOf(url))
    client.destroy()
    return listed
  })

/** One object's bytes from one place up to another; null where it has not so many, or is gone. */
export const objectPart = (url: string, from: number, to: number): Promise<Buffer | null> =>
  said(url, async () => {
    const { bucket, key } = addressOf(url)
    const { GetObjectCommand } = await import('@aws-sdk/client-s3')
    const client = await clientOf()
    try {
      const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=${from}-${to - 1}` }))
      return body === undefined ? null : Buffer.from(await body.transformToByteArray())
    } catch (error) {
      if (error instanceof Error && /^(?:InvalidRange|NoSuchKey|NotFound)$/u.test(error.name)) return null
      throw error
    } finally {
      client.destroy()
    }
  })

/** One object as a file, until `done`. */
export const fetchObject = (url: string, changed?: Date): Promise<{ readonly file: string; readonly done: () => Promise<void> }> =>
  said(url, async () => {
    const { bucket, key } = addressOf(url)
    const folder = await mkdtemp(join(tmpdir(), 'faultline-s3-'))
    const done = (): Promise<void> => rm(folder, { recursive: true, force: true })
    const client = await clientOf()
    try {
      const file = join(folder, key.slice(key.lastIndexOf('/') + 1))
      await download(client, bucket, key, file, changed)
      return { file, done }
    } catch (error) {
      await done()
      throw error
    } finally {
      client.destroy()
    }
  })

/** One object, as a file of one's own. */
export const copyObject = (url: string, file: string): Promise<void> =>
  said(url, async () => {
    const { bucket, key } = addressOf(url)
    const client = await clientOf()
    try {
      await download(client, bucket, key, file, undefined)
    } finally {
      client.destroy()
    }
  })

/** Writes where there is nothing (`tag` null) or still what the tag says; false where there is something else. */
export const putWhere = (url: string, content: string, tag: string | null): Promise<boolean> =>
  said(
    url,
    async () => {
      const { bucket, key } = addressOf(url)
      const { PutObjectCommand } = await import('@aws-sdk/client-s3')
      const client = await clientOf()
      try {
        await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, ...(tag === null ? { IfNoneMatch: '*' } : { IfMatch: tag }) }))
        return true
      } catch (error) {
        // 412, or 409 where two ask at the same moment.
        if (error instanceof Error && /^(?:PreconditionFailed|ConditionalRequestConflict)$/u.test(error.name)) return false
        throw error
      } finally {
        client.destroy()
      }
    },
    'written',
  )

export const removeObject = (url: string): Promise<void> =>
  said(
    url,
    async () => {
      const { bucket, key } = addressOf(url)
      const { DeleteObjectCommand } = await import('@aws-sdk/client-s3')
      const client = await clientOf()
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }))
      client.destroy()
    },
    'removed',
  )

/** Copies what lies under the address into a folder of its own; `wanted` is asked by name, before anything is copied. Throws a UserError. */
export const fetchFrom = (url: string, wanted: (name: string) => boolean = () => true): Promise<Fetched> =>
  said(url, async () => {
    const { bucket, key: prefix } = addressOf(url)
    const folder = await mkdtemp(join(tmpdir(), 'faultline-s3-'))
    const done = (): Promise<void> => rm(folder, { recursive: true, force: true })
    const client = await clientOf()
    try {
      const all = await list(client, { bucket, key: prefix })
      const queue = all.filter(({ url: one }) => wanted(one))
      const none = all.length > 0 && queue.length === 0
      await Promise.all(
        Array.from({ length: AT_ONCE }, async () => {
          for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
            const file = join(folder, next.key)
            await mkdir(dirname(file), { recursive: true })
            await download(client, bucket, next.key, file, next.changed)
          }
        }),
      )
      return { path: folder, name: `s3://${bucket}`, none, done }
    } catch (error) {
      await done()
      throw error
    } finally {
      client.destroy()
    }
  })

/** No folder marker, and no name that would lead out of the folder it is copied to. */
const isFile = (key: string): boolean =>
  !key.endsWith('/') && !key.includes('\0') && !key.split('/').some((part) => part === '' || part === '.' || part === '..')

/** 'logs' stands for logs and logs/…, not for logs-of-others/…. */
const isUnder = (key: string, prefix: string): boolean => prefix === '' || prefix.endsWith('/') || key === prefix || key.startsWith(`${prefix}/`)

/** An object is there whole or not at all. Throws a UserError. */
export const putTo = async (url: string, content: string | Uint8Array): Promise<void> => {
  const { bucket, key } = addressOf(url)
  if (key === '' || key.endsWith('/')) throw new UserError(`${url}: expected s3://bucket/key`)
  await said(
    url,
    async () => {
      const { PutObjectCommand } = await import('@aws-sdk/client-s3')
      const client = await clientOf()
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, ContentType: typeOf(key) }))
      client.destroy()
    },
    'written',
  )
}

const typeOf = (key: string): string =>
  key.endsWith('.html')
    ? 'text/html; charset=utf-8'
    : key.endsWith('.json')
      ? 'application/json'
      : key.endsWith('.md')
        ? 'text/markdown; charset=utf-8'
        : 'application/octet-stream'
