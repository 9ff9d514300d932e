import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const require = createRequire(import.meta.url);

const shared = {
  resolve: {
    // graphql ships a CommonJS and an ES build. Two copies in one process are two realms, and every instanceof fails.
    alias: [{ find: /^graphql$/, replacement: require.resolve('graphql') }],
  },
};

/** Builds the gateway, and serves the registries to the tests that ask for them. */
const withRegistries = { globalSetup: ['test/support/serve-registries.ts'] };

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // One more than there are cores: the slowest tests wait for processes and networks, and the others need not wait for them.
    maxWorkers: availableParallelism() + 1,
    // Half of the time went into importing the same modules for each file anew. A test leaves nothing behind in its process.
    isolate: false,
    projects: [
      {
        ...shared,
        test: { name: 'in-process', include: ['test/{unit,contract,integration,security,audits}/**/*.test.ts'] },
      },
      {
        ...shared,
        // The built gateway as a user starts it, over the real flights: last, since computing their features takes a while.
        test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], sequence: { groupOrder: 1 }, ...withRegistries },
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
        // Millions of rows, from labels to predictions.
        test: { name: 'soak', include: ['test/soak/**/*.test.ts'], sequence: { groupOrder: 1 }, ...withRegistries },
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
    ],
  },
});
