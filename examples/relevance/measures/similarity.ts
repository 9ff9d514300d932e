import type { Picture } from '../pictures.ts';

const LEVELS = 4;

/**
 * Participatory knowing, what it has to do with me: how like the query the picture is, asked by example. The part that the
 * histograms of colours (4 levels a channel, 64 colours) of both pictures have in common. 1: the same colours as often.
 */
export function similarity(picture: Picture, query: Picture): number {
  const other = colours(query);
  return colours(picture).reduce((sum, share, colour) => sum + Math.min(share, other[colour]!), 0);
}

function colours({ pixels }: Picture): Float64Array {
  const shares = new Float64Array(LEVELS ** 3);
  const count = pixels.length / 4;
  const level = (value: number): number => Math.floor((value / 256) * LEVELS);
  for (let pixel = 0; pixel < count; pixel += 1) {
    const [red, green, blue] = [0, 1, 2].map((channel) => level(pixels[pixel * 4 + channel]!)) as [
      number,
      number,
      number,
    ];
    shares[(red * LEVELS + green) * LEVELS + blue]! += 1 / count;
  }
  return shares;
}
