import { AppError } from '../errors/app-error.js';
import type { TrainingSetStream } from './training-sets.js';

/** Counts the streams that clients read, and refuses one too many: each has a connection and a file open while it lasts. */
export class OpenStreams {
  #open = 0;

  constructor(private readonly max: number) {}

  async open(openStream: () => Promise<TrainingSetStream>): Promise<TrainingSetStream> {
    if (this.#open >= this.max) {
      throw new AppError('OVERLOADED', `${this.max} training sets are being read already. Try again later.`, {
        retryAfterSeconds: 5,
      });
    }
    this.#open += 1;
    let isOpen = true;
    const leave = (): void => {
      if (isOpen) this.#open -= 1;
      isOpen = false;
    };
    try {
      const { batches, close } = await openStream();
      return { batches, close: () => close().finally(leave) };
    } catch (error) {
      leave();
      throw error;
    }
  }
}
