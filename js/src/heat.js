// A colour-blind-safe map of heat: cividis, which goes from dark blue to yellow and grows evenly lighter.

/** @typedef {[number, number, number]} Colour */

const STOPS = /** @type {Colour[]} */ ([
  [0, 32, 77], [39, 62, 108], [85, 91, 109], [123, 123, 120], [165, 156, 116], [211, 193, 100], [255, 234, 70],
]);

/**
 * The colour of a value.
 * @param {number} value  0 … 1
 * @returns {Colour}
 */
export const colourOf = (value) => {
  const at = Math.min(Math.max(value, 0), 1) * (STOPS.length - 1);
  const below = Math.min(Math.floor(at), STOPS.length - 2);
  const [from, to] = [STOPS[below], STOPS[below + 1]];
  return /** @type {Colour} */ (from.map((one, i) => Math.round(one + (to[i] - one) * (at - below))));
};

/** How much of the picture the least and the greatest value hide. */
const [LEAST, MOST] = [0.35, 0.8];

/**
 * The pixels of a map, one for each value.
 * @param {ArrayLike<number>} values
 * @param {number} top  the value that gets the last colour
 */
export const pixelsOf = (values, top) => {
  const pixels = new Uint8ClampedArray(values.length * 4);
  for (let i = 0; i < values.length; i += 1) {
    const value = top > 0 ? Math.min(values[i] / top, 1) : 0;
    pixels.set([...colourOf(value), 255 * (LEAST + (MOST - LEAST) * value)], i * 4);
  }
  return pixels;
};

/**
 * Draw a map, one pixel for each value; the style sheet stretches it.
 * @param {HTMLCanvasElement} canvas
 * @param {{values: ArrayLike<number>, rows: number, columns: number, top: number}} map
 */
export const paint = (canvas, { values, rows, columns, top }) => {
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext("2d")?.putImageData(new ImageData(pixelsOf(values, top), columns, rows), 0, 0);
};

/** The map as a CSS gradient. */
export const GRADIENT = `linear-gradient(90deg, ${STOPS.map((stop) => `rgb(${stop.join(" ")})`).join(", ")})`;
