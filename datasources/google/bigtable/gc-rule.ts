/**
 * A garbage collection rule as the API returns it: one of the four forms. Without a rule, Bigtable keeps everything.
 */
export interface GcRule {
  readonly maxNumVersions?: number | null;
  readonly maxAge?: { readonly seconds?: unknown } | null;
  /** Collects what all of its rules collect. */
  readonly intersection?: { readonly rules?: readonly GcRule[] | null } | null;
  /** Collects what any of its rules collects. */
  readonly union?: { readonly rules?: readonly GcRule[] | null } | null;
}

export interface CellPosition {
  /** 1 for the newest cell of its column, 2 for the next older one. */
  readonly rank: number;
  readonly ageSeconds: number;
}

/** Whether a rule allows garbage collection of a cell at any later time. */
export function isCollectable(rule: GcRule, cell: CellPosition): boolean {
  if (rule.maxNumVersions) return cell.rank > rule.maxNumVersions;
  if (rule.maxAge) return cell.ageSeconds > Number(rule.maxAge.seconds ?? 0);
  if (rule.intersection?.rules?.length) return rule.intersection.rules.every((part) => isCollectable(part, cell));
  if (rule.union?.rules?.length) return rule.union.rules.some((part) => isCollectable(part, cell));
  return false;
}
