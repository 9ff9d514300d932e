import type { GatewayClient } from './gateway-client.js';

/** What a validation found, as the command line prints it. */
export interface ValidationReport {
  readonly leakedRows: string;
  readonly verifiedRows: string;
  readonly mode: string | null;
  readonly seed: number | null;
  readonly unmatchedRows: string;
  readonly invalidLabels: string;
  readonly expiredValues: string;
  readonly valuesAtLabelTime: string | null;
  readonly valuesWrittenAfterLabel: string | null;
  readonly unverifiableValues: string | null;
  readonly labelCopies: readonly { readonly column: string; readonly labelColumn: string }[] | null;
  readonly unexpectedValues:
    | readonly {
        readonly column: string;
        readonly description: string;
        readonly rows: string;
        readonly examples: readonly string[];
      }[]
    | null;
  readonly offendingRows: readonly { readonly row: string; readonly kind: string; readonly reason: string }[];
}

interface TrainingSetReport {
  readonly output: { readonly format: string; readonly location: string; readonly rows: string };
  readonly provenance: { readonly checksum: string | null } | null;
  readonly validation: ValidationReport;
}

export const VALIDATION_FIELDS = `
  leakedRows verifiedRows mode seed unmatchedRows invalidLabels expiredValues valuesAtLabelTime valuesWrittenAfterLabel
  unverifiableValues labelCopies { column labelColumn } unexpectedValues { column description rows examples } offendingRows { row kind reason }`;

const QUERY = `query ($id: ID!) { job(id: $id) { ... on TrainingSetJob {
  output { format location rows }
  provenance { checksum }
  validation { ${VALIDATION_FIELDS} } } } }`;

/** The number of listed labels of each kind; the query returns up to 100. */
const MAX_ROWS_SHOWN = 5;

/**
 * The location of a training set and the findings of its checks; empty for other jobs and for a job without an output.
 */
export async function trainingSetReport(gateway: GatewayClient, id: string): Promise<string> {
  const { job } = await gateway.ask<{ job: Partial<TrainingSetReport> | null }>(QUERY, { id });
  return job?.output && job.validation ? reportText(job as TrainingSetReport) : '';
}

export function reportText({ output, provenance, validation }: TrainingSetReport): string {
  return [
    `Output: ${output.location} (${output.format}, ${output.rows} ${output.rows === '1' ? 'row' : 'rows'})`,
    ...(provenance?.checksum ? [`Checksum: ${provenance.checksum}`] : []),
    ...validationLines(validation),
    '',
  ].join('\n');
}

/** The lines about a validation. Counts of 0 are omitted, except for leaks. */
export function validationLines(validation: ValidationReport): string[] {
  const sample = validation.mode === 'SAMPLE' ? `, chosen by seed ${validation.seed ?? 0}` : '';
  const counts: readonly (readonly [what: string, count: string | null])[] = [
    ['labels without any feature', validation.unmatchedRows],
    ['labels without a time or an id', validation.invalidLabels],
    ['expired values', validation.expiredValues],
    ['values at exactly the time of their label', validation.valuesAtLabelTime],
    ['values written after their label', validation.valuesWrittenAfterLabel],
    ['values of static sources, which no check can verify', validation.unverifiableValues],
  ];
  return [
    `Leaked rows: ${validation.leakedRows}${validation.leakedRows === '0' ? '' : '. Do not use this training set.'}`,
    `Rows compared with the history: ${validation.verifiedRows}${sample}`,
    ...counts.flatMap(([what, count]) => (count === null || count === '0' ? [] : [`Found: ${count} ${what}`])),
    ...(validation.labelCopies ?? []).map(
      ({ column, labelColumn }) => `Warning: feature "${column}" equals label column "${labelColumn}"`,
    ),
    ...(validation.unexpectedValues ?? []).map(
      ({ column, description, rows, examples }) =>
        `Warning: ${rows} rows are not as expected in "${column}": ${description}; labels ${examples.slice(0, MAX_ROWS_SHOWN).join(', ')}`,
    ),
    ...shownRows(validation.offendingRows),
  ];
}

function shownRows(rows: ValidationReport['offendingRows']): string[] {
  return [...Map.groupBy(rows, ({ kind }) => kind).values()].flatMap((ofKind) =>
    ofKind.slice(0, MAX_ROWS_SHOWN).map(({ row, kind, reason }) => `  label ${row}: ${kind}, ${reason}`),
  );
}
