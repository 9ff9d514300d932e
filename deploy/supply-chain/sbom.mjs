// Writes what the package installs: a software bill of materials (CycloneDX), and the licences of its parts. Fails for a
// licence that is not reviewed. `npm run sbom [folder]`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences under which featuregraph (Apache-2.0) may install a part. */
const ALLOWED = new Set([
  'MIT',
  'Apache-2.0',
  'ISC',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  '0BSD',
  '(MIT AND BSD-3-Clause)',
  '(MIT OR CC0-1.0)',
]);

/** Parts whose package.json names no licence of the SPDX list, with the one that their repository has. */
const READ_BY_HAND = new Map([['url-template', 'BSD-3-Clause']]);

const folder = process.argv[2] ?? 'dist-sbom';
const arguments_ = ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'];
const text = execFileSync('npm', arguments_, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
const { components } = JSON.parse(text);

const byLicence = new Map();
const faults = [];
for (const { name, version, licenses = [] } of components) {
  const [found] = licenses;
  const licence = found?.license?.id ?? found?.license?.name ?? found?.expression ?? READ_BY_HAND.get(name);
  if (!ALLOWED.has(licence)) faults.push(`${name}@${version}: ${licence ?? 'no licence'}`);
  const key = licence ?? 'none';
  byLicence.set(key, [...(byLicence.get(key) ?? []), `${name}@${version}`]);
}

mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'featuregraph.cdx.json'), text);
const sections = [...byLicence].toSorted(([a], [b]) => (a < b ? -1 : 1));
const list = sections.map(
  ([licence, parts]) =>
    `## ${licence}\n\n${parts
      .toSorted()
      .map((part) => `- ${part}`)
      .join('\n')}\n`,
);
writeFileSync(join(folder, 'licences.md'), `# Licences of what featuregraph installs\n\n${list.join('\n')}`);
console.log(`${components.length} parts, ${byLicence.size} licences: ${folder}`);
if (faults.length > 0) {
  console.error(`Look at these licences, and add them to deploy/supply-chain/sbom.mjs:\n${faults.join('\n')}`);
  process.exitCode = 1;
}
