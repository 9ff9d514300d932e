/** Where a migration goes. */
export interface MigrationTarget {
  /** The project of the featurestores, the dataset and the feature groups. */
  readonly project: string;
  readonly location: string;
  readonly dataset: string;
  readonly datasetLocation: string;
  /** The feature online store to make, in each project that takes views. */
  readonly onlineStore: string;
  /** A prefix for the names of tables, feature groups and views; '' for none. */
  readonly prefix: string;
  /** The projects that take views, in this order. */
  readonly viewProjects: readonly string[];
  /** The feature views that a project and region can have. Google's default is 30. */
  readonly viewQuota: number;
  readonly wideViews: boolean;
  /** The number of `project`; null: only its own views read its feature groups. */
  readonly projectNumber: string | null;
  /** How many days after their event time values may be written. The second export begins as many days before the first. */
  readonly lateDays: number;
}

/** D quotas: 30 feature views over all stores of a project and region, and 250 feature groups. */
export const DEFAULT_VIEW_QUOTA = 30;
export const GROUP_QUOTA = 250;
