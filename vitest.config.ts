import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);

const shared = {
  resolve: {
    // graphql ships a CommonJS and an ES build. Two copies in one process are two realms, and every instanceof fails.
    alias: { graphql: require.resolve('graphql') },
  },
};

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two on a machine of two cores, too: the slowest tests wait for processes and networks, and the others need not wait for them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        ...shared,
        test: { name: 'in-process', include: ['test/{unit,contract,integration,security,audits}/**/*.test.ts'] },
      },
      {
        ...shared,
        // Processes that are killed, again and again: slow, and good at using the whole machine.
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          globalSetup: ['test/support/build-gateway.ts'],
        },
      },
      {
        ...shared,
        // The package as a user installs it: needs the npm registry.
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          globalSetup: ['test/support/build-gateway.ts'],
        },
      },
      {
        ...shared,
        // The built gateway as a user starts it, over the real flights (test/e2e/flights-gateway.ts prepares it once).
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], globalSetup: ['test/e2e/flights-gateway.ts'] },
      },
    ],
  },
});
