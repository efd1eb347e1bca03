import tseslint from 'typescript-eslint';

const nodeGlobals = 'process performance Buffer URL console module require __dirname'.split(' ');

export default tseslint.config(
  { ignores: ['dist/', 'build*/', 'prebuilds/', 'node_modules/', 'coverage/'] },
  {
    files: ['lib/**/*.{ts,mts}', 'bin/**/*.ts', 'test/**/*.ts'],
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
    files: ['tools/**/*.mjs', '*.mjs', '*.cjs'],
    extends: [tseslint.configs.strict, tseslint.configs.stylistic],
    languageOptions: {
      globals: Object.fromEntries(nodeGlobals.map((name) => [name, 'readonly'])),
    },
    rules: { 'no-undef': 'error' },
  },
);
