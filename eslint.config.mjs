import tseslint from 'typescript-eslint';

const nodeGlobals = [
  ...['AbortController', 'AbortSignal', 'Buffer', 'URL', 'console', 'performance', 'process'],
  ...['__dirname', 'clearTimeout', 'module', 'require', 'setTimeout'],
];

export default tseslint.config(
  {
    ignores: ['dist/', 'build*/', 'prebuilds/', 'node_modules/', 'coverage/', 'docs/api/', 'site/'],
  },
  {
    files: ['lib/**/*.{ts,mts,tsx}', 'bin/**/*.ts', 'test/**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      // Numbers and errno names are printed in messages throughout.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
    },
  },
  {
    files: ['{bench,examples,native,tools}/**/*.mjs', '*.mjs', '*.cjs'],
    extends: [tseslint.configs.strict, tseslint.configs.stylistic],
    languageOptions: {
      globals: Object.fromEntries(nodeGlobals.map((name) => [name, 'readonly'])),
    },
    rules: {
      'no-undef': 'error',
      '@typescript-eslint/no-empty-function': 'off',
      // `const { left, out, ...rest } = row` is how keys are left out.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
    },
  },
);
