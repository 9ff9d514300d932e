import { luminance, type Picture } from './pictures.ts';

/** What a picture looks like when it is told in so many tokens. */
export interface Description {
  readonly tokens: number;
  /** How often the finest part was halved; 0 for a picture that is one token. */
  readonly levelOfDetail: number;
  /** The share of the picture's variance that the tokens tell, 0 to 1. */
  readonly quality: number;
}

interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly level: number;
  /** The squared distance of its pixels from their mean, summed: what one token for it leaves untold. */
  readonly error: number;
}

/**
 * Describes a picture in at most `maxTokens` tokens. A token is a region and its mean brightness. To begin with the whole
 * picture is one; then, again and again, the region that leaves most untold is cut into its quarters, until no four tokens
 * fit any more. Detail goes where there is something to see.
 */
export function describePicture(picture: Picture, maxTokens: number): Description {
  const sums = new Sums(picture);
  const whole = sums.region(0, 0, picture.width, picture.height, 0);
  const regions = [whole];
  while (regions.length + 3 <= maxTokens) {
    const worst = regions.reduce(
      (most, region) => (isDivisible(region) && region.error > most.error ? region : most),
      NONE,
    );
    if (worst === NONE) break;
    regions.splice(regions.indexOf(worst), 1, ...quarters(sums, worst));
  }
  const untold = regions.reduce((sum, { error }) => sum + error, 0);
  return {
    tokens: regions.length,
    levelOfDetail: Math.max(...regions.map(({ level }) => level)),
    quality: whole.error === 0 ? 1 : 1 - untold / whole.error,
  };
}

const NONE: Region = { left: 0, top: 0, width: 0, height: 0, level: 0, error: 0 };

function isDivisible({ width, height }: Region): boolean {
  return width >= 2 && height >= 2;
}

function quarters(sums: Sums, { left, top, width, height, level }: Region): Region[] {
  const [half, halfway] = [width >> 1, height >> 1];
  return [
    sums.region(left, top, half, halfway, level + 1),
    sums.region(left + half, top, width - half, halfway, level + 1),
    sums.region(left, top + halfway, half, height - halfway, level + 1),
    sums.region(left + half, top + halfway, width - half, height - halfway, level + 1),
  ];
}

/** Sums over everything above and left of each pixel: those of any region are four look-ups. */
class Sums {
  readonly #stride: number;
  readonly #values: Float64Array;
  readonly #squares: Float64Array;

  constructor(picture: Picture) {
    const levels = luminance(picture);
    this.#stride = picture.width + 1;
    this.#values = new Float64Array(this.#stride * (picture.height + 1));
    this.#squares = new Float64Array(this.#values.length);
    for (let row = 1; row <= picture.height; row += 1) {
      for (let column = 1; column <= picture.width; column += 1) {
        const level = levels[(row - 1) * picture.width + column - 1]!;
        this.#add(this.#values, row, column, level);
        this.#add(this.#squares, row, column, level * level);
      }
    }
  }

  region(left: number, top: number, width: number, height: number, level: number): Region {
    const sum = this.#over(this.#values, left, top, width, height);
    const squares = this.#over(this.#squares, left, top, width, height);
    return { left, top, width, height, level, error: Math.max(0, squares - (sum * sum) / (width * height)) };
  }

  #add(sums: Float64Array, row: number, column: number, value: number): void {
    const at = row * this.#stride + column;
    sums[at] = value + sums[at - 1]! + sums[at - this.#stride]! - sums[at - this.#stride - 1]!;
  }

  #over(sums: Float64Array, left: number, top: number, width: number, height: number): number {
    const [first, last] = [top * this.#stride + left, (top + height) * this.#stride + left];
    return sums[last + width]! - sums[last]! - sums[first + width]! + sums[first]!;
  }
}
