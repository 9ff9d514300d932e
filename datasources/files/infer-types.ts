import { toChunks } from '../../runtime/to-chunks.js';
import type { FileOptions } from './file-options.js';
import { candidatesOf, type Candidate, type CellFormat, type Cells, type Inference } from './type-candidates.js';

/** The rows of the first test. A type that does not fit these rows is not tested on all rows. */
const FIRST_ROWS = 20_000;
/** The number of columns per query. The engine takes seconds to plan a query of thousands of sums. */
const COLUMNS_A_QUERY = 100;

export interface InferTypesOptions extends Cells {
  readonly format: CellFormat;
  readonly inference: Inference;
  readonly options: FileOptions;
}

export interface InferredType {
  /** The type in the engine's notation. NULL: the column has no value. */
  readonly type: string;
  /** SQL of the value, computed from the cell. */
  readonly value: string;
}

/**
 * Infers the types of undeclared columns: for each column, the first type that fits every value of all files. A single
 * value that does not fit makes the column text. `cells` are the names of columns in the relation.
 */
export async function inferTypes(cells: readonly string[], options: InferTypesOptions): Promise<InferredType[]> {
  const columns = cells.map((cell): Column => ({
    cell,
    candidates: candidatesOf(cell, options.format, options.inference, options.options),
    values: 0n,
    fits: [],
  }));
  const first = `(SELECT * FROM ${options.relation} LIMIT ${FIRST_ROWS})`;
  for (const chunk of toChunks(columns, COLUMNS_A_QUERY)) {
    await countFits(chunk, first, options);
    for (const column of chunk) {
      const { candidates, fits, values } = column;
      column.candidates = candidates.filter((_, index) => fits[index] === values);
    }
    await countFits(chunk, options.relation, options);
  }
  const inferred: InferredType[] = [];
  for (const column of columns) inferred.push(await decide(column, options));
  return inferred;
}

interface Column {
  readonly cell: string;
  candidates: readonly Candidate[];
  values: bigint;
  fits: readonly bigint[];
}

async function countFits(columns: readonly Column[], relation: string, { query }: InferTypesOptions): Promise<void> {
  const counts = columns.flatMap(({ cell, candidates }, index) => [
    `count(${cell}) AS n${index}`,
    ...candidates.map(({ fits }, number) => `count(*) FILTER (WHERE ${fits}) AS n${index}_${number}`),
  ]);
  const [row = {}] = await query(`SELECT ${counts.join(', ')} FROM ${relation}`);
  columns.forEach((column, index) => {
    column.values = BigInt(String(row[`n${index}`]));
    column.fits = column.candidates.map((_, number) => BigInt(String(row[`n${index}_${number}`])));
  });
}

async function decide(column: Column, options: InferTypesOptions): Promise<InferredType> {
  const { cell, candidates, values, fits } = column;
  if (values === 0n) return { type: 'NULL', value: 'NULL' };
  for (const [index, candidate] of candidates.entries()) {
    if (fits[index]! < values) continue;
    const resolved = candidate.resolve ? await candidate.resolve(cell, options) : candidate;
    if (resolved) return { type: resolved.type, value: resolved.value };
  }
  const text =
    options.format === 'CSV' ? { type: 'VARCHAR', value: cell } : { type: 'JSON', value: `CAST(${cell} AS JSON)` };
  return text;
}
