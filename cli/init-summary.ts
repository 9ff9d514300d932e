import { camelCase } from '../schema/names.js';
import type { EntityTypeDraft, RegistryDraft, SourceDraft } from '../datasources/registry/draft/draft-registry.js';

/** Features of a source that are listed. */
const LISTED = 40;
/** Features that the example of a query asks for. */
const ASKED = 4;

/** What was drafted, for people: each feature, and what was decided without them. */
export function draftSummary({ featurestore, entityTypes }: RegistryDraft): string {
  return entityTypes
    .flatMap((entityType) => [
      `${featurestore}.${entityType.name}, by ${entityType.idColumns.join(' and ')}`,
      ...entityType.sources.flatMap((source) => sourceLines(source, entityType)),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function sourceLines({ table, features }: SourceDraft, { idColumns }: EntityTypeDraft): string[] {
  const { found, rows, time, created, incompleteRows, leftOut, id } = table;
  const count = found.files.length === 1 ? '' : `${found.files.length} files, `;
  const width = Math.max(...features.slice(0, LISTED).map(({ name }) => name.length));
  const renamed = id.flatMap(({ name }, index) =>
    name === idColumns[index] ? [] : [`column ${JSON.stringify(name)} is ${idColumns[index]}`],
  );
  return [
    `  ${found.name}: ${found.shown} (${count}${rows} rows), ${time === null ? 'static: no time, so its values hold at all times' : `event time ${time.column.name}${created === null ? '' : `, creation time ${created.name}`}`}`,
    ...renamed.map((text) => `    note: ${text}`),
    ...features.slice(0, LISTED).map(({ name, type, column }) => {
      const notes = [
        ...(name === column.name ? [] : [`column ${JSON.stringify(column.name)}`]),
        ...(type.reason ? [type.reason] : []),
      ];
      return `    ${name.padEnd(width)}  ${type.valueType}${notes.length === 0 ? '' : `  (${notes.join('; ')})`}`;
    }),
    ...(features.length > LISTED ? [`    and ${features.length - LISTED} more`] : []),
    ...leftOut.map(({ column, reason }) => `    left out: column ${JSON.stringify(column.name)}: ${reason}`),
    ...(incompleteRows === 0
      ? []
      : [`    note: ${incompleteRows} rows have no id${time === null ? '' : ' or no time'}; a start leaves them out`]),
  ];
}

/** A query of the draft that has an answer, if the file says an id for certain. */
export function exampleQuery({ featurestore, entityTypes }: RegistryDraft): string | null {
  for (const { name, sources } of entityTypes) {
    for (const { table, features } of sources) {
      if (table.exampleId === null || table.exampleId === '') continue;
      const fields = features.slice(0, ASKED).map((feature) => camelCase(feature.name));
      return `{ ${camelCase(featurestore)} { ${camelCase(name)}(entityId: ${JSON.stringify(table.exampleId)}) { ${fields.join(' ')} } } }`;
    }
  }
  return null;
}
