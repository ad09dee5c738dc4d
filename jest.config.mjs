/** One project a kind of test, so that each can be run alone: `npm run test:unit`, `test:integration`, `test:e2e`. */
const base = {
  testEnvironment: 'node',
  modulePathIgnorePatterns: ['<rootDir>/(build|dist)/'],
  extensionsToTreatAsEsm: ['.ts'],
  // Imports end in `.js` as Node demands; the sources end in `.ts`.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2024',
          keepClassNames: true,
        },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
};
const project = (displayName, testMatch) => ({ ...base, displayName, testMatch });

export default {
  // Only a hang takes so long, also on a busy machine. No test sets a shorter limit.
  testTimeout: 180_000,
  maxWorkers: 2,
  // ES modules of a test file are never freed: after a hundred files a collection would take seconds, and tests that ask for
  // one would wait for it.
  workerIdleMemoryLimit: '700MB',
  projects: [
    project('unit', ['<rootDir>/src/**/*.spec.ts']),
    project('integration', ['<rootDir>/test/integration/**/*.spec.ts']),
    project('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
    project('faults', ['<rootDir>/test/faults/**/*.spec.ts']),
    project('consistency', ['<rootDir>/test/consistency/**/*.spec.ts']),
    project('ha', ['<rootDir>/test/ha/**/*.spec.ts']),
  ],
  collectCoverageFrom: ['src/**/*.ts', '!src/**/*.spec.ts', '!src/**/*.type-test.ts'],
};
