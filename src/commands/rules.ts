/** faultline rules: what the mechanisms are, whether one's own are right, and whether they do what they promise. */
import { loadMechanisms, readUser } from '../causes/load-mechanisms.js'
import { UserError } from '../model/user-error.js'
import { EXIT, say } from './common.js'

export interface RulesFlags {
  readonly mechanisms: readonly string[]
  readonly json?: boolean
}

/** A file of tests is told by its name. */
const isTestFile = (file: string): boolean => /\.test\.ya?ml$/u.test(file)

/** Exit 2 where a file cannot be used, 1 where a test fails. */
export const runRulesCheck = async (files: readonly string[], flags: Pick<RulesFlags, 'mechanisms'>): Promise<number> => {
  const { checkRules } = await import('../rules/check.js')
  const { parseRuleTests, runRuleTest } = await import('../rules/rule-tests.js')
  const ruleFiles = files.filter((file) => !isTestFile(file))
  let broken = false
  for (const file of ruleFiles) {
    const { problems, warnings, rules } = checkRules(readUser(file), file)
    for (const problem of [...problems, ...warnings.map((warning) => `${warning} (a warning)`)]) say(problem)
    broken ||= problems.length > 0
    if (problems.length === 0) process.stdout.write(`ok    ${file}: ${rules} ${rules === 1 ? 'rule' : 'rules'}\n`)
  }
  if (broken) return EXIT.usage
  const mechanisms = loadMechanisms([...flags.mechanisms, ...ruleFiles])
  let failed = false
  for (const file of files.filter(isTestFile)) {
    for (const test of parseRuleTests(readUser(file), file)) {
      const { name, failures } = await runRuleTest(test, mechanisms)
      process.stdout.write(`${failures.length === 0 ? 'ok  ' : 'FAIL'}  ${file}: ${name}\n`)
      for (const failure of failures) process.stdout.write(`      ${failure}\n`)
      failed ||= failures.length > 0
    }
  }
  return failed ? EXIT.incident : EXIT.analysed
}

export const runRulesList = async (flags: RulesFlags): Promise<number> => {
  const mechanisms = loadMechanisms(flags.mechanisms)
  const { listed } = await import('../rules/words.js')
  process.stdout.write(flags.json === true ? `${JSON.stringify(mechanisms, null, 2)}\n` : `${listed(mechanisms)}\n`)
  return EXIT.analysed
}

/** By id, or by a kind of finding: then all that may cause it or follow from it. */
export const runRulesExplain = async (word: string, flags: RulesFlags): Promise<number> => {
  const mechanisms = loadMechanisms(flags.mechanisms)
  const wanted = mechanisms.filter(({ id, cause, effect }) => id === word || cause.includes(word) || effect.includes(word))
  if (wanted.length === 0) throw new UserError(`no rule is called ${word}, and none speaks of it; 'faultline rules list' names them all`)
  const { explained } = await import('../rules/words.js')
  process.stdout.write(`${wanted.map(explained).join('\n\n')}\n`)
  return EXIT.analysed
}
