import { BinnedColumns } from './binned-columns.js';
import type { Examples } from './training-data.js';
import { growTree, predictTree, type Tree, type TreeLimits } from './regression-tree.js';

/** Gradient-boosted regression trees for the squared error: each tree is fitted to what those before it leave over. */
export interface BoostedTrees {
  readonly base: number;
  readonly trees: readonly Tree[];
}

export interface BoostingOptions extends TreeLimits {
  readonly maxTrees: number;
  /** How much of a tree's answer is taken. */
  readonly learningRate: number;
  /** Stop after so many trees without a smaller error on the validation rows, and forget them. */
  readonly patience: number;
}

/** Nothing in here is left to chance: the same rows give the same trees. */
export function trainBoostedTrees(
  training: Examples,
  validation: Examples,
  options: BoostingOptions,
  onTree: (trees: number, validationRmse: number) => void,
): BoostedTrees {
  const columns = new BinnedColumns(training.columns);
  const base = Math.fround(mean(training.targets));
  const residuals = Float64Array.from(training.targets, (target) => target - base);
  const validationResiduals = Float64Array.from(validation.targets, (target) => target - base);
  const trees: Tree[] = [];
  let best = { trees: 0, rmse: rootMeanSquare(validationResiduals) };
  while (trees.length < options.maxTrees && trees.length - best.trees < options.patience) {
    const tree = scaled(growTree(columns, residuals, options), options.learningRate);
    trees.push(tree);
    subtract(residuals, training, tree);
    subtract(validationResiduals, validation, tree);
    const rmse = rootMeanSquare(validationResiduals);
    onTree(trees.length, rmse);
    if (rmse < best.rmse) best = { trees: trees.length, rmse };
  }
  return { base, trees: trees.slice(0, best.trees) };
}

/** One prediction a row. */
export function predictBoostedTrees({ base, trees }: BoostedTrees, { columns, targets }: Examples): Float64Array {
  return Float64Array.from(targets, (_, row) => {
    let sum = base;
    for (const tree of trees) sum += predictTree(tree, columns, row);
    return sum;
  });
}

function subtract(residuals: Float64Array, { columns }: Examples, tree: Tree): void {
  for (let row = 0; row < residuals.length; row += 1) residuals[row]! -= predictTree(tree, columns, row);
}

/** Rounded to what the graph will hold, so that later trees correct the tree that will be there, not a finer one. */
function scaled(tree: Tree, by: number): Tree {
  return { ...tree, values: tree.values.map((value) => Math.fround(value * by)) };
}

function mean(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function rootMeanSquare(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / values.length);
}
