import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ENTITIES = 10_000;
const ROWS_EACH = 20;
const FEATURES = 20;

/** A registry of one entity type, with 200,000 rows of history, in a folder of its own. */
export async function makeGatewayFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-overload-'));
  await mkdir(join(folder, 'queries'));
  const names = Array.from({ length: FEATURES }, (_, index) => `f${index}`);
  const lines = [`id,known_at,${names.join(',')}`];
  for (let row = 0; row < ENTITIES * ROWS_EACH; row += 1) {
    const day = new Date(Date.UTC(2024, 0, 1) + Math.floor(row / ENTITIES) * 86_400_000).toISOString();
    lines.push(`t${row % ENTITIES},${day},${names.map((_, index) => (row * 7 + index) / 8).join(',')}`);
  }
  await writeFile(join(folder, 'things.csv'), `${lines.join('\n')}\n`);
  await writeFile(
    join(folder, 'things.sql'),
    `SELECT id AS thing, known_at AS event_timestamp, ${names.map((name) => `${name}::DOUBLE AS ${name}`).join(', ')} FROM things\n`,
  );
  const features = names.map((name) => `              - { name: ${name}, valueType: DOUBLE }`).join('\n');
  await writeFile(
    join(folder, 'registry.yaml'),
    `featurestores:
  - name: bench
    tables: { things: things.csv }
    entityTypes:
      - name: thing
        entityIdColumns: [thing]
        sources:
          - name: rows
            sql: things.sql
            features:
${features}
`,
  );
  return folder;
}
