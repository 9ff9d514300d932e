import type { BigQuery, Table } from '@google-cloud/bigquery';
import { hasStatus } from './api-error.js';

/** What the API says of a table. */
export interface TableMetadata {
  /** TABLE, VIEW, EXTERNAL… */
  readonly type?: string;
  /** Of a table; a view has none. */
  readonly numRows?: string;
  readonly location?: string;
  readonly schema?: { readonly fields?: readonly TableColumn[] };
  readonly timePartitioning?: { readonly type: string; readonly field?: string };
  readonly clustering?: { readonly fields: readonly string[] };
}

export interface TableColumn {
  readonly name: string;
  readonly type: string;
  readonly mode?: string;
  readonly description?: string;
}

export interface TableAddress {
  readonly project: string;
  readonly dataset: string;
  readonly table: string;
}

/** `project.dataset.table`, as SQL names it between backquotes. */
export function formatTablePath({ project, dataset, table }: TableAddress): string {
  return `${project}.${dataset}.${table}`;
}

export function tableAt(client: BigQuery, { project, dataset, table }: TableAddress): Table {
  return client.dataset(dataset, { projectId: project }).table(table);
}

/** Undefined when there is no such table, or no such dataset. */
export async function readTable(client: BigQuery, address: TableAddress): Promise<TableMetadata | undefined> {
  try {
    const answer: unknown[] = await tableAt(client, address).getMetadata();
    return answer[0] as TableMetadata;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}
