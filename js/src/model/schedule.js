// How strongly feedback counts over the steps, as the engine counts it. Plain numbers.

/** @typedef {import("./types.js").FeedbackSettings} FeedbackSettings */

/**
 * Weights of a like and a dislike at each denoising step.
 * @param {FeedbackSettings} feedbackSettings
 * @param {number} steps
 */
export const weights = ({ strength, start, end, dislike_scale }, steps) => {
  const first = Math.round(steps * start);
  const last = Math.round(steps * end);
  return Array.from({ length: steps }, (_, step) => {
    const like = step >= first && step <= last ? strength : 0;
    return { like, dislike: like * dislike_scale };
  });
};

/**
 * An SVG path of bars that touch, one per step.
 * @param {number[]} values
 * @param {{width: number, height: number, top: number}} box  top: the value at the upper edge
 */
export const barsPath = (values, { width, height, top }) => {
  const each = width / values.length;
  const y = (/** @type {number} */ value) => round(height - (height * Math.min(value, top)) / top);
  return values
    .map((value, index) => `${index ? "L" : "M"}${round(index * each)} ${y(value)}H${round((index + 1) * each)}`)
    .join("");
};

const round = (/** @type {number} */ value) => Number(value.toFixed(2));
