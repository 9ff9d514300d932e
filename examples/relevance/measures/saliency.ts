import type { Picture } from '../pictures.ts';

/**
 * Perspectival knowing, what stands out from here: whether the picture has a focus. Each pixel is as salient as its colour
 * is far (squared) from the mean colour of the picture; this is the share of all that which the most salient tenth of the
 * pixels has. 0.1: nothing stands out. 1: everything but a tenth is of one colour.
 */
export function saliency({ pixels }: Picture): number {
  const count = pixels.length / 4;
  const mean = [0, 1, 2].map((channel) => {
    let sum = 0;
    for (let pixel = 0; pixel < count; pixel += 1) sum += pixels[pixel * 4 + channel]!;
    return sum / count;
  });
  const distances = Float64Array.from({ length: count }, (_, pixel) =>
    mean.reduce((sum, value, channel) => sum + (pixels[pixel * 4 + channel]! - value) ** 2, 0),
  ).sort();
  const total = distances.reduce((sum, distance) => sum + distance, 0);
  if (total === 0) return 0.1;
  return distances.subarray(Math.floor(count * 0.9)).reduce((sum, distance) => sum + distance, 0) / total;
}
