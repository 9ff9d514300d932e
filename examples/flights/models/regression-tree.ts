import type { BinnedColumns } from './binned-columns.js';
import { bestSplit, Histogram, type Split } from './histogram.js';

/** A binary tree as columns, one entry a node, the root first. A leaf has no left child (-1). */
export interface Tree {
  readonly features: readonly number[];
  /** A value goes left when it is not above this. */
  readonly thresholds: readonly number[];
  readonly isMissingLeft: readonly boolean[];
  readonly lefts: readonly number[];
  readonly rights: readonly number[];
  /** The answer of a leaf. */
  readonly values: readonly number[];
}

export interface TreeLimits {
  readonly maxLeaves: number;
  readonly minRowsInLeaf: number;
  /** Added to the rows of a leaf when its mean is taken: pulls the answers of small leaves to 0. */
  readonly shrinkage: number;
}

interface Leaf {
  readonly node: number;
  /** Of `rows`: the rows of this leaf lie together. */
  readonly start: number;
  readonly end: number;
  readonly histogram: Histogram;
  readonly split: Split | undefined;
}

/** Grows a tree best first: of all leaves the one whose split takes away the most squared error is split next. */
export function growTree(columns: BinnedColumns, residuals: Float64Array, limits: TreeLimits): Tree {
  const rows = Int32Array.from({ length: columns.rows }, (_, row) => row);
  const tree = new GrowingTree();
  const leafOf = (node: number, start: number, end: number, histogram: Histogram): Leaf => {
    tree.values[node] = histogram.sum / (histogram.count + limits.shrinkage);
    return { node, start, end, histogram, split: bestSplit(columns, histogram, limits) };
  };
  const leaves = [leafOf(tree.add(), 0, rows.length, Histogram.of(columns, residuals, rows))];
  while (leaves.length < limits.maxLeaves) {
    const chosen = leaves.reduce((best, leaf) => ((leaf.split?.gain ?? 0) > (best.split?.gain ?? 0) ? leaf : best));
    const { split, node, start, end, histogram } = chosen;
    if (!split) break;
    const middle = partition(rows, start, end, columns.bins[split.feature]!, split);
    // The rows of one child are counted, those of the other are the rest.
    const isLeftSmaller = middle - start < end - middle;
    const counted = Histogram.of(
      columns,
      residuals,
      isLeftSmaller ? rows.subarray(start, middle) : rows.subarray(middle, end),
    );
    const rest = histogram.minus(counted);
    const [left, right] = tree.split(node, split, columns.edges[split.feature]![split.bin]!);
    leaves.splice(
      leaves.indexOf(chosen),
      1,
      leafOf(left, start, middle, isLeftSmaller ? counted : rest),
      leafOf(right, middle, end, isLeftSmaller ? rest : counted),
    );
  }
  return tree;
}

export function predictTree(tree: Tree, columns: readonly Float32Array[], row: number): number {
  let node = 0;
  while (tree.lefts[node]! >= 0) {
    const value = columns[tree.features[node]!]![row]!;
    const isLeft = Number.isNaN(value) ? tree.isMissingLeft[node]! : value <= tree.thresholds[node]!;
    node = isLeft ? tree.lefts[node]! : tree.rights[node]!;
  }
  return tree.values[node]!;
}

class GrowingTree implements Tree {
  readonly features: number[] = [];
  readonly thresholds: number[] = [];
  readonly isMissingLeft: boolean[] = [];
  readonly lefts: number[] = [];
  readonly rights: number[] = [];
  readonly values: number[] = [];

  add(): number {
    this.features.push(0);
    this.thresholds.push(0);
    this.isMissingLeft.push(false);
    this.lefts.push(-1);
    this.rights.push(-1);
    return this.values.push(0) - 1;
  }

  split(node: number, { feature, isMissingLeft }: Split, threshold: number): [number, number] {
    this.features[node] = feature;
    this.thresholds[node] = threshold;
    this.isMissingLeft[node] = isMissingLeft;
    this.values[node] = 0;
    return [(this.lefts[node] = this.add()), (this.rights[node] = this.add())];
  }
}

/** Puts the rows that go left before those that go right, both in their order, and gives where the right ones begin. */
function partition(rows: Int32Array, start: number, end: number, bins: Uint8Array, split: Split): number {
  const right: number[] = [];
  let middle = start;
  for (let index = start; index < end; index += 1) {
    const row = rows[index]!;
    const bin = bins[row]!;
    if (bin === split.missingBin ? split.isMissingLeft : bin <= split.bin) rows[middle++] = row;
    else right.push(row);
  }
  rows.set(right, middle);
  return middle;
}
