/** Whatever is given to it: a clear message, no stack trace, and the rest analysed. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmod, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { bzip2, xz, zstd } from './packed.js'
import { gzipSync } from 'node:zlib'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { extractInput } from '../src/read/extract-input.js'
import { findInputs } from '../src/read/inputs.js'
import { usualLimits } from '../src/read/limits.js'
import { folderWith, tarOf } from './files.js'
import { LOG, readAll, withFile } from './read-all.js'
import { read } from './read.js'

test('a path that is not there is named with its reason, and the others are read', async (t) => {
  const folder = await folderWith(t, { 'a.log': LOG })
  const { inputs, unreadable } = await readAll(folder, [join(folder, 'nothing.log'), join(folder, 'a.log')])
  assert.deepEqual(unreadable, [{ path: 'nothing.log', reason: 'there is no such file or folder' }])
  assert.deepEqual(
    inputs.map(({ path, records }) => ({ path, records })),
    [{ path: 'a.log', records: 50 }],
  )
})

test('a folder without any file is unreadable, an empty folder beside files is not', async (t) => {
  const folder = await folderWith(t, { 'empty/.keep/.DS_Store': '', 'full/a.log': LOG, 'full/deep/nothing/._x': '' })
  assert.match((await readAll(folder, [join(folder, 'empty')])).unreadable[0]?.reason ?? '', /no file in the folder/)
  const { inputs, unreadable } = await readAll(folder, [join(folder, 'full')])
  assert.deepEqual([inputs.length, unreadable], [1, []])
})

test('a link in a folder is not followed', async (t) => {
  const folder = await folderWith(t, { 'real.log': LOG })
  await symlink('/etc/passwd', join(folder, 'linked.log'))
  await symlink('..', join(folder, 'loop'))
  assert.deepEqual(
    (await readAll(folder)).inputs.map(({ path }) => path),
    ['real.log'],
  )
})

test('a file without permission is unreadable, and the others are read', { skip: process.getuid?.() === 0 ? 'root may read everything' : false }, async (t) => {
  const folder = await folderWith(t, { 'a.log': LOG, 'secret.log': LOG })
  await chmod(join(folder, 'secret.log'), 0)
  const { inputs, unreadable } = await readAll(folder)
  assert.deepEqual([inputs.length, unreadable], [1, [{ path: 'secret.log', reason: 'no permission to read it' }]])
})

test('one file given twice is read once', async (t) => {
  const folder = await folderWith(t, { 'a.log': LOG })
  assert.equal((await readAll(folder, [folder, join(folder, 'a.log')])).inputs.length, 1)
})

test('an empty file, blank lines, binary data: listed, each with what it is', async (t) => {
  const noise = Buffer.from(Array.from({ length: 4000 }, (_, at) => (at * 7919) % 256))
  const folder = await folderWith(t, { '1.log': '', '2.log': '\n\r\n\n', '3.bin': noise, '4.log': '\ufeff', '5.json': '[]\n', '6.json': '{ }' })
  const { inputs, unreadable } = await readAll(folder)
  assert.deepEqual(
    inputs.map(({ format, warnings }) => [format, warnings[0]?.replace(/^line \d+: /, '')]),
    [
      ['empty', 'the file is empty'],
      ['empty', 'there is nothing in the file but blank lines'],
      ['unknown', 'binary data of a kind that is not known'],
      ['empty', 'there is nothing in the file but blank lines'],
      // An API that was asked, and had nothing to tell.
      ['empty-answer', undefined],
      ['empty-answer', undefined],
    ],
  )
  assert.deepEqual(unreadable, [])
})

test('text that no parser knows is unknown, with the first line that was not understood', async () => {
  const { format, skipped, warnings } = await read('lorem ipsum\ndolor sit amet\n')
  assert.deepEqual({ format, skipped }, { format: 'unknown', skipped: 2 })
  assert.match(warnings.join(), /2 lines were not understood, first line 1/)
})

for (const what of [
  '{"kind":"List","items":[{"kind":"Event","meta',
  '[',
  '{',
  '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"up"},"values":[[1795249081,"1"],[17',
  '{"a":',
]) {
  test(`half a JSON document (${what.slice(0, 24)}…) does not throw`, async () => {
    const whole = await read(what, { path: 'x.json' })
    assert.equal(whole.warnings.join().includes('reading stopped'), false, whole.warnings.join())
  })
}

test('invalid UTF-8, CRLF and a byte order mark do not cost a line', async () => {
  const lines = LOG.split('\n').slice(0, 3)
  const bytes = Buffer.concat([
    Buffer.from('\ufeff'),
    Buffer.from(`${lines[0] ?? ''} `),
    Buffer.from([0xff, 0xfe, 0xc3]),
    Buffer.from(`\r\n${lines[1] ?? ''}\r\n${lines[2] ?? ''}`),
  ])
  const { lines: count, records, skipped } = await read(bytes)
  assert.deepEqual({ count, records, skipped }, { count: 3, records: 3, skipped: 0 })
})

test('a file from PowerShell in UTF-16 is read', async () => {
  const bytes = Buffer.from(`\ufeff${LOG.replaceAll('\n', '\r\n')}`, 'utf16le')
  const { inputs } = await withFile('events.txt', bytes)
  assert.deepEqual([inputs[0]?.records, inputs[0]?.wrapping], [50, ['utf-16']])
})

test('a line of 50 MB is cut, told once, and the lines around it are read', async () => {
  const [first = '', second = ''] = LOG.split('\n')
  const bytes = Buffer.concat([Buffer.from(`${first}\n${first} `), Buffer.alloc(50e6, 'x'), Buffer.from(`\n${second}\n`)])
  const { records, warnings, lines } = await read(bytes, { chunkBytes: 1 << 20 })
  assert.deepEqual({ records, lines }, { records: 3, lines: 3 })
  assert.match(warnings.join(), /line 2: a line longer than 1 MiB was cut/)
})

test('50 MB without any line end do not throw', async () => {
  const { lines } = await read(Buffer.alloc(50e6, 'x'), { chunkBytes: 1 << 20 })
  assert.equal(lines, 1)
})

test('a gzip that was cut off keeps all that came before the cut, and says so', async () => {
  const text = LOG.repeat(2000)
  const packed = gzipSync(text)
  const { inputs, unreadable } = await withFile('a.log', packed.subarray(0, packed.length / 2))
  assert.deepEqual(unreadable, [])
  assert.ok((inputs[0]?.records ?? 0) > 20_000, `${inputs[0]?.records} records`)
  assert.match(inputs[0]?.warnings[0] ?? '', /reading stopped: the gzip data end too early: the file was cut off; what came before is used/)
})

test('a gzip of nothing but its header is unreadable, broken data say where they broke', async () => {
  assert.match((await withFile('a.gz', gzipSync(LOG).subarray(0, 12))).unreadable[0]?.reason ?? '', /end too early/)
  const broken = gzipSync(LOG.repeat(3000))
  broken.fill(0x55, broken.length / 2)
  const { inputs } = await withFile('a.gz', broken)
  assert.match(inputs[0]?.warnings[0] ?? '', /the gzip data (?:are broken|end too early)/)
  assert.ok((inputs[0]?.records ?? 0) > 0)
})

for (const [kind, packed] of Object.entries({ gzip: gzipSync(LOG), bzip2, zstd, xz })) {
  test(`${kind} is taken off, whatever the file is called, alone and within gzip`, async () => {
    const once = await withFile('whatever.txt', packed)
    assert.deepEqual([once.inputs[0]?.wrapping, once.inputs[0]?.records, once.inputs[0]?.warnings, once.unreadable], [[kind], 50, [], []])
    const twice = await withFile('whatever.txt', gzipSync(packed))
    assert.deepEqual([twice.inputs[0]?.wrapping, twice.inputs[0]?.records], [['gzip', kind], 50])
  })

  test(`${kind}: several in one file are one log, and a tar in it is opened`, async () => {
    const { inputs } = await withFile('a', Buffer.concat([packed, packed]))
    assert.deepEqual([inputs[0]?.records, inputs[0]?.warnings], [100, []])
    const inTar = await withFile('a', tarOf([{ name: 'x.log', content: packed }]))
    assert.deepEqual([inTar.inputs[0]?.wrapping, inTar.inputs[0]?.records], [['tar', kind], 50])
  })

  test(`${kind} that was cut off is told, and does not hang`, async () => {
    const { inputs, unreadable } = await withFile('x', packed.subarray(0, packed.length - 20))
    const told = unreadable[0]?.reason ?? inputs[0]?.warnings[0] ?? ''
    assert.match(told, new RegExp(`${kind} data`, 'u'))
  })
}

test('a bomb is stopped and named, not unpacked to its end', async () => {
  const member = gzipSync(Buffer.alloc(64 << 20, `${'a'.repeat(999_999)}\n`), { level: 9 })
  const { inputs } = await withFile('bomb.gz', Buffer.concat(new Array<Buffer>(20).fill(member)))
  assert.match(inputs[0]?.warnings.join() ?? '', /unpacks to more than \d+ times its size/)
})

test('what one archive or file may unpack to, how much a byte may become, how many files are read: the user sets it, and reaching it is told', async () => {
  const packed = gzipSync(LOG.repeat(20_000)) // 60 MB
  const sized = await withFile('a.gz', packed, { maxUnpacked: 5e6 })
  assert.match(sized.inputs[0]?.warnings[0] ?? '', /unpacks to more than 5 MB \(--max-unpacked allows more\); what came before is used/)
  assert.ok((sized.inputs[0]?.records ?? 0) > 1_000)
  const members = ['a', 'b', 'c', 'd'].map((name) => ({ name, content: LOG }))
  const counted = await withFile('d.tar', tarOf(members), { maxMembers: 2 })
  assert.equal(counted.inputs.length, 2)
  assert.match(counted.inputs[1]?.warnings.join() ?? '', /more than 2 files: the rest is not read \(--max-members allows more\)/)
  const inArchive = await withFile('d.tgz', gzipSync(tarOf([...members, { name: 'e', content: Buffer.alloc(40e6, 'x') }])), { maxUnpacked: 5e6 })
  assert.equal(inArchive.inputs.length, 5)
  assert.match(inArchive.inputs.at(-1)?.warnings.join() ?? '', /unpacks to more than 5 MB/)
})

test('many small bombs in one archive share what one large bomb may take', async (t) => {
  const bomb = gzipSync(Buffer.alloc(70 << 20, `${'a'.repeat(999_999)}\n`), { level: 1 })
  const names = Array.from({ length: 17 }, (_, index) => ({ name: `${index}.gz`, content: bomb }))
  const { sources } = await findInputs([join(await folderWith(t, { 'd.tar': tarOf(names) }), 'd.tar')], undefined, { ...usualLimits, maxRatio: 50 })
  let size = 0
  await assert.rejects(async () => {
    for await (const chunk of sources[3]?.chunks() ?? []) size += chunk.length
  }, /more than 50 times its size/)
  assert.ok(size < 70 << 20)
})

test('a hundred thousand members cost no more than those that are read', async () => {
  const one = tarOf([{ name: 'x', content: '' }]).subarray(0, -1024)
  const many = Buffer.concat(new Array<Buffer>(100_000).fill(one))
  const { inputs } = await withFile('d.tgz', gzipSync(many, { level: 1 }), { maxMembers: 50 })
  assert.deepEqual([inputs.length, inputs[49]?.path], [50, 'd.tgz!/x (50)'])
  assert.match(inputs[49]?.warnings.join() ?? '', /more than 50 files/)
})

test('pipes, sockets and devices in a folder or an archive are not waited for', { skip: has('mkfifo') ? false : 'there is no mkfifo here' }, async (t) => {
  const folder = await folderWith(t, { 'a.log': LOG })
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const server = createServer().listen(join(folder, 'socket'))
  t.after(() => server.close())
  await once(server, 'listening')
  const { inputs, unreadable } = await readAll(folder)
  assert.deepEqual([inputs.map(({ path }) => path), unreadable], [['a.log'], []])
  const given = await readAll(folder, [join(folder, 'socket')])
  assert.deepEqual(given.unreadable, [{ path: 'socket', reason: 'neither a file nor a folder' }])
  const types = ['1', '2', '3', '4', '6'].map((type, index) => ({ name: `odd-${index}`, type, link: '/dev/zero' }))
  const packed = await withFile('d.tar', tarOf([...types, { name: 'a.log', content: LOG }]))
  assert.deepEqual(
    packed.inputs.map(({ path, records }) => [path, records]),
    [['d.tar!/a.log', 50]],
  )
  assert.match(packed.inputs[0]?.warnings.join() ?? '', /2 links were not followed.*3 special or sparse members were not read/)
})

test('compressed over and over is refused', async () => {
  let bytes = Buffer.from(LOG)
  for (let time = 0; time < 5; time++) bytes = gzipSync(bytes)
  assert.match((await withFile('a.gz', bytes)).unreadable[0]?.reason ?? '', /compressed more than 3 times/)
})

test('7-zip, rar and lz4 are named, with what to do', async () => {
  const { unreadable } = await withFile('a.7z', Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4]))
  assert.deepEqual(unreadable, [{ path: 'a.7z', reason: '7-zip is not supported: unpack it and give what is in it' }])
})

test('members of a tar are inputs of their own, compressed or not, archives in archives too', async () => {
  const inner = gzipSync(tarOf([{ name: './node-2/kubelet.log', content: LOG }]))
  const outer = gzipSync(
    tarOf([
      { name: 'dump/', type: '5' },
      { name: 'dump/a.log', content: LOG },
      { name: 'dump/b.log.gz', content: gzipSync(LOG) },
      { name: 'dump/inner.tgz', content: inner },
      { name: 'dump/c.log', content: LOG },
    ]),
  )
  const { inputs, unreadable } = await withFile('d.tar.gz', outer)
  assert.deepEqual(unreadable, [])
  assert.deepEqual(
    inputs.map(({ path, wrapping, records }) => `${path} ${wrapping.join('>')} ${records}`),
    [
      'd.tar.gz!/dump/a.log gzip>tar 50',
      'd.tar.gz!/dump/b.log.gz gzip>tar>gzip 50',
      'd.tar.gz!/dump/inner.tgz!/node-2/kubelet.log gzip>tar>gzip>tar 50',
      'd.tar.gz!/dump/c.log gzip>tar 50',
    ],
  )
})

test('members can be read in any order, several at once and twice', async (t) => {
  const names = ['a', 'b', 'c', 'd']
  const folder = await folderWith(t, { 'd.tgz': gzipSync(tarOf(names.map((name) => ({ name, content: LOG.repeat(names.indexOf(name) + 1) })))) })
  const { sources } = await findInputs([join(folder, 'd.tgz')])
  const order = [2, 0, 3, 3, 1]
  const results = await Promise.all(order.map(async (index) => (sources[index] ? extractInput(sources[index]) : null)))
  assert.deepEqual(
    results.map((result) => result?.records),
    order.map((index) => 50 * (index + 1)),
  )
})

for (const [tool, kind] of [
  ['bzip2', 'bzip2'],
  ['zstd', 'zstd'],
  ['xz', 'xz'],
] as const)
  test(`a tar packed by ${tool} is opened as it is`, { skip: has(tool) ? false : `there is no ${tool} here` }, async () => {
    const pack = (input: string | Buffer): Buffer => execFileSync(tool, ['-c'], { input })
    const { inputs, unreadable } = await withFile('d', pack(tarOf(['a', 'b', 'c'].map((name) => ({ name, content: pack(LOG.repeat(300)) })))))
    assert.deepEqual(unreadable, [])
    assert.deepEqual(
      inputs.map(({ path, wrapping, records }) => `${path} ${wrapping.join('>')} ${records}`),
      ['a', 'b', 'c'].map((name) => `d!/${name} ${kind}>tar>${kind} 15000`),
    )
  })

function has(tool: string): boolean {
  try {
    execFileSync(tool, ['--version'], { stdio: 'ignore', input: '' })
    return true
  } catch {
    return false
  }
}

test('names that climb or are absolute are shown clean, with a warning; links are not followed', async () => {
  const { inputs } = await withFile(
    'd.tar',
    tarOf([
      { name: '../../etc/cron.d/x', content: LOG },
      { name: '/var/log/y.log', content: LOG },
      { name: 'C:\\logs\\z.log', content: LOG },
      { name: 'passwd', type: '2', link: '/etc/passwd' },
      { name: 'evil\u001b[31m.log', content: LOG },
    ]),
  )
  assert.deepEqual(
    inputs.map(({ path }) => path),
    ['d.tar!/etc/cron.d/x', 'd.tar!/var/log/y.log', 'd.tar!/logs/z.log', 'd.tar!/evil.log'],
  )
  const warnings = inputs.map((input) => input.warnings.join('; '))
  assert.match(warnings[0] ?? '', /climbs out of the archive.*1 link was not followed/)
  assert.match(warnings[1] ?? '', /is absolute/)
  assert.match(warnings[2] ?? '', /is absolute/)
})

test('a tar that was cut off gives the members before the cut and says what is missing', async () => {
  const whole = tarOf([
    { name: 'a.log', content: LOG },
    { name: 'b.log', content: LOG },
  ])
  const cutInside = await withFile('d.tar', whole.subarray(0, whole.length - 1024 - 2000))
  assert.deepEqual(
    cutInside.inputs.map(({ path }) => path),
    ['d.tar!/a.log', 'd.tar!/b.log'],
  )
  assert.match(cutInside.inputs[1]?.warnings.join() ?? '', /the archive ends too early/)
  const cutBetween = await withFile('d.tar', gzipSync(whole).subarray(0, -30))
  assert.match(cutBetween.inputs.map(({ warnings }) => warnings.join()).join(), /cut off/)
})

test('lying sizes, broken checksums and endless headers do not hang or fill memory', async () => {
  const lying = await withFile('d.tar', tarOf([{ name: 'a.log', content: LOG, size: 8 ** 11 - 1 }]))
  assert.match(lying.inputs[0]?.warnings.join() ?? '', /cut off/)
  const second = tarOf([{ name: 'a.log', content: LOG }]).subarray(0, -1024)
  const broken = await withFile('d.tar', Buffer.concat([second, Buffer.alloc(512, 'x'), Buffer.alloc(1024)]))
  assert.deepEqual([broken.inputs.length, /broken here/u.test(broken.inputs[0]?.warnings.join() ?? '')], [1, true])
  const endless = await withFile(
    'd.tar',
    tarOf([
      { name: 'x', type: 'L', content: Buffer.alloc(3e6, 'n') },
      { name: 'a.log', content: LOG },
    ]),
  )
  assert.deepEqual(
    endless.inputs.map(({ path, records }) => [path, records]),
    [['d.tar!/a.log', 50]],
  )
})

test('an archive five deep is refused, its neighbours are read', async () => {
  let bytes = tarOf([{ name: 'deep.log', content: LOG }])
  for (let depth = 0; depth < 4; depth++)
    bytes = tarOf([
      { name: 'inner.tar', content: bytes },
      { name: `${depth}.log`, content: LOG },
    ])
  const { inputs, unreadable } = await withFile('d.tar', bytes)
  assert.equal(inputs.length, 4)
  assert.match(unreadable.map(({ reason }) => reason).join(), /more than 4 deep/)
})

test('long names of GNU, pax and ustar tars are read', { skip: hasTar() ? false : 'there is no tar here' }, async (t) => {
  const name = `${'deep/'.repeat(30)}${'n'.repeat(90)}.log`
  const folder = await folderWith(t, { [name]: LOG, 'ümläut.log': LOG })
  for (const format of ['gnu', 'pax', 'ustar']) {
    const bytes = execFileSync('tar', ['-C', folder, '-cf', '-', `--format=${format}`, '.'], { maxBuffer: 1e7 })
    const { inputs } = await withFile('d.tar', bytes)
    assert.deepEqual(inputs.map(({ path }) => path).sort(), [`d.tar!/${name}`, 'd.tar!/ümläut.log'], format)
  }
})

function hasTar(): boolean {
  try {
    return execFileSync('tar', ['--version']).includes('GNU')
  } catch {
    return false
  }
}
