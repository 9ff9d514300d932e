import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { QuarantineLine } from '../../ingestion/quarantine/quarantine-line.js';

/** A shop whose registry expects something of the values that clients write, with each action. */
export const EXPECTING_SHOP = `
featurestores:
  - name: shop
    entityTypes:
      - name: customer
        sources:
          - name: profile
            features:
              - name: age
                valueType: INT64
                expectations: [{ min: 0, max: 150, onViolation: REJECT }]
              - name: email
                valueType: STRING
                sensitivity: PERSONAL
                expectations: [{ matches: '[^@]+@[^@]+', onViolation: QUARANTINE }]
              - name: channel
                valueType: STRING
                expectations: [{ in: [web, store], onViolation: WARN }]
              - { name: note, valueType: STRING }
`;

/** The lines of the quarantine of a data folder. */
export async function readQuarantine(dataFolder: string): Promise<QuarantineLine[]> {
  const folder = join(dataFolder, 'quarantine');
  const texts = await Promise.all(
    (await readdir(folder)).toSorted().map((name) => readFile(join(folder, name), 'utf8')),
  );
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as QuarantineLine);
}
