import { z } from 'zod';

/** The configuration of the stores in the data folder. */
export const embeddedStoresVariables = {
  FEATUREGRAPH_DUCKDB_MEMORY_BYTES: z.coerce
    .number()
    .int()
    // Below this, DuckDB cannot sort on disk: it fails with "out of memory".
    .min(67_108_864)
    .optional()
    .describe(
      'The memory limit of DuckDB in bytes, at least 67108864. It runs jobs, imports and reads of the history, and sorts on disk what does not fit. Empty: half of the memory of the machine or container.',
    ),
  FEATUREGRAPH_HISTORY_ROWS: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000_000)
    .default(1_000_000)
    .describe(
      'The maximum number of rows of a source in the key-value history, which answers reads of past values in a fraction of the time (docs/point-in-time.md). DuckDB answers for a source with more rows. 0: no key-value history.',
    ),
} satisfies Record<string, z.ZodType>;
