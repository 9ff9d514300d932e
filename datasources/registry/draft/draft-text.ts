import { stringify } from 'yaml';
import { quoteIdentifier } from '../../duckdb/sql-text.js';
import type { FileOptions } from '../../files/file-options.js';
import type { EntityTypeDraft, RegistryDraft, SourceDraft } from './draft-registry.js';
import type { ExaminedTable } from './examine-table.js';
import { optionsFor, type DraftFileOptions } from './table-options.js';

export interface DraftTextOptions {
  /** What the user said about the files. */
  readonly given: DraftFileOptions;
  /** The path of a table's files from the registry file. */
  readonly toPath: (table: ExaminedTable) => string;
}

/** A file of the draft, by its path from the folder of the draft. */
export interface DraftFile {
  readonly path: string;
  readonly text: string;
}

/** The registry file and the SQL file of each source. */
export function draftFiles(draft: RegistryDraft, options: DraftTextOptions): DraftFile[] {
  const sources = draft.entityTypes.flatMap((entityType) =>
    entityType.sources.map((source) => ({ path: sqlPath(source), text: sqlText(entityType, source) })),
  );
  return [{ path: 'registry.yaml', text: registryText(draft, options) }, ...sources];
}

function sqlPath({ table }: SourceDraft): string {
  return `sql/${table.found.name}.sql`;
}

function registryText({ featurestore, entityTypes }: RegistryDraft, options: DraftTextOptions): string {
  const sources = entityTypes.flatMap((entityType) => entityType.sources);
  return [
    '# A registry of featuregraph, drafted from files by "featuregraph init". From now on it is yours to edit.',
    '# docs/registry.md explains each key. After a change: npx featuregraph check registry.yaml',
    '#',
    '# Editors complete and check this file by its JSON Schema: npx featuregraph print-registry-schema > registry.schema.json',
    '# yaml-language-server: $schema=registry.schema.json',
    'featurestores:',
    `  - name: ${flow(featurestore)} # a field of Query`,
    '    # The files that the SQL reads, by the names that they have there.',
    '    tables:',
    ...sources.flatMap((source) => tableLines(source.table, options)),
    '    entityTypes:',
    ...entityTypes.flatMap(entityTypeLines),
    '',
  ].join('\n');
}

function tableLines(table: ExaminedTable, options: DraftTextOptions): string[] {
  const path = options.toPath(table);
  const declared = tableOptions(table, options.given);
  const { columns, ...others } = declared;
  if (Object.keys(others).length === 0 && columns.size === 0) return [`      ${flow(table.found.name)}: ${flow(path)}`];
  const isZoneAssumed = others.timeZone !== undefined && !options.given.timeZone;
  return [
    `      ${flow(table.found.name)}:`,
    `        file: ${flow(path)}`,
    ...Object.entries(others).map(
      ([name, value]) =>
        `        ${name}: ${flow(value)}${name === 'timeZone' && isZoneAssumed ? ' # its times name no zone; in Parquet such times are UTC' : ''}`,
    ),
    ...(columns.size === 0
      ? []
      : [
          '        # What these columns are, also when a later file has only values that look like another type.',
          '        columns:',
          ...[...columns].map(([name, type]) => `          ${key(name)}: ${type}`),
        ]),
  ];
}

interface TableOptions extends FileOptions {
  readonly columns: ReadonlyMap<string, string>;
}

/** What the registry says about the files of a table: what the user said, and what the draft rests on. */
function tableOptions({ found, columns, id, time, features }: ExaminedTable, given: DraftFileOptions): TableOptions {
  const { timeZone, ...options } = optionsFor(found.format, given);
  const isText = found.format !== 'PARQUET';
  const hasNaiveTimes = columns.some(({ type }) => /^TIMESTAMP(_S|_MS)?$/.test(type));
  const zone =
    isText || time?.isDate || time?.declaredType ? timeZone : hasNaiveTimes ? (timeZone ?? 'UTC') : undefined;
  const declared = new Map<string, string>();
  for (const { name, type } of id) if (isText && type !== 'BIGINT') declared.set(name, 'VARCHAR');
  if (time?.declaredType) declared.set(time.column.name, time.declaredType);
  for (const { column, type } of features) {
    if (type.declaredType !== null) declared.set(column.name, type.declaredType);
  }
  if (time?.isDate && !isText) {
    // dateAsMoment is about each column of dates.
    for (const { name, type } of columns) if (type === 'DATE' && name !== time.column.name) declared.set(name, 'DATE');
  }
  return {
    ...(given.format ? { format: given.format } : {}),
    ...options,
    ...(zone ? { timeZone: zone } : {}),
    ...(time?.isDate ? { dateAsMoment: given.dateAsMoment } : {}),
    columns: declared,
  };
}

function entityTypeLines({ name, idColumns, sources }: EntityTypeDraft): string[] {
  return [
    `      - name: ${flow(name)}`,
    `        # description: What one ${name} is.`,
    `        entityIdColumns: ${flow(idColumns)}`,
    '        # ttlSeconds: 86400 # a value is EXPIRED after so many seconds; without it, never',
    '        sources:',
    ...sources.flatMap(sourceLines),
  ];
}

function sourceLines(source: SourceDraft): string[] {
  const { table, features } = source;
  const { time, created, found, leftOut } = table;
  return [
    `          - name: ${flow(found.name)}`,
    `            sql: ${sqlPath(source)}`,
    time === null
      ? '            static: true # no time: its values hold at all times'
      : `            timestampColumn: event_timestamp # ${comment(time.column.name)}: a read as of an earlier time does not see the row`,
    ...(created === null ? [] : ['            createdTimestampColumn: created_timestamp # when a row was written']),
    '            # What is worth adding to each: unit, description, owner. People choose features by them.',
    '            features:',
    ...features.map(({ name, column, type }) => {
      const notes = [
        ...(name === column.name ? [] : [`column ${comment(column.name)}`]),
        ...(type.reason ? [type.reason] : []),
      ];
      const note = notes.length === 0 ? '' : ` # ${notes.join('; ')}`;
      return `              - { name: ${flow(name)}, valueType: ${type.valueType} }${note}`;
    }),
    ...leftOut.map(({ column, reason }) => `              # Left out: column ${comment(column.name)}: ${reason}.`),
  ];
}

function sqlText({ name, idColumns }: EntityTypeDraft, { table, features }: SourceDraft): string {
  const { id, time, created, keywords, found } = table;
  const column = (text: string): string => sqlName(text, keywords);
  const select = [
    ...id.map(({ name: own }, index) => ({ sql: column(own), as: idColumns[index]! })),
    ...(time === null ? [] : [{ sql: time.toSql(column(time.column.name)), as: 'event_timestamp' }]),
    ...(created === null ? [] : [{ sql: column(created.name), as: 'created_timestamp' }]),
    ...features.map((feature) => ({ sql: feature.type.toSql(column(feature.column.name)), as: feature.name })),
  ];
  const entity = `one ${name}${time === null ? '' : ', from its event_timestamp on'}`;
  return [
    `-- Each row says what is known of ${entity}. Each further column that the registry names is a feature.`,
    '-- This is a SELECT of DuckDB: add expressions, joins and window functions as you need them.',
    'SELECT',
    select.map(({ sql, as }) => `  ${sql}${sql === column(as) ? '' : ` AS ${column(as)}`}`).join(',\n'),
    `FROM ${column(found.name)}`,
    '',
  ].join('\n');
}

/** Names of functions that SQL calls without brackets. */
const NILADIC = /^(current_|session_|local|user$|today$|rowid$)/;

function sqlName(name: string, keywords: ReadonlySet<string>): string {
  const isPlain = /^[a-z_][a-z0-9_]*$/.test(name) && !keywords.has(name) && !NILADIC.test(name);
  return isPlain ? name : quoteIdentifier(name);
}

/** A value of YAML on one line. */
function flow(value: unknown): string {
  return stringify(value, {
    collectionStyle: 'flow',
    flowCollectionPadding: false,
    lineWidth: 0,
    defaultStringType: 'PLAIN',
  }).trim();
}

function key(name: string): string {
  const text = flow(name);
  // A text that looks like another type is quoted by the library; so must be one that YAML would read over several lines.
  return text.includes('\n') ? JSON.stringify(name) : text;
}

/** The name of a column in a comment, on one line. */
function comment(name: string): string {
  return /^[\w .:/-]{1,100}$/.test(name) ? name : JSON.stringify(name.slice(0, 100));
}
