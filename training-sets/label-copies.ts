import { joinSql } from '../datasources/offline/point-in-time/sql-text.js';
import type { LabelCopy } from './training-sets.js';
import { labelName } from './load-labels.js';
import type { TrainingSetPlan } from './training-set-plan.js';
import type { WorkDatabase } from './work-database.js';

/** Values of types in one family are comparable. Values of other types cannot be copies of each other. */
const FAMILIES: readonly { readonly types: RegExp; readonly compareAs: string }[] = [
  {
    types: /^(U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|BOOLEAN)$/,
    compareAs: 'DOUBLE',
  },
  { types: /^(VARCHAR|ENUM\(.*)$/, compareAs: 'VARCHAR' },
  { types: /^(TIMESTAMP[^[]*|DATE)$/, compareAs: 'TIMESTAMP' },
];

interface Pair extends LabelCopy {
  /** An aggregate condition over rows: true if one column is a copy of the other. */
  readonly condition: string;
}

/**
 * Finds features that equal a column of the labels wherever they have a value. Such a feature is usually the label's
 * target, which reached the history. The table `sample` gives the candidate pairs; all of `checkedRows` confirm them. A
 * feature with a single value proves nothing. Ids and times are in both labels and history, so they are omitted.
 */
export async function findLabelCopies(
  work: WorkDatabase,
  plan: TrainingSetPlan,
  checkedRows: string,
): Promise<LabelCopy[]> {
  const { labels, joins } = plan.request;
  const keys = new Set([labels.timeColumn, ...joins.flatMap(({ entityIdColumns }) => entityIdColumns)]);
  const outputTypes = new Map(plan.outputColumns.map(({ checkedAs, type }) => [checkedAs, type]));
  const candidates: Pair[] = [];
  for (const { name, feature } of plan.features) {
    const compareAs = familyOf(outputTypes.get(feature.valueColumn)!);
    const pairs = plan.labelColumns.flatMap((column, index): Pair[] =>
      keys.has(column.name) || compareAs === undefined || familyOf(column.type) !== compareAs
        ? []
        : [
            {
              column: name,
              labelColumn: column.name,
              condition: isCopy(feature.valueColumn, labelName(index), compareAs),
            },
          ],
    );
    candidates.push(...(await holding(work, pairs, 'FROM sample', '')));
  }
  const copies = await holding(work, candidates, 'FROM checked', checkedRows);
  return copies.map(({ column, labelColumn }) => ({ column, labelColumn }));
}

function familyOf(type: string): string | undefined {
  return FAMILIES.find(({ types }) => types.test(type))?.compareAs;
}

function isCopy(feature: string, label: string, compareAs: string): string {
  const value = `CAST(${feature} AS ${compareAs})`;
  return joinSql(
    [
      `min(${value}) < max(${value})`,
      `count(*) FILTER (WHERE ${feature} IS NOT NULL AND ${value} IS DISTINCT FROM TRY_CAST(${label} AS ${compareAs})) = 0`,
    ],
    ' AND ',
  );
}

async function holding(work: WorkDatabase, pairs: readonly Pair[], from: string, rows: string): Promise<Pair[]> {
  if (pairs.length === 0) return [];
  const conditions = pairs.map(({ condition }, index) => `${condition} AS pair_${index}`);
  const [found = {}] = await work.rows(`${rows} SELECT ${conditions.join(', ')} ${from}`);
  return pairs.filter((_, index) => found[`pair_${index}`] === true);
}
