import jpeg from 'jpeg-js';
import { luminance, type Picture } from '../pictures.ts';

const JPEG_QUALITY = 30;
const BLOCK = 8;

/** They keep the quotient of two nearly flat blocks from being one of noise; the usual ones of SSIM for bytes. */
const STEADY_MEAN = (0.01 * 255) ** 2;
const STEADY_CONTRAST = (0.03 * 255) ** 2;

/**
 * Procedural knowing, how it is done: how well the picture bears being made small. The structural similarity (SSIM, mean
 * over blocks of 8 x 8 pixels of brightness) of the picture and what is left of it as a JPEG of quality 30. 1: all of it.
 */
export function compressionQuality(picture: Picture): number {
  const { width, height, pixels } = picture;
  const small = jpeg.encode({ width, height, data: pixels }, JPEG_QUALITY);
  const left = jpeg.decode(small.data, { useTArray: true });
  return structuralSimilarity(picture, { width, height, pixels: left.data });
}

export function structuralSimilarity(one: Picture, other: Picture): number {
  const [a, b] = [luminance(one), luminance(other)];
  let sum = 0;
  let blocks = 0;
  for (let top = 0; top + BLOCK <= one.height; top += BLOCK) {
    for (let left = 0; left + BLOCK <= one.width; left += BLOCK) {
      sum += blockSimilarity(a, b, top * one.width + left, one.width);
      blocks += 1;
    }
  }
  return sum / blocks;
}

function blockSimilarity(a: Float64Array, b: Float64Array, start: number, width: number): number {
  const count = BLOCK * BLOCK;
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0];
  for (let row = 0; row < BLOCK; row += 1) {
    for (let column = 0; column < BLOCK; column += 1) {
      const [x, y] = [a[start + row * width + column]!, b[start + row * width + column]!];
      sumA += x;
      sumB += y;
      sumAA += x * x;
      sumBB += y * y;
      sumAB += x * y;
    }
  }
  const [meanA, meanB] = [sumA / count, sumB / count];
  const [varianceA, varianceB] = [sumAA / count - meanA ** 2, sumBB / count - meanB ** 2];
  const covariance = sumAB / count - meanA * meanB;
  return (
    ((2 * meanA * meanB + STEADY_MEAN) * (2 * covariance + STEADY_CONTRAST)) /
    ((meanA ** 2 + meanB ** 2 + STEADY_MEAN) * (varianceA + varianceB + STEADY_CONTRAST))
  );
}
