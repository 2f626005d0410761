import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import tseslint from 'typescript-eslint'

const typed = {
  files: ['**/*.ts'],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: dirname(fileURLToPath(import.meta.url)) } },
}

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'samples/', 'vendor/', '**/*.{js,cjs}', '!eslint.config.js', '!templates/client/*.js'] },
  ...tseslint.configs.strictTypeChecked.map((config) => ({ ...config, files: ['**/*.ts'] })),
  {
    ...typed,
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'as' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Numbers in templates are what this program prints.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A reader of hostile input asks again what the types already promise; callbacks that return nothing are written short.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // A Format that needs no await is still an async generator.
      '@typescript-eslint/require-await': 'off',
      'no-restricted-syntax': [
        'error',
        { selector: ":matches(ClassDeclaration, ClassExpression):not([superClass.name='Error'])", message: 'Plain data and functions; no classes but errors.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'fs', message: 'Use node:fs.' },
            { name: 'path', message: 'Use node:path.' },
          ],
          patterns: [{ group: ['**/dist/**'], message: 'Import the source.' }],
        },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      eqeqeq: ['error', 'always'],
      'no-control-regex': 'error',
      'prefer-const': 'error',
      'no-var': 'error',
    },
  },
  // node:test's functions return promises that the runner awaits; a test may throw at the wrong shape.
  {
    files: ['**/*.test.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/no-floating-promises': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  // The report's own script: files that share one scope in the page, so names are not looked up.
  {
    files: ['templates/client/*.js'],
    languageOptions: { sourceType: 'script' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
      'no-var': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-restricted-properties': ['error', { property: 'insertAdjacentHTML' }, { property: 'outerHTML', message: 'Only to save the page: disable there.' }],
    },
  },
  // What only reads: below the wall no file is opened.
  {
    files: ['src/model/**', 'src/timeline/**', 'src/findings/**', 'src/post-mortem/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:fs*', 'node:child_process', 'node:http*', 'node:net'], message: 'Nothing below the wall opens a file.' }] },
      ],
    },
  },
)
