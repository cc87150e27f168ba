// What the lens says: shares, places, steps and levels in words.

/**
 * @typedef {import("../model/types.js").LensFacts} LensFacts
 * @typedef {import("../model/types.js").Side} Side
 * @typedef {import("./maps.js").Part} Part
 */

/**
 * A share of attention, below 10 % with one decimal.
 * @param {number} share
 */
export const shareText = (share) => {
  const tenths = Math.round(share * 1000) / 10;
  return `${tenths < 10 ? tenths : Math.round(share * 100)} %`;
};

const ONE = { liked: "like", disliked: "dislike" };

/** @param {{side: Side, number: number}} reference */
export const callReference = ({ side, number }) => `${ONE[side]} ${number}`;

/**
 * @param {number} cell
 * @param {number} columns
 */
export const callPlace = (cell, columns) => `Row ${Math.floor(cell / columns) + 1}, column ${(cell % columns) + 1}`;

/**
 * Everything about a place, in one sentence.
 * @param {string} place
 * @param {Part[]} sides
 */
export const placeText = (place, sides) => {
  const told = sides.map(({ side, own, references }) => {
    const shares = [`${shareText(own)} own`, ...references.map((one) => `${shareText(one.share)} ${callReference(one)}`)];
    return `${sides.length > 1 ? `with the ${ONE[side]}s ` : ""}${shares.join(", ")}`;
  });
  return `${place}: ${told.join("; ")}`;
};

/**
 * @param {LensFacts} lens
 * @param {number | null} part
 */
export const callPart = ({ parts, steps }, part) => {
  if (part === null) return "all steps";
  const [first, last] = parts[part];
  return first === last ? `step ${first} of ${steps}` : `steps ${first}–${last} of ${steps}`;
};

/**
 * @param {LensFacts} lens
 * @param {number | null} level
 */
export const callLevel = ({ levels }, level) => {
  if (level === null) return "all levels";
  const size = levels[level].places.join(" × ");
  if (levels.length < 2) return size;
  return level === 0 ? `${size}, fine` : level === levels.length - 1 ? `${size}, coarse` : size;
};

/**
 * What the heat shows.
 * @param {Side} side
 */
export const callSide = (side) => `borrowed from all ${ONE[side]}s`;
