import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { credentials, loadPackageDefinition, status, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/**
 * The real GoogleSQL: Google's analyzer and reference evaluator, the code that decides what a query means in BigQuery, in
 * a process of its own that speaks gRPC. Only the binary and its protos come from the npm package; it is 340 MB, so it is
 * installed apart (`npm run test:google:install`).
 */
const folder = join(import.meta.dirname, 'node_modules/@fivetrandevelopers/zetasql/lib/zetasql');
const isArm = process.arch.startsWith('arm');
const binary = join(folder, `remote_server${isArm ? '_arm' : ''}${process.platform === 'darwin' ? '' : '.so'}`);

/** In CI a suite that needs GoogleSQL runs, or fails for want of it: it never passes by being skipped. */
export const isGoogleSqlWanted = existsSync(binary) || process.env.CI === 'true';
export const WITHOUT_GOOGLE_SQL = 'needs GoogleSQL: npm run test:google:install';

export interface SqlType {
  readonly type_kind: string;
  readonly array_type?: { readonly element_type: SqlType };
  readonly struct_type?: { readonly field: readonly { readonly field_name: string; readonly field_type: SqlType }[] };
}

/** A value as the evaluator sends and takes it; `{}` is NULL. */
export interface SqlValue {
  readonly int64_value?: string;
  readonly bool_value?: boolean;
  readonly double_value?: number;
  readonly string_value?: string;
  readonly bytes_value?: Buffer;
  readonly json_value?: string;
  /** Days since 1970-01-01. */
  readonly date_value?: number;
  readonly numeric_value?: Buffer;
  readonly bignumeric_value?: Buffer;
  readonly timestamp_value?: { readonly seconds?: string; readonly nanos?: number };
  readonly array_value?: { readonly element?: readonly SqlValue[] };
  readonly struct_value?: { readonly field?: readonly SqlValue[] };
}

export interface SqlTable {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface SqlParameter {
  readonly name: string;
  readonly type: SqlType;
  readonly value: SqlValue;
}

export interface SqlResult {
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
  readonly rows: readonly (readonly SqlValue[])[];
}

/** A query that GoogleSQL refuses, with its own words. */
export class SqlError extends Error {}

type Call = (method: string, request: object) => Promise<any>;

export class GoogleSql {
  private constructor(
    private readonly process: ChildProcess,
    private readonly call: Call,
    private readonly languageOptions: object,
  ) {}

  static async start(): Promise<GoogleSql> {
    if (!existsSync(binary)) throw new Error(WITHOUT_GOOGLE_SQL);
    const port = await freePort();
    const child = spawn(binary, ['localhost', String(port)], { stdio: 'ignore' });
    const definition = loadSync('local_service.proto', {
      includeDirs: [join(folder, 'protos')],
      longs: String,
      enums: String,
      keepCase: true,
    });
    const Service = (loadPackageDefinition(definition) as any).zetasql.local_service.ZetaSqlLocalService;
    const client = new Service(`localhost:${port}`, credentials.createInsecure(), {
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(Date.now() + 60_000, (error: Error | undefined) => (error ? reject(error) : resolve())),
    );
    child.once('exit', () => client.close());
    const call: Call = (method, request) =>
      new Promise((resolve, reject) =>
        client[method](request, (error: ServiceError | null, answer: unknown) => {
          if (!error) resolve(answer);
          else reject(error.code === status.INVALID_ARGUMENT ? new SqlError(error.details) : error);
        }),
      );
    const options = await call('GetLanguageOptions', { maximum_features: true });
    return new GoogleSql(child, call, { ...options, product_mode: 'PRODUCT_EXTERNAL' });
  }

  /** Resolves names and types; gives the columns of the result and which columns of each table are read. */
  async analyze(
    sql: string,
    tables: readonly SqlTable[],
    parameters: readonly SqlParameter[],
  ): Promise<{ columns: SqlResult['columns']; reads: ReadonlyMap<string, readonly number[]> }> {
    const simpleCatalog = this.#catalog(tables);
    const options = { ...this.#options(parameters), prune_unused_columns: true };
    const { prepared } = await this.call('PrepareQuery', { sql, options, simple_catalog: simpleCatalog });
    await this.call('UnprepareQuery', { prepared_query_id: prepared.prepared_query_id });
    const analyzed = await this.call('Analyze', { sql_statement: sql, options, simple_catalog: simpleCatalog });
    return { columns: prepared.columns ?? [], reads: columnsRead(analyzed) };
  }

  /** Refuses SQL that is not valid. It knows functions that `analyze` and `evaluate` cannot run. */
  async check(sql: string, tables: readonly SqlTable[], parameters: readonly SqlParameter[]): Promise<void> {
    const request = { sql_statement: sql, options: this.#options(parameters), simple_catalog: this.#catalog(tables) };
    await this.call('Analyze', request);
  }

  async evaluate(sql: string, tables: readonly SqlTable[], parameters: readonly SqlParameter[]): Promise<SqlResult> {
    const { content, prepared } = await this.call('EvaluateQuery', {
      sql,
      options: this.#options(parameters),
      simple_catalog: this.#catalog(tables),
      table_content: Object.fromEntries(
        tables.map(({ name, rows }) => [name, { table_data: { row: rows.map((cell) => ({ cell })) } }]),
      ),
      params: parameters.map(({ name, value }) => ({ name, value })),
    });
    const rows = content?.table_data?.row ?? [];
    return { columns: prepared.columns ?? [], rows: rows.map((row: { cell?: SqlValue[] }) => row.cell ?? []) };
  }

  async stop(): Promise<void> {
    const exited = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await exited;
  }

  #catalog(tables: readonly SqlTable[]): object {
    return {
      name: 'catalog',
      // Under its dotted name: a quoted path is looked up as one name.
      table: tables.map(({ name, columns }) => ({ name, column: columns })),
      builtin_function_options: { language_options: this.languageOptions },
    };
  }

  #options(parameters: readonly SqlParameter[]): object {
    return {
      language_options: this.languageOptions,
      default_timezone: 'UTC',
      query_parameters: parameters.map(({ name, type }) => ({ name, type })),
    };
  }
}

/** Every table scan of a resolved query, wherever in the tree it is. */
function columnsRead(node: unknown, reads = new Map<string, number[]>()): Map<string, number[]> {
  if (Array.isArray(node)) for (const item of node) columnsRead(item, reads);
  else if (typeof node === 'object' && node !== null) {
    for (const [key, value] of Object.entries(node)) {
      if (key === 'resolved_table_scan_node' && value) {
        const { table, column_index_list: columns = [] } = value;
        const name = table.name as string;
        reads.set(name, [...new Set([...(reads.get(name) ?? []), ...columns.map(Number)])]);
      }
      columnsRead(value, reads);
    }
  }
  return reads;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
