import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** 5 features of mixed types. */
const FEATURES = { orders: 'INT64', returns: 'INT64', mean_basket: 'DOUBLE', share: 'DOUBLE', city: 'STRING' } as const;
const FIRST_MS = Date.UTC(2020, 0, 1);

export interface Row {
  readonly entityId: string;
  /** Milliseconds since 1970; each row has a later one. */
  readonly timeMs: number;
  readonly orders: number;
  readonly returns: number;
  readonly mean_basket: number;
  readonly share: number;
  readonly city: string;
}

/** The row of a number, for entities in turn. */
export function rowOf(number: number, entities: number): Row {
  return {
    entityId: `customer-${number % entities}`,
    timeMs: FIRST_MS + number * 10,
    orders: number,
    returns: number % 7,
    mean_basket: number / 7,
    share: (number % 100) / 100,
    city: `city ${number % 50}`,
  };
}

export function rowsFrom(first: number, count: number, entities: number): Row[] {
  return Array.from({ length: count }, (_, index) => rowOf(first + index, entities));
}

/** A row as `writeFeatureValues` takes it. */
export function toInputRow({ entityId, timeMs, ...values }: Row): object {
  return {
    entityType: 'customer',
    entityId,
    timestamp: new Date(timeMs).toISOString(),
    values: Object.entries(values).map(([feature, value]) => ({
      feature,
      value: feature === 'orders' || feature === 'returns' ? String(value) : value,
    })),
  };
}

/** A row as `POST /ingest` takes it. */
export function toLine({ entityId, timeMs, ...values }: Row): string {
  return `${JSON.stringify({ entityId, timestamp: new Date(timeMs).toISOString(), values })}\n`;
}

/** A folder with a registry of one entity type that clients write. `stores` are lines of its featurestore, as YAML. */
export async function makeWriteFolder(stores: readonly string[] = []): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'featuregraph-ingest-'));
  const features = Object.entries(FEATURES).map(([name, valueType]) => `{ name: ${name}, valueType: ${valueType} }`);
  await writeFile(
    join(folder, 'registry.yaml'),
    `featurestores:
  - name: bench
${stores.map((line) => `    ${line}\n`).join('')}    entityTypes:
      - name: customer
        sources: [{ name: orders, features: [${features.join(', ')}] }]
`,
  );
  return folder;
}
