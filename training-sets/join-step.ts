/** The join of the labels with one source, in chunks of labels. */
export interface JoinStep {
  /** The number of labels that are joined and durable. */
  readonly rows: number;
  joinUpTo(to: number, onShare: (share: number) => void): Promise<void>;
}
