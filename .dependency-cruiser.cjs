/** Import cycles, also those of types alone: two files that describe each other cannot be read one after the other. */
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
    // Every room of the gateway, also one that is new.
    exclude: { path: ['^(dist|test|bench|examples|console|deploy)/', '/generated/', '^node_modules/', '[.]config[.]'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
