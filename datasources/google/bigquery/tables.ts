import type { BigQuery, Table } from '@google-cloud/bigquery';
import { hasStatus } from './api-error.js';

/** The API's description of a table. */
export interface TableMetadata {
  /** TABLE, VIEW, EXTERNAL… */
  readonly type?: string;
  /** Present for a table; absent for a view. */
  readonly numRows?: string;
  readonly location?: string;
  readonly schema?: { readonly fields?: readonly TableColumn[] };
  readonly timePartitioning?: {
    readonly type: string;
    /** Absent: the table is partitioned by the time of ingestion. */
    readonly field?: string;
    /** Deprecated for the field of the same name of the table, which has the same meaning. */
    readonly requirePartitionFilter?: boolean;
  };
  readonly rangePartitioning?: { readonly field: string };
  /** BigQuery refuses queries without a filter on the partitions. */
  readonly requirePartitionFilter?: boolean;
  readonly clustering?: { readonly fields: readonly string[] };
  readonly labels?: Readonly<Record<string, string>>;
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

/** `project.dataset.table`, as SQL has it between backquotes. */
export function formatTablePath({ project, dataset, table }: TableAddress): string {
  return `${project}.${dataset}.${table}`;
}

export function tableAt(client: BigQuery, { project, dataset, table }: TableAddress): Table {
  return client.dataset(dataset, { projectId: project }).table(table);
}

/** Where a dataset is: jobs run there. */
export async function readDatasetLocation(
  client: BigQuery,
  { project, dataset }: Omit<TableAddress, 'table'>,
): Promise<string | undefined> {
  const answer: unknown[] = await client.dataset(dataset, { projectId: project }).getMetadata();
  return (answer[0] as { readonly location?: string }).location;
}

/** Undefined when the table or its dataset does not exist. */
export async function readTable(client: BigQuery, address: TableAddress): Promise<TableMetadata | undefined> {
  try {
    const answer: unknown[] = await tableAt(client, address).getMetadata();
    return answer[0] as TableMetadata;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}
