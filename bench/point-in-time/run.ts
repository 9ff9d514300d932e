import { DuckDbDatabase } from '../../datasources/duckdb/database.js';
import { DuckDbOfflineStore } from '../../datasources/offline/duckdb/duckdb-offline-store.js';
import { historyTable } from '../../datasources/duckdb/history-table.js';
import { benchRegistry } from '../bench-registry.js';

/**
 * Point-in-time reads of labels scattered over a history of 4 million rows: both forms of the compiler beside the query a
 * person would write (a window over the join). Times in milliseconds, the median of the rounds; the forms take turns.
 */
const ENTITIES = 2000;
const ROWS_EACH = 2000;
const ROUNDS = Number(process.argv[2] ?? 3);
const LABELS = [1, 100, 1000, 10_000];
const START = 1_000_000_000_000_000n;
const HOUR = 3_600_000_000n;

const entityType = benchRegistry().entityType('bench', 'thing');
const [source] = entityType.sources;
if (!source) throw new Error('the bench registry has one source');
const features = entityType.features.slice(0, 10);
const database = await DuckDbDatabase.open(':memory:');
const lookup = await DuckDbOfflineStore.open(database, entityType.sources, { form: 'lookup' });
const timeline = await DuckDbOfflineStore.open(database, entityType.sources, { form: 'timeline' });
await database.use((connection) =>
  connection.run(`INSERT INTO ${historyTable(source)}
    SELECT 'e' || e, make_timestamp(${START} + r * ${HOUR}), NULL, NULL,
      ${entityType.features.map(({ valueType }, index) => ({ DOUBLE: `r / ${index + 7}`, INT64: `r + ${index}`, STRING: `'v' || r % 97`, BOOL: `r % 2 = 0` })[valueType as string]).join(', ')}
    FROM range(${ENTITIES}) AS entities(e), range(${ROWS_EACH}) AS rows(r) ORDER BY ALL`),
);

for (const count of LABELS) {
  const labels = Array.from({ length: count }, (_, index) => ({
    entityId: `e${(index * 197) % ENTITIES}`,
    time: START + BigInt((index * 7919) % ROWS_EACH) * HOUR + 1n,
  }));
  const byHand = `WITH labels AS (SELECT i AS row_id, 'e' || ((i * 197) % ${ENTITIES}) AS entity_id,
      make_timestamp(${START} + ((i * 7919) % ${ROWS_EACH}) * ${HOUR} + 1) AS label_time FROM range(${count}) AS numbers(i))
    SELECT l.row_id, h.event_timestamp, ${features.map(({ name }) => `h.${name}`).join(', ')}
    FROM labels AS l LEFT JOIN ${historyTable(source)} AS h ON h.entity_id = l.entity_id AND h.event_timestamp <= l.label_time
    QUALIFY row_number() OVER (PARTITION BY l.row_id ORDER BY h.event_timestamp DESC) = 1 ORDER BY l.row_id`;
  const runs: Record<string, () => Promise<unknown>> = {
    lookup: () => lookup.pointInTime({ entityType, labels, features }),
    timeline: () => timeline.pointInTime({ entityType, labels, features }),
    'by hand': () => database.use(async (connection) => (await connection.runAndReadAll(byHand)).getRows()),
  };
  const times = new Map<string, number[]>(Object.keys(runs).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, run] of Object.entries(runs)) {
      const start = performance.now();
      await run();
      times.get(name)?.push(performance.now() - start);
    }
  }
  const base = median(times.get('by hand') ?? []);
  console.log(`\n${count} labels`);
  for (const [name, taken] of times) {
    console.log(
      `  ${name.padEnd(9)} ${median(taken).toFixed(1).padStart(9)} ms   ${(median(taken) / base).toFixed(2)} of by hand`,
    );
  }
}
database.close();

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
