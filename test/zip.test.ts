/** Zip archives as tools make them, and as nobody should: by their table of contents, and from front to back where they lie in something else. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { folderWith, tarOf, zipOf, type ZipEntry } from './files.js'
import { LOG, withFile } from './read-all.js'

/** Larger than any chunk, so that the ends of members fall anywhere. */
const MANY = LOG.repeat(500)

const told = ({ inputs, unreadable }: Awaited<ReturnType<typeof withFile>>) => ({
  inputs: inputs.map(({ path, wrapping, records }) => `${path} ${wrapping.join('>')} ${records}`),
  warnings: inputs.flatMap(({ warnings }) => warnings),
  unreadable: unreadable.map(({ path, reason }) => `${path}: ${reason}`),
})

/** Each way in which a zip may come: as a file of its own, and where there is only one pass from the front. */
const dresses: Readonly<Record<string, (zip: Buffer) => Buffer>> = {
  'in a file': (zip) => zip,
  'in a tar': (zip) => tarOf([{ name: 'd.zip', content: zip }]),
  'in a gzip': (zip) => gzipSync(zip),
  'in a stored zip member': (zip) => zipOf([{ name: 'd.zip', content: zip, stored: true }]),
}

for (const [where, dress] of Object.entries(dresses)) {
  const records = async (entries: readonly ZipEntry[]) => {
    const all = await withFile('d', dress(zipOf(entries)))
    assert.deepEqual(told(all).unreadable, [])
    return all.inputs.map(({ path, records, warnings }) => [path.split('/').at(-1), records, ...warnings])
  }

  for (const streamed of [false, true])
    for (const zip64 of [false, true])
      for (const stored of [false, true])
        test(`zip ${where}: ${stored ? 'stored' : 'deflated'}${streamed ? ', sizes after it' : ''}${zip64 ? ', zip64' : ''}`, async () => {
          const entries = [LOG, MANY, '', LOG].map((content, index) => ({ name: `x/${index}.log`, content, stored, streamed, zip64 }))
          assert.deepEqual(await records(entries), [
            ['0.log', 50],
            ['1.log', 25_000],
            ['2.log', 0, 'the file is empty'],
            ['3.log', 50],
          ])
        })

  test(`zip ${where}: what is packed in it is unpacked, folders are none of its files`, async () => {
    const { inputs } = await withFile(
      'd',
      dress(
        zipOf([
          { name: 'x/', content: '' },
          { name: 'x/a.log.gz', content: gzipSync(LOG) },
          { name: 'x/in.tgz', content: gzipSync(tarOf([{ name: 'deep.log', content: LOG }])), streamed: true },
          { name: 'x/in.zip', content: zipOf([{ name: 'deep.log', content: LOG, streamed: true }]) },
        ]),
      ),
    )
    assert.deepEqual(
      inputs.map(({ path, wrapping, records }) => `${path.slice(path.indexOf('x/'))} ${wrapping.slice(wrapping.lastIndexOf('zip')).join('>')} ${records}`),
      ['x/a.log.gz zip>gzip 50', 'x/in.tgz!/deep.log zip>gzip>tar 50', 'x/in.zip!/deep.log zip 50'],
    )
  })

  test(`zip ${where}: an encrypted member and one packed by an unknown method are named with the reason, the others are read`, async () => {
    const all = told(
      await withFile(
        'd',
        dress(
          zipOf([
            { name: 'a.log', content: LOG },
            { name: 'secret.log', content: LOG, flags: 1 },
            { name: 'odd.log', content: LOG, method: 9 },
            { name: 'b.log', content: LOG },
          ]),
        ),
      ),
    )
    assert.equal(all.inputs.length, 2)
    assert.match(all.unreadable[0] ?? '', /secret\.log: it is encrypted: unpack it with its password/)
    assert.match(all.unreadable[1] ?? '', /odd\.log: packed by method 9 \(deflate64\), which is not supported/)
  })

  test(`zip ${where}: a checksum that does not hold is said, what came out is used`, async () => {
    const all = told(
      await withFile(
        'd',
        dress(
          zipOf([
            { name: 'a.log', content: LOG, crc: 1 },
            { name: 'b.log', content: LOG },
          ]),
        ),
      ),
    )
    assert.deepEqual(
      all.inputs.map((input) => input.slice(-2)),
      ['50', '50'],
    )
    assert.match(all.warnings.join(), /checksum does not hold\); what came before is used/)
  })
}

test('a zip that was cut off gives what came before the cut, with or without its table of contents', async () => {
  const zip = zipOf([
    { name: 'a.log', content: LOG },
    { name: 'b.log', content: MANY },
  ])
  const cut = told(await withFile('d.zip', zip.subarray(0, zip.length * 0.6)))
  assert.equal(cut.inputs[0], 'd.zip!/a.log zip 50')
  assert.match(cut.inputs[1] ?? '', /^d\.zip!\/b\.log zip \d{5}$/)
  assert.match(cut.warnings.join(), /ends too early: it was cut off/)
  const bare = told(await withFile('d.zip', zipOf([{ name: 'a.log', content: LOG }], false)))
  assert.deepEqual(bare.inputs, ['d.zip!/a.log zip 50'])
  assert.match(bare.warnings.join(), /cut off; the files before are used/)
})

test('nothing but the first bytes of a zip is told', async () => {
  assert.deepEqual(told(await withFile('a.zip', Buffer.from('PK\u0003\u0004 and so on'))).unreadable, ['a.zip: the archive ends too early: it was cut off'])
  assert.deepEqual(told(await withFile('a.zip', zipOf([]))).unreadable, ['a.zip: no files in the archive'])
})

test('names that climb, drive letters and links in a zip: shown clean, never followed', async () => {
  const all = told(
    await withFile(
      'd.zip',
      zipOf([
        { name: '../../etc/cron.d/x', content: LOG },
        { name: 'C:\\logs\\z.log', content: LOG },
        { name: '/var/log/y.log', content: LOG },
        { name: 'passwd', content: '/etc/passwd', mode: 0o120777 },
      ]),
    ),
  )
  assert.deepEqual(all.inputs, ['d.zip!/etc/cron.d/x zip 50', 'd.zip!/logs/z.log zip 50', 'd.zip!/var/log/y.log zip 50'])
  assert.match(all.warnings.join(), /climbs out of the archive.*1 link was not followed.*is absolute.*is absolute/s)
})

test('members that lie over each other are a bomb', async () => {
  const content = Buffer.alloc(1 << 20, 'a')
  const one = zipOf([{ name: '0', content, stored: true }])
  const entries = Array.from({ length: 40 }, (_, index) => ({ name: String(index), content: index === 0 ? content : '', stored: true, offset: 0 }))
  const zip = zipOf(entries)
  // Each entry of the table claims the first one's bytes.
  for (let at = zip.indexOf('PK\u0001\u0002'); at >= 0; at = zip.indexOf('PK\u0001\u0002', at + 4)) one.copy(zip, at + 16, 14, 26)
  assert.match(told(await withFile('bomb.zip', zip)).warnings.join(), /lie over each other: a bomb; the files before are used/)
})

test('members of a zip can be read in any order, several at once and twice', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  for (const dress of [(zip: Buffer) => zip, (zip: Buffer) => tarOf([{ name: 'x.zip', content: zip }])]) {
    const zip = zipOf(names.map((name, index) => ({ name, content: LOG.repeat(index + 1), streamed: index % 2 === 0 })))
    const folder = await folderWith(t, { d: dress(zip) })
    const { sources } = await findInputs([join(folder, 'd')])
    const order = [2, 0, 3, 3, 1]
    const results = await Promise.all(order.map(async (index) => (sources[index] ? extractInput(sources[index]) : null)))
    assert.deepEqual(
      results.map((result) => result?.records),
      order.map((index) => 50 * (index + 1)),
    )
  }
})

const hasZip = (): boolean => {
  try {
    return execFileSync('zip', ['-v']).includes('Zip')
  } catch {
    return false
  }
}

test('what zip itself writes is read, to a file and to a pipe', { skip: hasZip() ? false : 'there is no zip here' }, async (t) => {
  const folder = await folderWith(t, { 'x/a.log': LOG, 'x/b.log': MANY, 'x/e.log': '' })
  for (const options of [['-r'], ['-r', '-0'], ['-r', '-fz']])
    for (const dress of Object.values(dresses)) {
      const zip = execFileSync('zip', ['-q', ...options, '-', 'x'], { cwd: folder, maxBuffer: 1e8 })
      const { inputs, unreadable } = await withFile('d', dress(zip))
      assert.deepEqual([inputs.reduce((sum, { records }) => sum + records, 0), unreadable], [25_050, []], options.join(' '))
    }
})
