import { open } from 'node:fs/promises';
import * as zlib from 'node:zlib';
import { parquetMetadataAsync, parquetRead, type AsyncBuffer, type Compressors } from 'hyparquet';
import type { NanosecondsRequest, NanosecondsResult } from './protocol.ts';
import { expandZstd } from './zstd-frames.ts';

/**
 * Finds times finer than a microsecond in columns of a Parquet file. DuckDB silently truncates INT96, and nanoseconds
 * with a zone, to microseconds. A truncated time is earlier than the true one, so its value would be known before it
 * was true.
 */
export async function findNanoseconds({ path, columns }: NanosecondsRequest): Promise<NanosecondsResult> {
  const handle = await open(path, 'r');
  try {
    const file = await toAsyncBuffer(handle);
    const metadata = await parquetMetadataAsync(file);
    let rowStart = 0;
    // Reads one row group at a time, so that memory does not grow with the file.
    for (const { num_rows: rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(rows);
      for (const column of columns) {
        const finer = await firstFiner(file, { column, rowStart, rowEnd, metadata });
        if (finer) return { finer: { column, ...finer } };
      }
      rowStart = rowEnd;
    }
    return { finer: null };
  } finally {
    await handle.close();
  }
}

interface RowGroup {
  readonly column: string;
  readonly rowStart: number;
  readonly rowEnd: number;
  readonly metadata: Awaited<ReturnType<typeof parquetMetadataAsync>>;
}

async function firstFiner(
  file: AsyncBuffer,
  { column, rowStart, rowEnd, metadata }: RowGroup,
): Promise<{ readonly row: number; readonly value: string } | null> {
  let finer: { readonly row: number; readonly value: string } | null = null;
  await parquetRead({
    file,
    metadata,
    columns: [column],
    rowStart,
    rowEnd,
    compressors: COMPRESSORS,
    parsers: { timestampFromNanoseconds: (nanoseconds: bigint) => nanoseconds },
    onChunk: ({ columnData, rowStart: first }) => {
      if (finer) return;
      for (let index = 0; index < columnData.length; index += 1) {
        const value: unknown = columnData[index];
        if (typeof value !== 'bigint' || value % 1000n === 0n) continue;
        finer = { row: first + index, value: toText(value) };
        return;
      }
    },
  });
  return finer;
}

function toText(nanoseconds: bigint): string {
  const second = 1_000_000_000n;
  const fraction = ((nanoseconds % second) + second) % second;
  const date = new Date(Number((nanoseconds - fraction) / 1_000_000n));
  return `${date.toISOString().slice(0, 19)}.${fraction.toString().padStart(9, '0')}Z`;
}

async function toAsyncBuffer(handle: Awaited<ReturnType<typeof open>>): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(end - start);
      await handle.read(bytes, 0, bytes.length, start);
      return bytes.buffer;
    },
  };
}

/** The codecs of Node; hyparquet includes Snappy. */
const COMPRESSORS: Compressors = {
  GZIP: (input) => zlib.gunzipSync(input),
  BROTLI: (input) => zlib.brotliDecompressSync(input),
  ZSTD: expandZstd,
};
