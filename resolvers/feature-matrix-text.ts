import { turns } from '../runtime/turns.js';
import type { CompileText, SelectedField, TextRun } from '../schema/write-text.js';
import type { JsonBytes } from '../values/json-bytes.js';
import { quote } from '../values/json-text.js';
import type { CellState } from '../values/row-texts.js';
import type { RequestContext } from './context.js';
import { readMatrixTexts, type MatrixArguments, type MatrixTexts } from './read-matrix.js';

/** Rows between two looks at the clock. */
const ROWS_PER_CHECK = 64;

type WriteRow = (matrix: MatrixTexts, row: number, to: JsonBytes) => void;

/** The fields of FeatureMatrix that have an item for each row. */
const ROW_FIELDS: Readonly<Record<string, () => WriteRow>> = {
  entityIds:
    () =>
    ({ entities }, row, to) =>
      to.text(quote(entities[row]!.entityId)),
  values: () => writeValues,
  timestamps: () => stateWriter(({ timeText }) => timeText),
  statuses: () => stateWriter(({ status }) => `"${status}"`),
};

/** Writes a matrix from the texts of its cells, without the arrays of arrays of its fields. */
export const compileMatrixText: CompileText = (selected) => {
  const isWritable = selected.every(({ field }) => field in ROW_FIELDS || field === 'names' || field === '__typename');
  if (!isWritable) return undefined;
  return {
    one: async (_root, args, context, run) => {
      const matrix = await readMatrixTexts(context as RequestContext, args as unknown as MatrixArguments);
      let text = '{';
      for (const { name, field } of selected) {
        if (text.length > 1) text += ',';
        text += `${JSON.stringify(name)}:${await writeField(field, matrix, run)}`;
      }
      return `${text}}`;
    },
  };
};

async function writeField(field: SelectedField['field'], matrix: MatrixTexts, run: TextRun): Promise<string> {
  if (field === '__typename') return '"FeatureMatrix"';
  if (field === 'names') return run.written(`[${matrix.names.map(quote).join(',')}]`);
  const writeRow = ROW_FIELDS[field]!();
  let text = '[';
  for (let start = 0; start < matrix.rows.length && !run.isTooLarge; start += ROWS_PER_CHECK) {
    const turn = start > 0 ? turns.take() : undefined;
    if (turn) await turn;
    text += run.json((to) => writeRows(writeRow, matrix, start, to));
  }
  return `${text}]`;
}

/** The rows from one on, up to the next look at the clock. */
function writeRows(writeRow: WriteRow, matrix: MatrixTexts, start: number, to: JsonBytes): void {
  const end = Math.min(start + ROWS_PER_CHECK, matrix.rows.length);
  for (let row = start; row < end && !to.isFull; row += 1) {
    if (row > 0) to.text(',');
    writeRow(matrix, row, to);
  }
}

const writeValues: WriteRow = ({ rows }, index, to) => {
  const row = rows[index]!;
  to.text('[');
  for (let column = 0; column < row.length && !to.isFull; column += 1) {
    if (column > 0) to.text(',');
    row.writeTo(to, column);
  }
  to.text(']');
};

/** Rows whose cells have one state, as most of a matrix, have the text of the row before. */
function stateWriter(textOf: (state: CellState) => string): WriteRow {
  let last: CellState | undefined;
  let bytes = Buffer.alloc(0);
  return ({ rows }, index, to) => {
    const row = rows[index]!;
    const { common } = row;
    if (!common || common !== last) {
      const states = Array.from({ length: row.length }, (_, column) => row.stateAt(column));
      bytes = Buffer.from(`[${states.map(textOf).join(',')}]`);
      last = common;
    }
    to.bytes(bytes);
  };
}
