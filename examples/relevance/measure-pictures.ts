/**
 * Computes the relevance features of all pictures and writes measures.ndjson, which the registry reads:
 *   npm run example:relevance-measures
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureAll } from './measures/measure.ts';

const rows = measureAll();
writeFileSync(join(import.meta.dirname, 'measures.ndjson'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
console.log(`${rows.length} pictures measured`);
