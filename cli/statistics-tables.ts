import Table from 'cli-table3';

/** The statistics of a feature, as the API gives them. */
export interface Statistics {
  readonly valueType: string;
  readonly unit: string | null;
  /** Digits. */
  readonly count: string;
  readonly missing: string;
  readonly distinct: string | null;
  readonly notFinite: string | null;
  readonly mean: number | null;
  readonly standardDeviation: number | null;
  readonly min: unknown;
  readonly max: unknown;
  readonly quantiles: readonly { readonly share: number; readonly value: unknown }[];
  readonly hasApproximateQuantiles: boolean;
  readonly topValues: readonly { readonly value: unknown; readonly count: string }[];
  readonly histogram: readonly { readonly low: number; readonly high: number; readonly count: string }[];
  readonly oldest: string | null;
  readonly newest: string | null;
}

export const STATISTICS_FIELDS = `count missing distinct notFinite mean standardDeviation min max
  quantiles { share value } hasApproximateQuantiles topValues { value count } histogram { low high count } oldest newest`;

/** The length of a text in a cell. */
const MAX_TEXT_LENGTH = 24;
/** The length of the longest bar of a histogram. */
const BAR_LENGTH = 40;

/** A line for each feature, or each column of an output. A text stands for statistics that the gateway refused. */
export function statisticsTable(
  rows: readonly (readonly [name: string, of: Statistics | string])[],
  row: 'feature' | 'column' = 'feature',
): string {
  const table = new Table({
    head: [row, 'type', 'count', 'missing', 'distinct', 'mean', 'deviation', 'min', 'median', 'max', 'most frequent'],
    style: { head: [], border: [] },
  });
  for (const [name, of] of rows) {
    if (typeof of === 'string') {
      table.push([name, { content: of, colSpan: 10 }]);
      continue;
    }
    const [top] = of.topValues;
    table.push([
      name,
      of.valueType,
      of.count,
      of.missing,
      of.distinct ?? '',
      figure(of.mean),
      figure(of.standardDeviation),
      text(of.min),
      text(of.quantiles.find(({ share }) => share === 0.5)?.value ?? null),
      text(of.max),
      top ? `${text(top.value)} (${top.count})` : '',
    ]);
  }
  return `${table.toString()}\n`;
}

/** All statistics of one feature. */
export function featureReport(name: string, of: Statistics): string {
  const most = of.histogram.reduce((max, { count }) => Math.max(max, Number(count)), 1);
  const lines: (readonly [string, string] | null)[] = [
    ['values', of.count],
    ['missing', of.missing],
    of.distinct === null ? null : ['distinct', of.distinct],
    of.notFinite === null ? null : ['NaN or infinite', of.notFinite],
    of.mean === null ? null : ['mean', figure(of.mean)],
    of.standardDeviation === null ? null : ['standard deviation', figure(of.standardDeviation)],
    of.min === null ? null : ['min', text(of.min)],
    ...of.quantiles.map(({ share, value }) => [`${share * 100} %`, text(value)] as const),
    of.max === null ? null : ['max', text(of.max)],
    of.oldest === null ? null : ['oldest', of.oldest],
    of.newest === null ? null : ['newest', of.newest],
  ];
  return [
    `${name}: ${of.valueType}${of.unit === null ? '' : ` in ${of.unit}`}`,
    ...lines.flatMap((line) => (line === null ? [] : [`  ${line[0].padEnd(20)}${line[1]}`])),
    ...(of.hasApproximateQuantiles && of.quantiles.length > 0 ? ['  The percentages are approximate.'] : []),
    ...(of.topValues.length > 0 ? ['most frequent'] : []),
    ...of.topValues.map(({ value, count }) => `  ${text(value).padEnd(MAX_TEXT_LENGTH + 2)}${count}`),
    ...(of.histogram.length > 0 ? ['histogram'] : []),
    ...of.histogram.map(({ low, high, count }) => {
      const bar = '#'.repeat(Math.round((Number(count) / most) * BAR_LENGTH));
      return `  ${figure(low).padStart(12)} to ${figure(high).padEnd(12)} ${count.padStart(10)} ${bar}`;
    }),
    '',
  ].join('\n');
}

/** For people: six significant digits. Zeros in the place of other digits would look exact. */
export function figure(value: number | null): string {
  if (value === null) return '';
  return Math.abs(value) >= 1e9 ? value.toExponential(5) : String(Number(value.toPrecision(6)));
}

/** A value of the API. Doubles are shortened; all other values are as they are, long texts cut. */
export function text(value: unknown): string {
  return typeof value === 'number' ? figure(value) : exactText(value);
}

/** A value of the API with all its digits, where a reader compares values: two doubles may differ in the last one. */
export function exactText(value: unknown): string {
  if (value === null || value === undefined) return '';
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  // Escapes control characters, which would change the terminal.
  const shown = written.replaceAll(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
  return shown.length > MAX_TEXT_LENGTH ? `${shown.slice(0, MAX_TEXT_LENGTH - 1)}…` : shown;
}
