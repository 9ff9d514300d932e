import type { FeatureSource } from '../registry/model.js';

/**
 * The port of the versions of written rows, one for each source. A version is a text that no other content of the source
 * has or had. It changes in the transaction of each write, and it survives a restart. Its adapter is in the LMDB file of the
 * online store, whose transaction is the one that acknowledges a write.
 */
export interface SourceVersions {
  /** undefined while rows change in a way that no transaction of the log covers. */
  of(source: FeatureSource): string | undefined;

  /**
   * Runs a change of rows in other stores. Until it ends, the sources have no version; then they have new ones, also if the
   * process ends in the middle.
   */
  changing<Result>(sources: readonly FeatureSource[], change: () => Promise<Result>): Promise<Result>;

  /**
   * The version of a registry: another one each time that a registry with another digest is served, also when the same comes
   * back, because rows may have been written by other names meanwhile.
   */
  ofRegistry(digest: string): Promise<string>;
}
