/**
 * Import cycles, also between types alone: a reader cannot understand two files in sequence when each needs the other.
 */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Includes every folder of the gateway, also a new one.
    exclude: { path: ['^(dist|test|bench|examples|console|deploy)/', '/generated/', '^node_modules/', '[.]config[.]'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
