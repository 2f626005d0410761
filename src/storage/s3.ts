/**
 * s3://bucket/prefix as input and s3://bucket/key as output, through the official client, which is loaded only where such an address is given.
 * Region, keys and endpoint come from where the client looks for them: AWS_REGION, AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3 …
 */
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, rm, utimes } from 'node:fs/promises'
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

/** Copies what lies under the address into a folder of its own; `wanted` is asked by name, before anything is copied. Throws a UserError. */
export const fetchFrom = async (url: string, wanted: (name: string) => boolean = () => true): Promise<Fetched> => {
  const { bucket, key: prefix } = addressOf(url)
  const folder = await mkdtemp(join(tmpdir(), 'faultline-s3-'))
  const done = (): Promise<void> => rm(folder, { recursive: true, force: true })
  try {
    const { GetObjectCommand, ListObjectsV2Command } = await import('@aws-sdk/client-s3')
    const client = await clientOf()
    const name = `s3://${bucket}`
    const found: { readonly key: string; readonly changed: Date | undefined }[] = []
    let token: string | undefined
    let seen = 0
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(token === undefined ? {} : { ContinuationToken: token }) }))
      for (const { Key: key, LastModified: changed } of page.Contents ?? [])
        if (key !== undefined && isFile(key) && isUnder(key, prefix)) {
          seen++
          if (wanted(`${name}/${key}`)) found.push({ key, changed })
        }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined
    } while (token !== undefined)
    const fetchOne = async ({ key, changed }: (typeof found)[number]): Promise<void> => {
      const file = join(folder, key)
      await mkdir(dirname(file), { recursive: true })
      const { Body: body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
      if (!(body instanceof Readable)) throw new Error(`${key}: nothing came`)
      await pipeline(body, createWriteStream(file))
      if (changed !== undefined) await utimes(file, changed, changed)
    }
    const queue = [...found]
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = queue.pop(); next !== undefined; next = queue.pop()) await fetchOne(next)
      }),
    )
    client.destroy()
    return { path: folder, name, none: seen > 0 && found.length === 0, done }
  } catch (error) {
    await done()
    throw new UserError(`${url}: ${error instanceof Error ? error.message || error.name : String(error)}`)
  }
}

/** No folder marker, and no name that would lead out of the folder it is copied to. */
const isFile = (key: string): boolean =>
  !key.endsWith('/') && !key.includes('\0') && !key.split('/').some((part) => part === '' || part === '.' || part === '..')

/** 'logs' stands for logs and logs/…, not for logs-of-others/…. */
const isUnder = (key: string, prefix: string): boolean => prefix === '' || prefix.endsWith('/') || key === prefix || key.startsWith(`${prefix}/`)

/** An object is there whole or not at all. Throws a UserError. */
export const putTo = async (url: string, content: string | Uint8Array): Promise<void> => {
  const { bucket, key } = addressOf(url)
  if (key === '' || key.endsWith('/')) throw new UserError(`${url}: expected s3://bucket/key`)
  try {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    const client = await clientOf()
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, ContentType: typeOf(key) }))
    client.destroy()
  } catch (error) {
    throw new UserError(`${url}: cannot be written: ${error instanceof Error ? error.message || error.name : String(error)}`)
  }
}

const typeOf = (key: string): string =>
  key.endsWith('.html')
    ? 'text/html; charset=utf-8'
    : key.endsWith('.json')
      ? 'application/json'
      : key.endsWith('.md')
        ? 'text/markdown; charset=utf-8'
        : 'application/octet-stream'
