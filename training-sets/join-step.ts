/** The join of the labels with one source, some labels at a time. */
export interface JoinStep {
  /** Labels joined and durable. */
  readonly rows: number;
  joinUpTo(to: number, onShare: (share: number) => void): Promise<void>;
}
