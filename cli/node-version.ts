/**
 * npm scripts and npx run on the Node.js of the dependency `node`. A person who starts dist/cli/main.js with an older
 * version must learn it at once, and not from a missing function during a query.
 */
const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(
    `featuregraph needs Node.js ${OLDEST_NODE} or newer, and this is ${process.versions.node}. ` +
      `Start it by "npm start" or "npx featuregraph": the dependency "node" brings Node.js ${OLDEST_NODE}.`,
  );
  process.exit(1);
}
