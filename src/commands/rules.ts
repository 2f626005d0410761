/** faultline rules: what the mechanisms and signatures are, whether one's own are right, and whether they do what they promise. */
import { examineMechanisms, loadMechanisms, loadSignatures, readUser } from '../causes/load-mechanisms.js'
import { UserError } from '../model/user-error.js'
import { EXIT, say } from './common.js'

export interface RulesFlags {
  readonly mechanisms: readonly string[]
  readonly json?: boolean
}

/** A file of tests is told by its name. */
const isTestFile = (file: string): boolean => /\.test\.ya?ml$/u.test(file)

/** The kinds that signatures of these files make; of one that is broken none, which is told on its own. */
const kindsOf = (files: readonly string[]): ReadonlySet<string> =>
  new Set(files.flatMap((file) => examineMechanisms(readUser(file), file).signatures.map(({ signature }) => signature.kind)))

const countOf = (rules: number, signatures: number): string =>
  [
    ...(rules === 0 && signatures > 0 ? [] : [`${rules} ${rules === 1 ? 'rule' : 'rules'}`]),
    ...(signatures === 0 ? [] : [`${signatures} ${signatures === 1 ? 'signature' : 'signatures'}`]),
  ].join(', ')

/** Exit 2 where a file cannot be used, 1 where a test fails. */
export const runRulesCheck = async (files: readonly string[], flags: Pick<RulesFlags, 'mechanisms'>): Promise<number> => {
  const { checkRules } = await import('../rules/check.js')
  const { parseRuleTests, runRuleTest } = await import('../rules/rule-tests.js')
  const ruleFiles = files.filter((file) => !isTestFile(file))
  const others = kindsOf([...flags.mechanisms, ...ruleFiles])
  let broken = false
  for (const file of ruleFiles) {
    const { problems, warnings, rules, signatures } = checkRules(readUser(file), file, others)
    for (const problem of [...problems, ...warnings.map((warning) => `${warning} (a warning)`)]) say(problem)
    broken ||= problems.length > 0
    if (problems.length === 0) process.stdout.write(`ok    ${file}: ${countOf(rules, signatures)}\n`)
  }
  if (broken) return EXIT.usage
  const mechanisms = loadMechanisms([...flags.mechanisms, ...ruleFiles])
  const signatures = loadSignatures([...flags.mechanisms, ...ruleFiles])
  let failed = false
  for (const file of files.filter(isTestFile)) {
    for (const test of parseRuleTests(readUser(file), file)) {
      const { name, failures } = await runRuleTest(test, mechanisms, signatures)
      process.stdout.write(`${failures.length === 0 ? 'ok  ' : 'FAIL'}  ${file}: ${name}\n`)
      for (const failure of failures) process.stdout.write(`      ${failure}\n`)
      failed ||= failures.length > 0
    }
  }
  return failed ? EXIT.incident : EXIT.analysed
}

export const runRulesList = async (flags: RulesFlags): Promise<number> => {
  const mechanisms = loadMechanisms(flags.mechanisms)
  const signatures = loadSignatures(flags.mechanisms)
  const { listed, listedSignatures } = await import('../rules/words.js')
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify([...mechanisms, ...signatures], null, 2)}\n`
      : `${[listed(mechanisms), ...(signatures.length === 0 ? [] : [listedSignatures(signatures)])].join('\n')}\n`,
  )
  return EXIT.analysed
}

/** By id, or by a kind of finding: then all that may cause it or follow from it. */
export const runRulesExplain = async (word: string, flags: RulesFlags): Promise<number> => {
  const mechanisms = loadMechanisms(flags.mechanisms)
  const wanted = mechanisms.filter(({ id, cause, effect }) => id === word || cause.includes(word) || effect.includes(word))
  const meant = loadSignatures(flags.mechanisms).filter(({ id, kind }) => id === word || kind === word)
  if (wanted.length + meant.length === 0) throw new UserError(`no rule is called ${word}, and none speaks of it; 'faultline rules list' names them all`)
  const { explained, explainedSignature } = await import('../rules/words.js')
  process.stdout.write(`${[...meant.map(explainedSignature), ...wanted.map(explained)].join('\n\n')}\n`)
  return EXIT.analysed
}
