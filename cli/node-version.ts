/**
 * npm scripts and npx run on the Node that is among our dependencies. Whoever starts dist/cli/main.js with an older one
 * must hear so now, and not by a missing function in the middle of a query.
 */
const OLDEST_NODE = 22;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  console.error(
    `featuregraph needs Node.js ${OLDEST_NODE} or newer, and this is ${process.versions.node}. ` +
      'Start it by "npm start" or "npx featuregraph", which bring their own.',
  );
  process.exit(1);
}
