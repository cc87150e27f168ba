// Parts of pictures: a small grid of cells over the picture, 1 where the part is. They travel as the
// lengths of their runs: row by row, so many cells outside, so many inside, so many outside …

/**
 * @typedef {import("./types.js").PartRuns} PartRuns
 * @typedef {{rows: number, columns: number}} Grid
 * @typedef {Grid & {cells: Uint8Array}} Mask
 * @typedef {{left: number, top: number, right: number, bottom: number}} Box  in cells
 * @typedef {readonly [x: number, y: number]} Point  in cells
 */

const MOST = 64;

/**
 * The grid for a picture.
 * @param {number} ratio  its width divided by its height
 * @returns {Grid}
 */
export const gridFor = (ratio) => ({
  rows: Math.max(1, Math.round(MOST / Math.max(1, ratio))),
  columns: Math.max(1, Math.round(MOST * Math.min(1, ratio))),
});

/** @param {Mask} mask @returns {PartRuns} */
export const runsOf = ({ rows, columns, cells }) => {
  const runs = [];
  let from = 0;
  for (let at = 1; at <= cells.length; at += 1) {
    if (at < cells.length && cells[at] === cells[at - 1]) continue;
    runs.push(at - from);
    from = at;
  }
  return { rows, columns, runs: cells[0] ? [0, ...runs] : runs };
};

/** @param {PartRuns} part @returns {Mask} */
export const maskOf = ({ rows, columns, runs }) => {
  const cells = new Uint8Array(rows * columns);
  let from = 0;
  runs.forEach((run, at) => cells.fill(at % 2, from, (from += run)));
  return { rows, columns, cells };
};

/**
 * @param {Mask} mask
 * @param {(x: number, y: number) => boolean | number} inside  of the middle of a cell
 * @returns {Mask} the mask with more
 */
const withMore = ({ rows, columns, cells }, inside) => ({
  rows, columns,
  cells: cells.map((cell, at) => cell || Number(inside((at % columns) + 0.5, Math.floor(at / columns) + 0.5))),
});

/** @param {Mask} mask @param {Box} box */
export const withBox = (mask, { left, top, right, bottom }) => withMore(mask, (x, y) => x > left && x < right && y > top && y < bottom);

/**
 * The mask with a stroke of the brush.
 * @param {Mask} mask
 * @param {Point} from
 * @param {Point} to
 */
export const withStroke = (mask, [x0, y0], [x1, y1]) => {
  const [dx, dy] = [x1 - x0, y1 - y0];
  return withMore(mask, (x, y) => {
    const along = Math.max(0, Math.min(1, ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(x - x0 - along * dx, y - y0 - along * dy) < 3;
  });
};

/**
 * Where a pointer is over an element that shows a grid; at its edge if it is beyond.
 * @param {HTMLElement} el
 * @param {PointerEvent} event
 * @param {Grid} grid
 * @returns {Point}
 */
export const pointIn = (el, { clientX, clientY }, { rows, columns }) => {
  const { left, top, width, height } = el.getBoundingClientRect();
  const within = (/** @type {number} */ share, /** @type {number} */ count) => Math.max(0, Math.min(1, share)) * count;
  return [within((clientX - left) / width, columns), within((clientY - top) / height, rows)];
};

/**
 * The box between two corners, in whole cells.
 * @param {Point} from
 * @param {Point} to
 * @returns {Box}
 */
export const boxBetween = ([x0, y0], [x1, y1]) => ({
  left: Math.floor(Math.min(x0, x1)), top: Math.floor(Math.min(y0, y1)), right: Math.ceil(Math.max(x0, x1)), bottom: Math.ceil(Math.max(y0, y1)),
});

/**
 * The box after an arrow, moved or sized; it stays in the grid.
 * @param {Box} box
 * @param {"left" | "right" | "up" | "down"} by
 * @param {boolean} size
 * @param {Grid} grid
 * @returns {Box}
 */
export const steppedBox = ({ left, top, right, bottom }, by, size, { rows, columns }) => {
  const [x, y] = { left: [-2, 0], right: [2, 0], up: [0, -2], down: [0, 2] }[by];
  if (size) return { left, top, right: Math.max(left + 2, Math.min(columns, right + x)), bottom: Math.max(top + 2, Math.min(rows, bottom + y)) };
  const across = Math.max(-left, Math.min(columns - right, x));
  const down = Math.max(-top, Math.min(rows - bottom, y));
  return { left: left + across, top: top + down, right: right + across, bottom: bottom + down };
};

/**
 * What of a picture votes are about, as far as that is known; null if it is all of it.
 * @param {import("./types.js").ViewState} viewState
 * @param {string} id
 * @param {string[]} votes  their names
 */
export const maskIn = ({ traits: { parts }, local: { subjects, peek } }, id, votes) => {
  const subject = subjects.get(id);
  const named = (/** @type {string | undefined} */ why) =>
    subject && why ? { ...subject, cells: subject.cells.map((cell) => Number(why === "subject" ? cell : !cell)) } : null;
  const whys = ["background", "subject"].filter((why) => (peek?.id === id && peek.why === why) || votes.some((vote) => vote.endsWith(`:${why}`)));
  return (peek?.id === id ? named(whys.find((why) => why === peek.why)) : null) ?? markedIn(parts, votes) ?? named(whys[0]);
};

/**
 * What of a picture was marked, in all votes on it; null if nothing was.
 * @param {Record<string, PartRuns>} parts  by name
 * @param {string[]} votes  their names
 * @returns {Mask | null}
 */
export const markedIn = (parts, votes) => {
  const masks = votes.flatMap((vote) => vote.split(":").slice(1)).flatMap((word) => (parts[word] ? [maskOf(parts[word])] : []));
  if (!masks.length) return null;
  const [rows, columns] = [Math.max(...masks.map((one) => one.rows)), Math.max(...masks.map((one) => one.columns))];
  return withMore({ rows, columns, cells: new Uint8Array(rows * columns) }, (x, y) =>
    masks.some((one) => one.cells[Math.floor((y / rows) * one.rows) * one.columns + Math.floor((x / columns) * one.columns)]),
  );
};
