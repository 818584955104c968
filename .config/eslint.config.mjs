/** ESLint for the whole repository: typescript-eslint's strict rules with types, and the project's own two. */
import { resolve } from 'node:path';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';
import { noTokenInUrl } from './eslint-rules/no-token-in-url.mjs';
import { roomsRule } from './eslint-rules/rooms.mjs';

/** @type {import('eslint').ESLint.Plugin} */
const hubshare = { rules: { rooms: roomsRule, 'no-token-in-url': noTokenInUrl } };

const tests = ['**/*.test.ts', '**/*.test-d.ts', '**/testing/**/*.ts', 'e2e/**/*.ts'];

export default defineConfig(
  { ignores: ['dist/', '.cache/', 'demo/aspnet/bin/', 'demo/aspnet/obj/'] },
  {
    linterOptions: { reportUnusedDisableDirectives: 'error', reportUnusedInlineConfigs: 'error' },
    rules: {
      eqeqeq: 'error',
      'no-constant-binary-expression': 'error',
      'no-eval': 'error',
      'no-param-reassign': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-useless-assignment': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    plugins: { hubshare },
    languageOptions: {
      parserOptions: {
        tsconfigRootDir: resolve(import.meta.dirname, '..'),
        // Each file is checked by the project that has it, tests too.
        project: [
          'src/contract/tsconfig.json',
          'src/tsconfig.json',
          'worker/tsconfig.json',
          'demo/tsconfig.json',
          'demo/hub/tsconfig.json',
          'e2e/tsconfig.json',
          '.config/typecheck/*.json',
        ],
      },
    },
    rules: {
      'hubshare/rooms': 'error',
      'hubshare/no-token-in-url': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      // Messages on a port and options of a JavaScript caller are not always what their type says, and state that changes
      // while a function waits looks constant to the compiler: such checks are wanted.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // Outside worker/hub/ SignalR's enums are known as types only, so their values are written as literals.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // What an AbortSignal gives as its reason is passed on as it is.
      '@typescript-eslint/only-throw-error': ['error', { allowThrowingAny: true, allowThrowingUnknown: true }],
      '@typescript-eslint/prefer-promise-reject-errors': [
        'error',
        { allowThrowingAny: true, allowThrowingUnknown: true },
      ],
      // Numbers and booleans read the same in a text as in the code.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // A function is async because its interface says so, not because it waits.
      '@typescript-eslint/require-await': 'off',
      // Overloads that mirror SignalR's stay as its documentation shows them.
      '@typescript-eslint/unified-signatures': 'off',
      // Parts are made of closures, by `createX(deps)`: their members have no `this` to lose.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  {
    // What runs in a browser reports by its logger or its journal.
    files: ['src/**/*.ts', 'worker/**/*.ts', 'demo/app/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    files: tests,
    rules: {
      // Tests hold bad URLs on purpose, to see them refused.
      'hubshare/no-token-in-url': 'off',
      // A test says by `!` what it has arranged; if it is wrong, the test fails.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      // `expect.any()` and its like are of type any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['.config/**/*.test.mjs'],
    // The tests of a rule are code in strings.
    rules: { 'no-template-curly-in-string': 'off' },
  },
);
