// The gate in numbers: g = σ(ℓ_ref − ℓ_own + log w). Plain arithmetic, no elements.

import { lookOf } from "../lens/maps.js";

/**
 * @typedef {import("../playground/types.js").Lens} Lens
 * @typedef {import("../playground/types.js").Choice} Choice
 * @typedef {import("../playground/types.js").Place} Place
 * @typedef {{rows: number, columns: number}} Grid
 */

/** @param {number} g */
export const logit = (g) => Math.log(g) - Math.log1p(-g);

/**
 * The map that is chosen; -1 is the mean over all.
 * @param {Lens} lens
 * @param {Choice} choice
 */
export const mapOf = ({ maps = [] }, { level, part }) =>
  maps.find((map) => (map.level ?? -1) === level && (map.part ?? -1) === part) ?? null;

/**
 * The numbers of bytes, wherever they begin.
 * @param {import("./types.js").Bytes} bytes
 */
export const floatsOf = (bytes) => {
  const view = ArrayBuffer.isView(bytes) ? bytes : new Uint8Array(bytes);
  const { buffer, byteOffset, byteLength } = view;
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
};

/**
 * The cell of a grid at a place.
 * @param {Place} place
 * @param {Grid} grid
 */
export const cellOf = ({ x, y }, { rows, columns }) => ({
  row: Math.min(Math.max(Math.floor(y * rows), 0), rows - 1),
  column: Math.min(Math.max(Math.floor(x * columns), 0), columns - 1),
});

/**
 * The middle of a cell.
 * @param {{row: number, column: number}} cell
 * @param {Grid} grid
 * @returns {Place}
 */
export const placeOf = ({ row, column }, { rows, columns }) => ({ x: (column + 0.5) / columns, y: (row + 0.5) / rows });

/** @type {Record<string, [number, number]>} */
const MOVES = {
  ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0],
  Home: [0, -Infinity], End: [0, Infinity], PageUp: [-Infinity, 0], PageDown: [Infinity, 0],
};

/**
 * Where a key leads from a place, or null if it leads nowhere.
 * @param {string} key
 * @param {Place} place
 * @param {Grid} grid
 */
export const moved = (key, place, grid) => {
  const move = Object.hasOwn(MOVES, key) ? MOVES[key] : null;
  if (!move) return null;
  const { row, column } = cellOf(place, grid);
  const within = (/** @type {number} */ at, /** @type {number} */ count) => Math.min(Math.max(at, 0), count - 1);
  return placeOf({ row: within(row + move[0], grid.rows), column: within(column + move[1], grid.columns) }, grid);
};

/**
 * What the formula says of a share at a weight.
 * @param {number} share
 * @param {number} weight
 */
export const gateOf = (share, weight) => {
  const logWeight = Math.log(weight);
  return { share, logWeight, odds: weight > 0 ? logit(share) - logWeight : NaN };
};

/**
 * A number with its sign, as people read it.
 * @param {number} value
 */
export const signedNumber = (value) => {
  if (Number.isNaN(value)) return "?";
  const size = Math.abs(value) === Infinity ? "∞" : Math.abs(value).toFixed(2);
  return `${value < 0 && size !== "0.00" ? "−" : ""}${size}`;
};

/**
 * Where a place looked in the reference, and where most.
 * @param {import("../playground/types.js").Looks} looks
 * @param {Place} place
 * @param {Grid} grid  of the picture
 */
export const looksAt = ({ rows, columns, data }, place, grid) => {
  const { row, column } = cellOf(place, grid);
  const values = lookOf(data, row * grid.columns + column, { rows, columns });
  const at = values.indexOf(255);
  return { values, rows, columns, most: at < 0 ? null : { row: Math.floor(at / columns), column: at % columns } };
};
