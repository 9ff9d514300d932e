-- The measures of measure-pictures.ts, as they are. A photograph does not change, so they hold at all times.
SELECT
  image,
  propositional_entropy,
  perspectival_saliency,
  participatory_similarity,
  procedural_quality
FROM measures
