import { isUnreachable, connect, type TableAddress } from './client.js';
import { toStartError } from './error-advice.js';
import { toStoreError } from '../store-error.js';
import { VersionedRows } from './versioned-rows.js';

export interface RowsAddress {
  readonly table: TableAddress;
  readonly family: string;
  readonly deadlineMs: number;
  readonly newId: () => string;
  /** host:port of an emulator. */
  readonly apiEndpoint?: string | undefined;
}

/** Rows of a table on a connection of their own. `store` names them for the operator. */
export async function openRows(
  store: string,
  { table, apiEndpoint, ...options }: RowsAddress,
): Promise<{ readonly rows: VersionedRows; readonly close: () => Promise<void> }> {
  try {
    const connection = await connect(table, apiEndpoint);
    return {
      rows: new VersionedRows({ ...options, table: connection.table }),
      close: async () => {
        await connection.client.close();
      },
    };
  } catch (error) {
    throw toStartError(store, table, error);
  }
}

/** Calls a store whose error is for clients. `store`: as in `The job store`. */
export async function callStore<Result>(store: string, run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    throw toStoreError(store, error, isUnreachable);
  }
}
