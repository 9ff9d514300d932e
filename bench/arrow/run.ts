import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { RecordBatchStreamWriter, tableFromIPC } from 'apache-arrow';
import { toRecordBatches } from '../../datasources/duckdb/arrow-batches.js';

/**
 * A training set of a million rows and ten columns, from its Parquet file into columns of a reader: as the Arrow stream of
 * `POST /arrow/trainingSet`, and as JSON, in answers of 10,000 rows in the form of `featureMatrix`. CPU time of both sides
 * together, in turns; the ratio counts, not the time. With pyarrow and pandas (FEATUREGRAPH_TEST_PYTHON), also into pandas.
 */
const ROWS = Number(process.env.ROWS ?? 1_000_000);
const ROUNDS = Number(process.env.ROUNDS ?? 3);
/** An id of some characters, or with IDS=long, one of 36: DuckDB gives texts over 12 bytes one by one. */
const ID = process.env.IDS === 'long' ? `'customer-0000-0000-0000-' || lpad(i::VARCHAR, 12, '0')` : `'c' || i`;
const ROWS_PER_ANSWER = 10_000;
const PYTHON = process.env.FEATUREGRAPH_TEST_PYTHON;

const ARROW_TO_PANDAS =
  'frame = pyarrow.ipc.open_stream(sys.argv[1]).read_all().to_pandas(types_mapper=pandas.ArrowDtype)';
const JSON_TO_PANDAS =
  'frame = pandas.concat([pandas.DataFrame(json.loads(line)["data"]["featureMatrix"]["values"]) for line in open(sys.argv[1])])';

const folder = mkdtempSync(join(tmpdir(), 'featuregraph-bench-'));
const parquet = join(folder, 'set.parquet');
const arrow = join(folder, 'set.arrow');
const json = join(folder, 'set.jsonl');

interface Measured {
  readonly cpuMs: number;
  readonly bytes: number;
}

try {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run('SET threads = 1');
  await connection.run(`COPY (SELECT ${ID} AS entity_id, make_timestamptz(1700000000000000 + i) AS at,
    i::BIGINT * 9007199 AS orders, (i % 97)::BIGINT AS visits, i % 3 = 0 AS is_good,
    CASE WHEN i % 10 = 0 THEN NULL ELSE random() END AS a, random() AS b, random() AS c, random() AS d, random() AS e
    FROM range(${ROWS}) AS r(i)) TO '${parquet}' (FORMAT parquet)`);
  const best: Record<string, Measured> = {};
  for (let turn = 0; turn < ROUNDS; turn += 1) {
    for (const [name, measure] of Object.entries({ arrow: byArrow, json: byJson })) {
      const measured = await measure(connection);
      if (!best[name] || measured.cpuMs < best[name].cpuMs) best[name] = measured;
    }
  }
  const report: Record<string, unknown> = { rows: ROWS, ...best, ...ratios(best.arrow!, best.json!) };
  if (PYTHON !== undefined) {
    const intoPandas = { arrow: inPython(ARROW_TO_PANDAS, arrow), json: inPython(JSON_TO_PANDAS, json) };
    report.pandas = { cpuMs: intoPandas, speed: round(intoPandas.json / intoPandas.arrow) };
  }
  console.log(JSON.stringify(report, null, 2));
  connection.closeSync();
} finally {
  rmSync(folder, { recursive: true });
}

async function byArrow(connection: DuckDBConnection): Promise<Measured> {
  const before = process.cpuUsage();
  const rows = await connection.stream(`SELECT * FROM read_parquet('${parquet}')`);
  await pipeline(
    Readable.from(toRecordBatches(rows), { highWaterMark: 1 }),
    RecordBatchStreamWriter.throughNode(),
    createWriteStream(arrow),
  );
  const table = tableFromIPC(readFileSync(arrow));
  if (table.numRows !== ROWS) throw new Error(`the stream has ${table.numRows} rows`);
  return { cpuMs: cpuMsSince(before), bytes: statSync(arrow).size };
}

async function byJson(connection: DuckDBConnection): Promise<Measured> {
  const before = process.cpuUsage();
  const rows = await connection.stream(`SELECT * FROM read_parquet('${parquet}')`);
  writeFileSync(json, '');
  let answer: unknown[] = [];
  let count = 0;
  const columns: unknown[][] = [];
  const flush = (): void => {
    if (answer.length === 0) return;
    const text = `${JSON.stringify({ data: { featureMatrix: { values: answer } } })}\n`;
    writeFileSync(json, text, { flag: 'a' });
    const read = JSON.parse(text) as { data: { featureMatrix: { values: unknown[][] } } };
    for (const row of read.data.featureMatrix.values) {
      row.forEach((value, column) => (columns[column] ??= []).push(value));
      count += 1;
    }
    answer = [];
  };
  for (;;) {
    const chunk = await rows.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const row of chunk.getRows()) {
      answer.push(row.map((value) => (typeof value === 'bigint' || typeof value === 'object' ? text(value) : value)));
      if (answer.length === ROWS_PER_ANSWER) flush();
    }
  }
  flush();
  if (count !== ROWS) throw new Error(`the answers have ${count} rows`);
  return { cpuMs: cpuMsSince(before), bytes: statSync(json).size };
}

/** As the gateway writes an INT64 and a time. */
function text(value: unknown): string | null {
  if (value === null || typeof value === 'bigint') return value === null ? null : String(value);
  const { micros } = value as { readonly micros: bigint };
  return `${new Date(Number(micros / 1000n)).toISOString().slice(0, -1)}${String(micros % 1000n).padStart(3, '0')}Z`;
}

function cpuMsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return Math.round((user + system) / 1000);
}

function ratios(ofArrow: Measured, ofJson: Measured) {
  return { speed: round(ofJson.cpuMs / ofArrow.cpuMs), bytes: round(ofArrow.bytes / ofJson.bytes) };
}

function round(ratio: number): number {
  return Math.round(ratio * 100) / 100;
}

/** CPU milliseconds from the bytes to a frame. */
function inPython(program: string, path: string): number {
  const code = `import json, sys, time, pandas, pyarrow, pyarrow.ipc
start = time.process_time()
${program}
assert len(frame) == ${ROWS}
print(round((time.process_time() - start) * 1000))`;
  return Number(execFileSync(PYTHON!, ['-c', code, path], { encoding: 'utf8' }));
}
