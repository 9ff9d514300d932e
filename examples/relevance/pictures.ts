import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import jpeg from 'jpeg-js';

/** Pixels in rows from the top left, each red, green, blue and an alpha that is ignored: a byte each. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** The npm package lightslider (MIT) shows itself with these photographs, all of 474 x 338 pixels. */
const PHOTOGRAPHS = join(dirname(createRequire(import.meta.url).resolve('lightslider/package.json')), 'demo/img');
const COUNT = 15;

/** Each photograph is five pictures: itself and its quarters. */
const PARTS = {
  whole: { left: 0, top: 0, share: 1 },
  nw: { left: 0, top: 0, share: 0.5 },
  ne: { left: 0.5, top: 0, share: 0.5 },
  sw: { left: 0, top: 0.5, share: 0.5 },
  se: { left: 0.5, top: 0.5, share: 0.5 },
} as const;

/** photo_01_whole, photo_01_nw, ..., photo_15_se. */
export const PICTURE_IDS: readonly string[] = Array.from({ length: COUNT }, (_, index) =>
  Object.keys(PARTS).map((part) => `photo_${String(index + 1).padStart(2, '0')}_${part}`),
).flat();

/** undefined for an id of no picture. */
export function readPicture(id: string): Picture | undefined {
  if (!PICTURE_IDS.includes(id)) return undefined;
  const [, number, part] = id.split('_') as ['photo', string, keyof typeof PARTS];
  return crop(readPhotograph(Number(number)), PARTS[part]);
}

/** Decoding one takes longer than all that is done with it, and its five pictures want it. */
const photographs = new Map<number, Picture>();

function readPhotograph(number: number): Picture {
  const known = photographs.get(number);
  if (known) return known;
  const file = readFileSync(join(PHOTOGRAPHS, `cS-${number}.jpg`));
  const { width, height, data } = jpeg.decode(file, { useTArray: true });
  const photograph = { width, height, pixels: data };
  photographs.set(number, photograph);
  return photograph;
}

function crop(picture: Picture, { left, top, share }: { left: number; top: number; share: number }): Picture {
  const [x, y] = [Math.floor(picture.width * left), Math.floor(picture.height * top)];
  const [width, height] = [Math.floor(picture.width * share), Math.floor(picture.height * share)];
  const pixels = new Uint8Array(width * height * 4);
  for (let row = 0; row < height; row += 1) {
    const start = ((y + row) * picture.width + x) * 4;
    pixels.set(picture.pixels.subarray(start, start + width * 4), row * width * 4);
  }
  return { width, height, pixels };
}

/** How bright each pixel is, 0 to 255, weighted as the eye does (ITU-R BT.601). */
export function luminance({ pixels }: Picture): Float64Array {
  return Float64Array.from(
    { length: pixels.length / 4 },
    (_, pixel) => 0.299 * pixels[pixel * 4]! + 0.587 * pixels[pixel * 4 + 1]! + 0.114 * pixels[pixel * 4 + 2]!,
  );
}
