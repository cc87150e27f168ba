// A colour for a share of attention: dark to light, so that those who see no colours see it too.

/** Stops of viridis, evenly spaced: told apart with every kind of colour blindness. */
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];

/**
 * The colour of a value, 0 … 1, as red, green and blue.
 * @param {number} value
 * @returns {[number, number, number]}
 */
export const colourOf = (value) => {
  const at = Math.max(0, Math.min(1, value)) * (STOPS.length - 1);
  const below = Math.min(Math.floor(at), STOPS.length - 2);
  const mix = (/** @type {number} */ channel) =>
    Math.round(STOPS[below][channel] + (at - below) * (STOPS[below + 1][channel] - STOPS[below][channel]));
  return [mix(0), mix(1), mix(2)];
};

/** The whole scale as a background, from left to right. */
export const SCALE = `linear-gradient(to right, ${STOPS.map((stop) => `rgb(${stop.join(" ")})`).join(", ")})`;

/**
 * Draw a map, one pixel for each cell.
 * @param {HTMLCanvasElement} canvas
 * @param {ArrayLike<number>} values
 * @param {number} columns
 * @param {(value: number) => [red: number, green: number, blue: number, alpha: number]} colour
 */
export const drawMap = (canvas, values, columns, colour) => {
  const rows = values.length / columns;
  if (canvas.width !== columns) canvas.width = columns;
  if (canvas.height !== rows) canvas.height = rows;
  const context = canvas.getContext("2d");
  if (!context) return;
  const picture = context.createImageData(columns, rows);
  for (let cell = 0; cell < values.length; cell += 1) picture.data.set(colour(values[cell]), 4 * cell);
  context.putImageData(picture, 0, 0);
};
