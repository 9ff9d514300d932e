import { createHash } from 'node:crypto';
import { LineSegments, type SegmentOptions } from './line-segments.js';

/**
 * Files of lines from several senders, which share one bound fairly: where there would be too many bytes, the share with the
 * most of them loses its oldest file. The senders are divided into a fixed number of shares, so that nothing grows with
 * their number; those in one share can remove lines of each other. All calls must come one after another.
 */
export class SharedSegments {
  private constructor(
    private readonly shares: readonly LineSegments[],
    private readonly maxBytes: number,
  ) {}

  static async open(
    folder: string,
    { count, ...options }: SegmentOptions & { readonly count: number },
    clock: () => bigint,
  ): Promise<SharedSegments> {
    const shares: LineSegments[] = [];
    for (let share = 0; share < count; share += 1) {
      const name = `${options.name}-${String(share).padStart(2, '0')}`;
      shares.push(await LineSegments.open(folder, { ...options, name }, clock));
    }
    return new SharedSegments(shares, options.maxBytes);
  }

  get bytes(): number {
    return this.shares.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** As LineSegments.append. The same sender always has the same share. */
  async append(sender: string, text: string, earliest: bigint): Promise<void> {
    const more = Buffer.byteLength(text);
    const share = this.shares[createHash('sha256').update(sender).digest().readUInt32BE() % this.shares.length]!;
    while (this.bytes > 0 && this.bytes + more > this.maxBytes) {
      // With what it is about to get: a sender with one great request does not push the others out.
      const weight = (one: LineSegments): number => (one.bytes === 0 ? 0 : one.bytes + (one === share ? more : 0));
      const greatest = this.shares.reduce((a, b) => (weight(b) > weight(a) ? b : a));
      await greatest.removeOldest();
    }
    await share.append(text, earliest);
  }

  async rewrite(change: (line: string) => string | null): Promise<void> {
    for (const share of this.shares) await share.rewrite(change);
  }

  async sweep(): Promise<void> {
    for (const share of this.shares) await share.sweep();
  }

  async close(): Promise<void> {
    for (const share of this.shares) await share.close();
  }
}
