import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { maskSecrets, maskSecretsDeep } from './mask-secrets.js'

// Put together here, so that no scanner of this repository takes them for real ones.
const joined = (...parts: readonly string[]): string => parts.join('')
const letters = (count: number): string => 'aB3dE5gH7jK9'.repeat(30).slice(0, count)

const SECRETS: Readonly<Record<string, string>> = {
  'an AWS key': joined('AKIA', 'Z7QX2MPLK4RT9WVB'),
  "GitHub's tokens": joined('ghp_', letters(36)),
  'fine-grained ones': joined('github_pat_', letters(60)),
  "GitLab's": joined('glpat-', letters(20)),
  "Slack's": joined('xoxb-', '123456789012-', letters(24)),
  'a JWT': joined('eyJhbGciOiJIUzI1NiJ9', '.', 'eyJzdWIiOiIxIn0', '.', letters(43)),
  "Google's": joined('AIza', letters(35)),
  "Stripe's": joined('sk_live_', letters(24)),
}

test('tokens in well-known forms are masked wherever they stand', () => {
  for (const [what, secret] of Object.entries(SECRETS))
    for (const text of [secret, `got ${secret}, retrying`, `{"t":"${secret}"}`, `https://x.example/?t=${secret}&b=1`])
      assert.ok(!maskSecrets(text).includes(secret.slice(0, 12)), `${what}: ${text}`)
  assert.equal(maskSecrets('retry 3 of 5 in 10s'), 'retry 3 of 5 in 10s')
})

test('headers, passwords in addresses, assignments, options and statements lose their value and keep the rest', () => {
  for (const [text, expected] of [
    ['Authorization: Bearer abc.def-123456', 'Authorization: Bearer [masked]'],
    ['{"authorization":"Basic dXNlcjpwYXNz"}', '{"authorization":"Basic [masked]"}'],
    ['curl -H "Authorization: token 0123456789abcdef" x', 'curl -H "Authorization: token [masked]" x'],
    ['Cookie: sid=1; theme=dark', 'Cookie: [masked]'],
    ['postgres://app:hunter2@db.internal:5432/shop', 'postgres://app:[masked]@db.internal:5432/shop'],
    ['redis://:p@ss@cache:6379', 'redis://:[masked]@cache:6379'],
    ['host=db user=app password=hunter2 dbname=shop', 'host=db user=app password=[masked] dbname=shop'],
    ['POSTGRES_PASSWORD: "hunter2"', 'POSTGRES_PASSWORD: "[masked]"'],
    ['{"db_password":"hunter2","port":5432}', '{"db_password":"[masked]","port":5432}'],
    ["ALTER ROLE app PASSWORD 'two words'", "ALTER ROLE app PASSWORD '[masked]'"],
    ['mysqld --password hunter2 --port 3306', 'mysqld --password [masked] --port 3306'],
    ['api_key=0123456789 retries=3', 'api_key=[masked] retries=3'],
    ['client_secret=Zm9vYmFyYmF6cXV4', 'client_secret=[masked]'],
  ] as const)
    assert.equal(maskSecrets(text), expected)
})

test('a private key is masked as a whole, also where its end was cut off, and where its lines stand alone', () => {
  const body = letters(64)
  for (const end of ['\n-----END RSA PRIVATE KEY-----', '']) {
    const masked = maskSecrets(`key:\n${joined('-----BEGIN RSA ', 'PRIVATE KEY-----')}\n${body}\n${body}${end}`)
    assert.equal(masked, 'key:\n[masked]')
  }
  assert.equal(maskSecrets(body), '[masked]')
})

test('what only sounds like a secret stays: a failed password, the name of a secret or token, an ordinary line', () => {
  for (const text of [
    'FATAL:  password authentication failed for user "app"',
    'MountVolume.SetUp failed for volume "tls" : secret "web-tls" not found',
    "couldn't find secret=prod/web-tls",
    'token="kube-api-access"',
    'Basic constraints are missing',
    'at https://10.0.0.10:6443/apis/x?timeout=10s',
    'image-pull-secret not found',
    'GET http://web:8080/a user@host',
    'tokens=4096 key=orders',
    'sudo: ops : TTY=pts/6 ; PWD=/srv/app ; USER=root',
    "DB_PASSWORD:  <set to the key 'password' in secret 'cart-db'>",
    'plugins Authorization:[] Log:[json-file]',
    '"cookie": {',
    '58a2753d8cccb31e2f841fbf05f365ac08ad6eadbabbceccc92eef396909bc29',
    '58A2753D8CCCB31E2F841FBF05F365AC08AD6EADBABBCECCC92EEF396909BC29',
  ])
    assert.equal(maskSecrets(text), text)
})

test('masking twice changes nothing more, and no text takes long', () => {
  const pieces = fc.constantFrom(
    'password',
    '=',
    ':',
    '"',
    "'",
    ' ',
    'token',
    '://',
    '@',
    'eyJ',
    '-',
    'Bearer ',
    'a1B2c3D4e5',
    '-----BEGIN PRIVATE KEY-----',
    '\\',
    '/',
    '\n',
    ...Object.values(SECRETS),
  )
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), (parts) => {
      const once = maskSecrets(parts.join(''))
      assert.equal(maskSecrets(once), once)
      for (const secret of Object.values(SECRETS)) assert.ok(!once.includes(secret))
    }),
    { numRuns: 300, seed: 7 },
  )
  for (const piece of ['a', 'eyJ', 'password=', '://', '://a:', 'token ', '"', '-----BEGIN PRIVATE KEY-----', 'Bearer ', '--a', 'cookie:'])
    maskSecrets(piece.repeat(100_000))
})

test('every string of a value is masked, and nothing else is changed', () => {
  const value = { a: ['password=hunter2', 1, null], points: [[1, 2]], b: { c: new Float64Array([1]) } }
  assert.deepEqual(maskSecretsDeep(value), { ...value, a: ['password=[masked]', 1, null] })
})
