import { z } from 'zod';
import { isCsvFile } from '../../files/file-format.js';

const file = z.string().min(1).describe('A path from the registry file, or npm:package/path. Parquet, CSV or NDJSON.');

const withColumns = z
  .strictObject({
    file,
    columns: z
      .record(z.string().min(1), z.string().min(1))
      .default({})
      .describe(
        'What columns of a CSV file are, by their names, where it is not to be guessed: a DuckDB type, such as VARCHAR for codes with leading zeros.',
      ),
  })
  .refine(({ file, columns }) => isCsvFile(file) || Object.keys(columns).length === 0, {
    path: ['columns'],
    message: 'only columns of CSV files have no types of their own; CAST those of other files in the SQL',
  });

/** A file the SQL may read: its path, or with what its columns are. */
export const tableFile = z
  .union([file.transform((path) => ({ file: path, columns: {} })), withColumns], {
    error: 'a table is the path of a file, or { file, columns }',
  })
  .describe('A file the SQL may read.');
