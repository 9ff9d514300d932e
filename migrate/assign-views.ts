import { OperatorError } from '../errors/operator-error.js';

/** Views that a project and region can still have. */
export interface ViewPlaces {
  readonly project: string;
  readonly free: number;
}

export interface ViewMember {
  /** The id of its feature group, which is also the id of a view of its own. */
  readonly group: string;
  readonly features: readonly string[];
}

export interface AssignedView<Member extends ViewMember> {
  readonly project: string;
  readonly id: string;
  readonly members: readonly Member[];
}

/** A read gets all features of a view, and an entity has at most 5 MB of them: a view of thousands makes each read slow. */
const MAX_WIDE_VIEW_FEATURES = 1000;

/**
 * Gives each feature group a view within the quota of the projects: a view of its own, in the first project with a free
 * one. If these are not enough and `wide` is permitted, the smallest groups without a common feature name share views.
 */
export function assignViews<Member extends ViewMember>(
  members: readonly Member[],
  places: readonly ViewPlaces[],
  { wide, prefix }: { readonly wide: boolean; readonly prefix: string },
): AssignedView<Member>[] {
  const free = places.reduce((sum, place) => sum + Math.max(0, place.free), 0);
  const bundles: Member[][] = members.map((member) => [member]);
  if (bundles.length > free && !wide) throw tooManyViews(bundles.length, places);
  while (bundles.length > free) {
    const pair = smallestPair(bundles);
    if (!pair) throw tooManyViews(bundles.length, places);
    const [one, other] = pair;
    bundles[bundles.indexOf(one)] = [...one, ...other];
    bundles.splice(bundles.indexOf(other), 1);
  }
  const slots = places.flatMap(({ project, free: left }) => Array.from({ length: Math.max(0, left) }, () => project));
  const ids = wideViewIds(members, prefix);
  return bundles.map((bundle, index) => ({
    project: slots[index]!,
    id: bundle.length === 1 ? bundle[0]!.group : ids(),
    members: bundle,
  }));
}

function smallestPair<Member extends ViewMember>(bundles: readonly Member[][]): [Member[], Member[]] | undefined {
  const sized = bundles
    .map((bundle) => ({ bundle, names: new Set(bundle.flatMap(({ features }) => features)) }))
    .toSorted((a, b) => a.names.size - b.names.size);
  for (const [index, one] of sized.entries()) {
    for (const other of sized.slice(index + 1)) {
      // The list is sorted: all that follow are larger.
      if (one.names.size + other.names.size > MAX_WIDE_VIEW_FEATURES) break;
      if (![...one.names].some((name) => other.names.has(name))) return [one.bundle, other.bundle];
    }
  }
  return undefined;
}

function wideViewIds(members: readonly ViewMember[], prefix: string): () => string {
  const taken = new Set(members.map(({ group }) => group));
  let number = 0;
  return () => {
    do number += 1;
    while (taken.has(`${prefix}wide_${number}`));
    return `${prefix}wide_${number}`;
  };
}

function tooManyViews(needed: number, places: readonly ViewPlaces[]): OperatorError {
  return new OperatorError(`${needed} feature views are needed, and the quota permits fewer:`, [
    ...places.map(({ project, free }) => `project ${project}: ${Math.max(0, free)} more`),
    'ask Google for a higher quota of feature views and say --view-quota <views>, or',
    'say --view-project <project> once for each project that takes views, or',
    'say --wide-views: entity types without a common feature name share a view',
  ]);
}
