import type { BigQueryServer } from './bigquery-server/server.js';

/** The last query about a dataset as it came over the wire: its parameters with types and values, and its text. */
export function sentQuery(server: BigQueryServer, dataset: string): string {
  const queries = [...server.jobs.all.values()].map(({ configuration }) => configuration.query);
  const sent = queries.findLast(({ query }) => query.includes(`.${dataset}.`));
  if (!sent) return '-- nothing was asked\n';
  const parameters = (sent.queryParameters ?? []).flatMap(({ name, parameterType, parameterValue }: any) => {
    const head = `-- @${name} ${typeText(parameterType)}`;
    if (!parameterValue.arrayValues) return [`${head} = ${valueText(parameterValue)}`];
    return [head, ...parameterValue.arrayValues.map((value: any) => `--   ${valueText(value)}`)];
  });
  return [...parameters, sent.query, ''].join('\n');
}

function typeText({ type, arrayType, structTypes }: any): string {
  if (type === 'ARRAY') return `ARRAY<${typeText(arrayType)}>`;
  if (type === 'STRUCT') {
    return `STRUCT<${structTypes.map((field: any) => `${field.name} ${typeText(field.type)}`).join(', ')}>`;
  }
  return type;
}

function valueText({ value, structValues }: any): string {
  if (!structValues) return value;
  return Object.entries(structValues)
    .map(([name, field]) => `${name}: ${valueText(field)}`)
    .join(', ');
}
