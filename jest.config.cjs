// The tests import the package by its own name, so they run the built output in dist/.

// 151002: a warning that every nodenext project gets which has ts-jest check types.
const tsJest = { tsconfig: 'tsconfig.test.json', diagnostics: { ignoreCodes: [151002] } };

module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': ['ts-jest', tsJest] },
  testTimeout: 60_000,
};
