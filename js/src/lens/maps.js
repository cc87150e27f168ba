// What the lens saw, as numbers: shares of attention by place, and where in a reference a place looked.

/**
 * @typedef {import("../model/types.js").Bytes} Bytes
 * @typedef {import("../model/types.js").LensFacts} LensFacts
 * @typedef {import("../model/types.js").Selection} Selection
 * @typedef {import("../model/types.js").Side} Side
 * @typedef {LensFacts & {maps: Uint16Array[]}} Lens
 * @typedef {{index: number, side: Side, number: number}} Named  a reference: its index, and its number among those of its side
 * @typedef {{side: Side, own: number, references: (Named & {share: number})[]}} Part  what a place took on one side
 */

/** What stands for a share of 1. */
const WHOLE = 65535;

/** @param {Bytes} bytes */
const view = (bytes) => (ArrayBuffer.isView(bytes) ? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) : new DataView(bytes));

/**
 * @param {LensFacts} facts
 * @param {Bytes[]} buffers
 * @returns {Lens}
 */
export const readLens = (facts, buffers) => ({
  ...facts,
  maps: buffers.map((bytes) => {
    const data = view(bytes);
    return Uint16Array.from({ length: data.byteLength / 2 }, (_, at) => data.getUint16(2 * at, true));
  }),
});

/**
 * Rows and columns of the maps of a level; of all levels together: those of the finest.
 * @param {Lens} lens
 * @param {number | null} level
 */
export const gridOf = ({ levels }, level) => levels[level ?? 0];

/**
 * One map: of the picture's own share on a side (by its place in `sides`), then of each reference.
 * @param {Lens} lens
 * @param {Selection} selection
 * @param {number} which
 */
const mapOf = (lens, { level, part }, which) => {
  const { rows, columns } = gridOf(lens, level);
  const all = lens.maps[(level === null ? 0 : level + 1) * (lens.parts.length + 1) + (part === null ? 0 : part + 1)];
  return all.subarray(which * rows * columns, (which + 1) * rows * columns);
};

/**
 * @param {{strength: number}} reference
 * @returns {Side}
 */
const sideOf = ({ strength }) => (strength > 0 ? "liked" : "disliked");

/**
 * The references by side, in their order, counted from 1 on each.
 * @param {LensFacts} lens
 * @returns {Named[]}
 */
export const namedReferences = ({ references }) => {
  const counts = { liked: 0, disliked: 0 };
  return references.map((reference, index) => {
    const side = sideOf(reference);
    counts[side] += 1;
    return { index, side, number: counts[side] };
  });
};

/**
 * How much each place borrowed, 0 … 1: from one reference, or from all of a side.
 * @param {Lens} lens
 * @param {Selection} selection
 * @param {Side | number} from
 */
export const borrowed = (lens, selection, from) => {
  const { rows, columns } = gridOf(lens, selection.level);
  const sum = new Float64Array(rows * columns);
  for (const { index, side } of namedReferences(lens)) {
    if (from !== index && from !== side) continue;
    mapOf(lens, selection, lens.sides.length + index).forEach((value, cell) => (sum[cell] += value / WHOLE));
  }
  return sum;
};

/**
 * What one place took, on each side.
 * @param {Lens} lens
 * @param {Selection} selection
 * @param {number} cell
 * @returns {Part[]}
 */
export const taken = (lens, selection, cell) =>
  lens.sides.map((side, at) => ({
    side,
    own: mapOf(lens, selection, at)[cell] / WHOLE,
    references: namedReferences(lens)
      .filter((one) => one.side === side)
      .map((one) => ({ ...one, share: mapOf(lens, selection, lens.sides.length + one.index)[cell] / WHOLE })),
  }));

/**
 * The cell of the greatest value.
 * @param {ArrayLike<number>} values
 */
export const peakOf = (values) => {
  let at = 0;
  for (let cell = 1; cell < values.length; cell += 1) if (values[cell] > values[at]) at = cell;
  return at;
};

/**
 * The end of a scale that holds a share: a round number, at least 1 %.
 * @param {number} share
 */
export const scaleEnd = (share) => [0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8].find((end) => share <= end) ?? 1;

/**
 * Where the heat's scale begins: at 0, unless all places borrowed much alike; then at a round number
 * below the least share.
 * @param {number} share  the least
 * @param {number} end  of the scale
 */
export const scaleStart = (share, end) => {
  const start = Math.floor(share * 20) / 20;
  return share > end / 2 && start < end ? start : 0;
};

/**
 * Where one place looked in a reference: a byte for each of its cells, 255 where it looked most.
 * @param {Bytes} bytes
 * @param {number} cell
 * @param {{rows: number, columns: number}} grid  of the reference
 */
export const lookOf = (bytes, cell, { rows, columns }) => {
  const data = view(bytes);
  return new Uint8Array(data.buffer, data.byteOffset + cell * rows * columns, rows * columns);
};

/**
 * The cell that an arrow leads to; it stays at the edge.
 * @param {number} cell
 * @param {"left" | "right" | "up" | "down" | "first" | "last"} by
 * @param {{rows: number, columns: number}} grid
 */
export const stepped = (cell, by, { rows, columns }) => {
  const [row, column] = [Math.floor(cell / columns), cell % columns];
  const [down, right] = {
    left: [row, column - 1],
    right: [row, column + 1],
    up: [row - 1, column],
    down: [row + 1, column],
    first: [row, 0],
    last: [row, columns - 1],
  }[by];
  return Math.max(0, Math.min(rows - 1, down)) * columns + Math.max(0, Math.min(columns - 1, right));
};

/**
 * The cell of another grid at the same place of the picture.
 * @param {number} cell
 * @param {{rows: number, columns: number}} from
 * @param {{rows: number, columns: number}} to
 */
export const carried = (cell, from, to) => {
  const row = Math.floor(((Math.floor(cell / from.columns) + 0.5) * to.rows) / from.rows);
  return row * to.columns + Math.floor((((cell % from.columns) + 0.5) * to.columns) / from.columns);
};
