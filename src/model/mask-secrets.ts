/**
 * Secrets in well-known forms never leave, in no output and whatever the options: a log quotes a connection string sooner or later. What has no known form cannot be
 * told from any other text; `--redact` takes out names and addresses besides. Every pattern is linear: its repetitions are bounded or end at what they cannot take.
 */

import { changeStrings } from './strings-in.js'

export const MASKED = '[masked]'

/** One of these stands in every text that could hold a secret: most lines are left after one look. */
const SUSPECT =
  /pass|pwd|secret|token|key|auth|credential|cookie|session|bearer|basic|:\/\/|eyJ|AKIA|ASIA|gh[pousr]_|github_pat_|gl[a-z]{2,5}-|xox|xapp-|hooks\.slack|AIza|[sr]k[-_]|npm_|pypi-|SG\.|dop_v1_|hv[sb]\.|BEGIN/iu

/** One of these in lower case stands in every such text, too, unless it is user:password@host in an address. */
const UNLESS = (
  'pass pwd secret token key auth credential session bearer basic cookie eyj akia asia abia acca gh github_pat_ gl xox xapp- hooks.slack aiza k_live k_test sk- ' +
  'npm_ pypi- sg. dop_v1_ hvs. hvb. begin'
).split(' ')

/** Forms that are secret whatever stands around them; see each vendor's documentation of its token formats. */
const TOKENS: readonly RegExp[] = [
  /-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\s\S])*(?:-----END[A-Z0-9 ]{0,60}-----)?/gu,
  /(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}/gu,
  /(?:gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255})/gu,
  /gl(?:pat|ptt|rt|dt|soat|ft|oas|cbt|imt|agent|ffct)-[\w-]{16,300}/gu,
  /(?:xox[a-z]|xapp)-[\w-]{10,300}/gu,
  /\bhooks\.slack\.com\/(?:services|workflows)\/[\w/-]{10,200}/gu,
  /eyJ[\w-]{8,4000}(?:\.[\w-]{1,4000}){0,4}/gu,
  /AIza[\w-]{35}/gu,
  /[sr]k_(?:live|test)_\w{10,200}|\bsk-[A-Za-z0-9][\w-]{18,200}/gu,
  /\bnpm_[A-Za-z0-9]{30,60}|\bpypi-[\w-]{40,300}|\bdop_v1_[0-9a-f]{40,80}|\bhv[sb]\.[\w-]{20,300}|\bSG\.[\w-]{16,40}\.[\w-]{16,80}/gu,
]

/** Authorization: Bearer …, and the same in quotes, as JSON and in a command line. */
const AUTHORIZATION =
  /\b((?:proxy-)?authorization["'\\]{0,4}\s{0,4}[:=]\s{0,4}["'\\]{0,4}(?:(?:basic|bearer|token|digest|negotiate|apikey)\s{1,4})?)[^\s"'\\,;[\]{}<]{1,4000}/giu
const BEARER = /\b(bearer\s{1,4})([\w.~+/-]{12,4000}={0,2})/giu
const BASIC = /\b(basic\s{1,4})([A-Za-z0-9+/]{8,4000}={0,2})/gu

/** A whole header. */
const COOKIE = /\b((?:set-)?cookie["'\\]{0,4}\s{0,4}:\s{0,4}["'\\]{0,4})[^\s"'[{<][^\n"']{0,4000}/giu

/** user:password@host in an address; the user stays. */
const IN_ADDRESS = /(:\/\/[^\s/?#:@"']{0,200}:)([^\s/?#"']{1,500})(?=@)/gu

/** PASSWORD=…, "api_key": "…", --client-secret …; the name stays, with what stands between it and the value. */
const NAMED =
  /((?:pass(?:word|wd|phrase)?|pwd|secret|token|(?:api|access|account|shared|signing|encryption|private|secret)[_.-]?key|credentials?|cookies?|sessionid|jsessionid)["'\\]{0,4}(?:\s{0,4}[:=]\s{0,4}|\s{1,4}(?=["'])))(["'\\]{0,4})([^\s"'\\,;&|)}\]]{1,4000})/giu
const OPTION = /((?<![\w-])--[\w-]{0,40}(?:password|passwd|secret|token|api-?key)\s{1,4})([^\s"'-][^\s"']{0,400})/giu
/** CREATE ROLE … PASSWORD '…' and the like, also with blanks in it. */
const QUOTED = /(\bpass(?:word|wd|phrase)(?:["']?\s{0,4}[:=]\s{0,4}|\s{1,4}))(["'])((?:(?!\2)[^\n]){1,400})\2/giu

/** Between the lines of a key that was cut into lines; a digest in hexadecimal is none. */
const KEY_BODY = /^(?=[^A-Z]{0,90}[A-Z])(?=[^g-z]{0,90}[g-z])\s{0,40}[A-Za-z0-9+/]{60,80}={0,2}\s{0,4}$/u

/** Beyond ASCII letters without case are more than two. */
const ASCII = /^[\0-\x7f]*$/u

export const maskSecrets = (text: string): string => {
  if (!SUSPECT.test(text)) return KEY_BODY.test(text) ? MASKED : text
  // An address is suspect, and most lines of an outage hold one: these say sooner than the patterns that it holds no secret.
  const lower = text.toLowerCase()
  if (ASCII.test(text) && !UNLESS.some((word) => lower.includes(word)) && (!lower.includes('://') || !lower.includes('@'))) return text
  let masked = text
  for (const form of TOKENS) masked = masked.replace(form, MASKED)
  return masked
    .replace(AUTHORIZATION, (_, before: string) => `${before}${MASKED}`)
    .replace(COOKIE, (_, before: string) => `${before}${MASKED}`)
    .replace(BEARER, (whole, before: string, value: string) => (looksRandom(value) ? `${before}${MASKED}` : whole))
    .replace(BASIC, (whole, before: string, value: string) => (looksRandom(value) ? `${before}${MASKED}` : whole))
    .replace(IN_ADDRESS, (_, before: string) => `${before}${MASKED}`)
    .replace(QUOTED, (_, before: string, quote: string) => `${before}${quote}${MASKED}${quote}`)
    .replace(OPTION, (_, before: string) => `${before}${MASKED}`)
    .replace(NAMED, (whole, before: string, quote: string, value: string) => (isSecret(before, value) ? `${before}${quote}${MASKED}` : whole))
}

const SENTENCE: ReadonlySet<string> = new Set('authentication required is was not does mismatch incorrect invalid expired has must'.split(' '))

/** "secret" and "token" also name things: `secret="web-tls" not found` is no secret. What follows "password" is one, if it is not a word of the sentence. */
const isSecret = (name: string, value: string): boolean => {
  // What stands for a value, and the working directory that sudo tells.
  if (/^[[{<]/u.test(value) || (/^pwd/iu.test(name) && value.startsWith('/'))) return false
  if (/^(?:pass|pwd)/iu.test(name)) return !SENTENCE.has(value.toLowerCase())
  if (/key|credential|cookie|sessionid/iu.test(name)) return value.length >= 6
  return looksRandom(value)
}

/** Long, with digits or mixed case, and no path or name of several words. */
const looksRandom = (value: string): boolean =>
  value.length >= 8 && (/\d/u.test(value) || /[a-z][A-Z]|[A-Z][a-z]*[A-Z]|=$/u.test(value)) && !/^[a-z0-9]+(?:[-./][a-z0-9]+)+$/u.test(value)

/** The same value with the secrets in all of its strings masked. An input's hash looks like a line of a key, and is there to be compared. */
export const maskSecretsDeep = <T>(value: T): T => changeStrings(value, maskSecrets, 'sha256')
