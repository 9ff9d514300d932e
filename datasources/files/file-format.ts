/** What tables in files look like. JSONL is one JSON object a line. */
export const FILE_FORMATS = ['PARQUET', 'CSV', 'JSONL'] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];
