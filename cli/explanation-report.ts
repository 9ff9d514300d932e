import Table from 'cli-table3';
import { decideValue } from '../datasources/offline/point-in-time/decide-value.js';
import type { ExplainedRow } from '../datasources/offline/explain-read.js';
import { formatInstant, parseInstant, ttlFromSeconds } from '../values/instant.js';
import { exactText, figure } from './statistics-tables.js';

/** A feature value with its explanation, as the API gives it. */
export interface ExplainedAnswer {
  readonly value: unknown;
  readonly status: string;
  readonly timestamp: string | null;
  readonly feature: { readonly unit: string | null };
  /** null: the status is DENIED. */
  readonly explanation: ApiExplanation | null;
}

interface ApiRow {
  readonly outcome: 'WON' | 'OLDER' | 'WITHOUT_VALUE' | 'AFTER_AS_OF' | 'WRITTEN_AFTER_KNOWN_AT';
  readonly rule: string | null;
  readonly value: unknown;
  readonly timestamp: string | null;
  readonly createdTimestamp: string | null;
  /** Digits. */
  readonly sequence: string | null;
  readonly arrival: string | null;
  readonly file: string | null;
}

export interface ApiExplanation {
  readonly status: string;
  readonly value: unknown;
  readonly timestamp: string | null;
  readonly difference: 'OFFLINE_IS_NEWER' | 'ONLINE_IS_NEWER' | 'VALUES_DIFFER' | null;
  readonly asOf: string;
  readonly knownAt: string | null;
  readonly strictlyBefore: boolean;
  readonly isDense: boolean;
  readonly rule: 'EVENT_TIME' | 'CREATION_TIME' | 'SEQUENCE' | 'ARRIVAL' | 'UNDEFINED' | 'ONLY_ROW' | null;
  readonly rows: readonly ApiRow[];
  readonly candidates: string;
  readonly withoutValue: string;
  readonly afterAsOf: string;
  readonly writtenAfterKnownAt: string;
  readonly ageSeconds: number | null;
  readonly ttlSeconds: number | null;
  readonly validUntil: string | null;
  readonly source: {
    readonly name: string;
    readonly kind: 'SQL' | 'WRITES' | 'TABLE';
    readonly sqlFile: string | null;
    readonly tables: readonly { readonly name: string; readonly files: string | null }[];
    readonly isStatic: boolean;
  };
  readonly online: {
    readonly kind: 'WRITE' | 'REFRESH' | 'SYNC' | 'UNKNOWN';
    readonly at: string | null;
    readonly job: { readonly id: string } | null;
  } | null;
}

export const EXPLANATION_FIELDS = `status value timestamp difference asOf knownAt strictlyBefore isDense rule
  rows { outcome rule value timestamp createdTimestamp sequence arrival file }
  candidates withoutValue afterAsOf writtenAfterKnownAt ageSeconds ttlSeconds validUntil
  source { name kind sqlFile tables { name files } isStatic } online { kind at job { id } }`;

/** Whether the rows of an explanation give its value, by the same function as in the gateway. */
export function recomputes(explanation: ApiExplanation): boolean {
  const { status, value, timestamp } = decideValue(explanation.rows.map(toRow), {
    time: parseInstant(explanation.asOf),
    strictlyBefore: explanation.strictlyBefore,
    knownAt: toInstant(explanation.knownAt),
    includeExpired: false,
    ttl: ttlFromSeconds(explanation.ttlSeconds),
    isTimed: !explanation.source.isStatic,
    skipsNulls: !explanation.isDense,
  });
  return (
    status === explanation.status &&
    timestamp === toInstant(explanation.timestamp) &&
    JSON.stringify(value) === JSON.stringify(explanation.value)
  );
}

function toRow({ value, timestamp, createdTimestamp, sequence, arrival, file }: ApiRow): ExplainedRow<unknown> {
  return {
    value,
    file,
    timestamp: toInstant(timestamp),
    createdTimestamp: toInstant(createdTimestamp),
    sequence: sequence === null ? null : BigInt(sequence),
    arrival: arrival === null ? null : BigInt(arrival),
  };
}

function toInstant(time: string | null): bigint | null {
  return time === null ? null : parseInstant(time);
}

const RULES = {
  EVENT_TIME: 'It has the latest event time.',
  CREATION_TIME: 'Of the rows with its event time, it has the latest creation time.',
  SEQUENCE: 'Of the rows with its event and creation time, it has the greatest sequence number.',
  ARRIVAL: 'Of the rows that are equal in all times and the sequence number, it arrived last.',
  UNDEFINED: 'Nothing orders it and the next row: either of them counts.',
  ONLY_ROW: 'It is the only row that counts.',
} as const satisfies Record<NonNullable<ApiExplanation['rule']>, string>;

const OUTCOMES = {
  WON: 'WON',
  OLDER: 'older',
  WITHOUT_VALUE: 'without a value',
  AFTER_AS_OF: 'after as-of',
  WRITTEN_AFTER_KNOWN_AT: 'written too late',
} as const satisfies Record<ApiRow['outcome'], string>;

const DIFFERENCES = {
  OFFLINE_IS_NEWER: 'The offline store has a newer value that no sync or refresh has brought online yet:',
  ONLINE_IS_NEWER: 'The online store has a newer value whose row is not in the offline store:',
  VALUES_DIFFER: 'The offline store has another value or status of the same event time:',
} as const satisfies Record<NonNullable<ApiExplanation['difference']>, string>;

const ORIGINS = {
  WRITE: 'a client wrote it',
  REFRESH: 'the gateway computed it by SQL',
  SYNC: 'a sync copied it',
  UNKNOWN: 'by nothing that the gateway has a record of',
} as const satisfies Record<NonNullable<ApiExplanation['online']>['kind'], string>;

/** An explanation for a person. */
export function explanationReport(name: string, { explanation: of, ...answer }: ExplainedAnswer): string {
  if (of === null) return `${name}: DENIED\n`;
  const unit = answer.feature.unit === null || answer.value === null ? '' : ` ${answer.feature.unit}`;
  const lines: (readonly [string, string] | null)[] = [
    ['value', `${answer.value === null ? 'null' : exactText(answer.value)}${unit} (${answer.status})`],
    ['event time', answer.timestamp ?? 'none'],
    ['as of', `${of.asOf}${of.strictlyBefore ? ', exclusive' : ''}`],
    of.knownAt === null ? null : ['known at', of.knownAt],
    of.difference === null
      ? null
      : ['offline', `${DIFFERENCES[of.difference]} ${exactText(of.value) || 'null'} (${of.status})`],
    of.rule === null ? ['why', 'No row counts.'] : ['why', RULES[of.rule]],
    ['ttl', ttlSentence(of)],
    ['source', sourceSentence(of.source)],
    of.online === null ? null : ['online', originSentence(of.online)],
  ];
  return [
    name,
    ...lines.flatMap((line) => (line === null ? [] : [`  ${line[0].padEnd(12)}${line[1]}`])),
    ...(of.rows.length === 0 ? [] : [rowsTable(of)]),
    `${of.candidates} rows could have the value, ${of.withoutValue} have none, ${of.afterAsOf} come after as-of, ` +
      `${of.writtenAfterKnownAt} were written after known-at.`,
    recomputes(of)
      ? 'Computed again from these rows: the same value.'
      : 'FAULT: computed again from these rows, the value is another one. Please report it.',
    '',
  ].join('\n');
}

function rowsTable({ rows }: ApiExplanation): string {
  const columns: readonly (readonly [string, (row: ApiRow) => string | null])[] = [
    ['', ({ outcome }) => OUTCOMES[outcome]],
    ['event time', ({ timestamp }) => timestamp],
    ['creation time', ({ createdTimestamp }) => createdTimestamp],
    ['sequence', ({ sequence }) => sequence],
    ['arrival', ({ arrival }) => arrival],
    ['value', ({ value }) => (value === null ? 'null' : exactText(value))],
    ['decided by', ({ rule }) => rule],
    ['file', ({ file }) => file],
  ];
  // A column that no row fills tells nothing.
  const used = columns.filter(([, cell]) => rows.some((row) => cell(row) !== null));
  const table = new Table({ head: used.map(([head]) => head), style: { head: [], border: [] } });
  for (const row of rows) table.push(used.map(([, cell]) => cell(row) ?? ''));
  return table.toString();
}

function ttlSentence({ status, ttlSeconds, ageSeconds, validUntil }: ApiExplanation): string {
  if (ttlSeconds === null) return 'none: values do not expire';
  if (ageSeconds === null || validUntil === null) return `${figure(ttlSeconds)} s`;
  const isOver = status === 'EXPIRED';
  return `${figure(ageSeconds)} s old, ttl ${figure(ttlSeconds)} s: ${isOver ? 'expired after' : 'valid until'} ${validUntil}`;
}

function sourceSentence({ name, kind, sqlFile, tables }: ApiExplanation['source']): string {
  const of = tables.map((table) => (table.files === null ? table.name : `${table.name} (${table.files})`)).join(', ');
  if (kind === 'WRITES') return `${name}: clients write it`;
  if (kind === 'TABLE') return `${name}: a table of BigQuery${of === '' ? '' : `, ${of}`}`;
  return `${name}: computed by ${sqlFile ?? 'SQL'} from ${of}`;
}

function originSentence({ kind, at, job }: NonNullable<ApiExplanation['online']>): string {
  const time = at === null ? '' : `, ${formatInstant(parseInstant(at))}`;
  return `${ORIGINS[kind]}${time}${job === null ? '' : `, ${job.id}`}`;
}
