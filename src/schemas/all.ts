/** The JSON Schemas that are shipped in schemas/, made from what the program itself checks with. */
import { z } from 'zod'
import { documentSchema } from '../artifact/document.js'
import { ruleFileSchema } from '../causes/signature-file.js'
import { ruleTestFileSchema } from '../rules/rule-tests.js'
import { analysisSchema } from './analysis.js'

const of = (schema: z.ZodType, title: string, description: string): string => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' })
  return `${JSON.stringify({ $schema, title, description, ...rest }, null, 2)}\n`
}

/** File name and content. */
export const schemas = (): ReadonlyMap<string, string> =>
  new Map([
    ['analysis.schema.json', of(analysisSchema, 'faultline/analysis@1', 'What faultline analyze --json writes. Fields are only ever added.')],
    [
      'extract.schema.json',
      of(
        documentSchema,
        'faultline/extract@1',
        'One input in a saved extract: its words. The numbers of its series lie beside it in columns, named here by position (docs/library.md).',
      ),
    ],
    [
      'mechanisms.schema.json',
      of(
        ruleFileSchema,
        'faultline mechanisms',
        'Cause-and-effect rules, and signatures of log lines, of your own, for --mechanisms (docs/writing-a-mechanism.md).',
      ),
    ],
    [
      'mechanism-tests.schema.json',
      of(
        ruleTestFileSchema,
        'faultline mechanism tests',
        'What rules must or must not find in pieces of input, for faultline rules check (docs/writing-a-mechanism.md).',
      ),
    ],
  ])
