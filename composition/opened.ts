/** What is open, to be closed in the opposite order: what was opened later may use what was opened before it. */
export class ResourceStack {
  readonly #closings: (() => Promise<void> | void)[] = [];

  /** Says how to close what was opened just now. */
  closeBy(close: () => Promise<void> | void): void {
    this.#closings.push(close);
  }

  /** Closes everything, also what comes after something that cannot be closed; the first error is then thrown. */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const close of this.#closings.splice(0).toReversed()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }
}

/**
 * Opens several things, or none: when one cannot be opened, those before it are closed. Otherwise they would stay locked for
 * whoever tries again in this process.
 */
export async function openAllOrClose<Result>(open: (opened: ResourceStack) => Promise<Result>): Promise<Result> {
  const opened = new ResourceStack();
  try {
    return await open(opened);
  } catch (error) {
    // Why it could not be opened is what is to be mended; what goes wrong in closing follows from that.
    await opened.close().catch(() => undefined);
    throw error;
  }
}
