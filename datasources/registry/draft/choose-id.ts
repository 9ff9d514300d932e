import { MAX_ENTITY_ID_BYTES } from '../../../values/entity-id.js';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import { idTextSql } from '../../files/typed-values.js';
import type { ColumnFacts } from './column-facts.js';
import { shorten, toArgument, type Question } from './choose-time.js';
import { singular, toLegalName } from './legal-names.js';
import { findValue, type ReadTable } from './read-table.js';
import { findWished, type Wishes } from './wishes.js';

/** The types of which values can be an id: each has one text. Of numbers with fractions, only whole ones have. */
const ID_TYPE =
  /^(VARCHAR|UUID|DATE|BOOLEAN|ENUM\(.*\)|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(.*\)|BLOB)$/s;

/**
 * Chooses the id columns of a table: those that the user names, or the one column that is called as an id is. Without
 * times, an entity has one row, so its id must be unique.
 */
export async function chooseId(
  table: ReadTable,
  wishes: Wishes,
  time: ColumnFacts | null,
  hasTime: boolean,
): Promise<readonly ColumnFacts[] | Question> {
  const { name, shown } = table.found;
  const possible = table.columns.filter((column) => column !== time && column.hasValues && ID_TYPE.test(column.type));
  const wished = findWished(wishes.entityIds, name, table.columns);
  if (wished) {
    const wrong = wished.find((column) => !possible.includes(column));
    if (!wrong) return requireIds(table, wished, hasTime);
    const why =
      wrong === time
        ? 'is the time of its rows'
        : wrong.hasValues
          ? `is ${wrong.type}, which cannot be an id`
          : 'has no value';
    return { question: `${shown}: column "${wrong.name}" ${why}. Name another by --entity-id` };
  }
  const usual = possible.filter((column) => column.name.toLowerCase() === 'entity_id');
  const called = usual.length > 0 ? usual : findCalledIds(possible, name);
  if (called.length === 1) return requireIds(table, called, hasTime);
  const others = preferTexts(possible.filter(({ timeForm }) => timeForm === null));
  // A file of one key, times and measured numbers, with the key in front, says what its id is.
  if (called.length === 0 && others.length === 1 && others[0] === table.columns[0]) {
    return requireIds(table, others, hasTime);
  }
  const listed = called.length > 0 ? called : others;
  if (listed.length === 0) return { question: `${shown}: none of its columns can be an id: text, or a whole number` };
  const choices = listed.slice(0, 10).map((column) => toArgument('--entity-id', `${name}=${column.name}`));
  const two = listed.slice(0, 2).map((column) => column.name);
  if (two.length === 2) {
    choices.push(`${toArgument('--entity-id', `${name}=${two.join(',')}`)} (both together are the id)`);
  }
  const why = called.length > 0 ? 'Several columns have the name of an id' : 'No column has the name of an id';
  return {
    question: [
      `${shown}: which column is the id of what its rows describe? ${why}. Add one of:`,
      ...choices.map((choice) => `      ${choice}`),
    ].join('\n'),
  };
}

/** Texts, then whole numbers. Measured numbers, booleans and dates are ids only where nothing else is there. */
function preferTexts(columns: readonly ColumnFacts[]): readonly ColumnFacts[] {
  const likely = columns.filter(({ type }) => !/^(FLOAT|DOUBLE|DECIMAL.*|BOOLEAN|DATE)$/.test(type));
  const isText = ({ type }: ColumnFacts): boolean => /^(VARCHAR|UUID|ENUM.*)$/s.test(type);
  const inOrder = [...likely.filter(isText), ...likely.filter((column) => !isText(column))];
  return inOrder.length > 0 ? inOrder : columns;
}

/** customer_id, id, orderKey; if there is none, in a table of customers: customer. */
function findCalledIds(columns: readonly ColumnFacts[], table: string): readonly ColumnFacts[] {
  const named = columns.map((column) => ({ column, name: toLegalName(column.name, '') }));
  const ids = named.filter(({ name }) => /(^|_)(id|key|uuid|guid)$/.test(name));
  const found = ids.length > 0 ? ids : named.filter(({ name }) => name === table || name === singular(table));
  return found.map(({ column }) => column);
}

async function requireIds(
  table: ReadTable,
  columns: readonly ColumnFacts[],
  hasTime: boolean,
): Promise<readonly ColumnFacts[] | Question> {
  for (const column of columns) {
    const own = quoteIdentifier(column.name);
    const text = idTextSql(own, column.type);
    const wrong =
      text === undefined || /^(VARCHAR|U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT))$/.test(column.type)
        ? await findValue(table, column.name, `strlen(CAST(${own} AS VARCHAR)) > ${MAX_ENTITY_ID_BYTES}`)
        : await findValue(table, column.name, `(${text}) IS NULL`);
    if (!wrong) continue;
    return {
      question: `${wrong.place}, column "${column.name}": ${shorten(wrong.value)} cannot be an id: an id is text of at most ${MAX_ENTITY_ID_BYTES} bytes, or a whole number. Name another column by --entity-id`,
    };
  }
  if (hasTime) return columns;
  const ids = columns.map(({ name }) => quoteIdentifier(name)).join(', ');
  const notNull = columns.map(({ name }) => `${quoteIdentifier(name)} IS NOT NULL`).join(' AND ');
  const [twice] = await table.query(
    `SELECT count(*) AS rows, CAST(any_value(${quoteIdentifier(columns[0]!.name)}) AS VARCHAR) AS example FROM ${table.relation} WHERE ${notNull} GROUP BY ${ids} HAVING count(*) > 1 LIMIT 1`,
  );
  if (!twice) return columns;
  const { name, shown } = table.found;
  const named = columns.map((column) => column.name).join(',');
  return {
    question: `${shown}: it has no time, and ${String(twice.rows)} rows with one ${named}, such as ${shorten(String(twice.example))}. Of a table without a time each entity has one row. Add --timestamp ${name}=COLUMN, or other id columns by --entity-id ${name}=COLUMN,COLUMN`,
  };
}
