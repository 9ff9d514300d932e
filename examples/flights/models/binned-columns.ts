/** Few enough for a byte with the missing bin, and enough for a split near any best one. */
const MAX_BINS = 128;

/**
 * Columns as bins: a value is replaced by the number of its bin, and only the edges between bins are tried as splits. Bins
 * hold about as many rows each (quantiles). A missing value has a bin of its own, the last.
 */
export class BinnedColumns {
  readonly bins: readonly Uint8Array[];
  /** A bin holds the values up to and including its upper edge; the last bin has none. */
  readonly edges: readonly Float32Array[];
  readonly rows: number;

  constructor(columns: readonly Float32Array[]) {
    this.rows = columns[0]?.length ?? 0;
    this.edges = columns.map(edgesOf);
    this.bins = columns.map((column, index) => binsOf(column, this.edges[index]!));
  }

  /** The number of bins of a column, the one for missing values included. */
  binCount(column: number): number {
    return this.edges[column]!.length + 2;
  }
}

function edgesOf(column: Float32Array): Float32Array {
  const sorted = column.filter((value) => !Number.isNaN(value)).sort();
  const edges = new Set<number>();
  for (let index = 1; index < MAX_BINS && sorted.length > 0; index += 1) {
    edges.add(sorted[Math.floor((index / MAX_BINS) * sorted.length)]!);
  }
  // A split at the greatest value would leave nothing on its right.
  edges.delete(sorted.at(-1)!);
  return Float32Array.from(edges);
}

function binsOf(column: Float32Array, edges: Float32Array): Uint8Array {
  return Uint8Array.from(column, (value) => (Number.isNaN(value) ? edges.length + 1 : firstNotBelow(edges, value)));
}

/** The first edge that is not below the value; the number of edges when all are. */
function firstNotBelow(edges: Float32Array, value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
