/** Milliseconds of work in one turn of the event loop. Other requests wait at most about this long, and one step. */
const TURN_MS = 10;

/** Items of a list between two looks at the clock. */
const ITEMS_PER_CHECK = 64;

/**
 * Splits long loops into turns of the event loop. A loop calls `take` between its steps: it goes on at once while the
 * turn has time, and otherwise after the event loop has served the sockets. Without it, an answer with a million values
 * would hold up all other requests for seconds.
 *
 * All loops of the process share the turns: ten long requests together delay a short one as much as one of them.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #turnEnd: number | undefined;
  #isPumping = false;

  constructor(
    private readonly turnMs: number = TURN_MS,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Undefined while the turn has time: a caller awaits it only where there is something to wait for. */
  take(): Promise<void> | undefined {
    if (this.#turnEnd === undefined) this.#startTurn();
    return this.#waiting.length === 0 && this.now() < this.#turnEnd! ? undefined : this.next();
  }

  /** Waits for a turn of its own: for a step that takes longer than a turn by itself. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#pump();
    });
  }

  /** The first work of a turn starts its time. The next turn begins when the event loop has served the sockets. */
  #startTurn(): void {
    this.#turnEnd = this.now() + this.turnMs;
    setImmediate(() => (this.#turnEnd = undefined));
  }

  /** One loop goes on in each turn, in the order in which they waited. */
  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    setImmediate(() => {
      this.#isPumping = false;
      this.#turnEnd = this.now() + this.turnMs;
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#pump();
      else setImmediate(() => (this.#turnEnd = undefined));
    });
  }
}

/** Maps a long list in turns of the event loop. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  map: (item: Item, index: number) => Result,
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % ITEMS_PER_CHECK === 0) {
      const turn = turns.take();
      if (turn) await turn;
    }
    results.push(map(item, index));
  }
  return results;
}

/** The turns of this process. There is one event loop, so there is one of these. */
export const turns = new Turns();
