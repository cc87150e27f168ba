// A part of a picture, laid over it: what is outside is darker, and a line runs along the edge.

import { h, show } from "../dom/elements.js";
import { drawMap } from "../lens/colours.js";

/** @typedef {import("../model/parts.js").Mask} Mask */

/** Pixels of the longer side, about. */
const FINE = 192;
/** How opaque what is outside is, and the line. */
const [DARK, LINE] = [120, 235];

export const partView = () => {
  const el = h("canvas", { class: "fw-part", "aria-hidden": "true", hidden: true });
  let drawn = "";
  return {
    el,
    /** @param {Mask | null} mask */
    update(mask) {
      show(el, Boolean(mask));
      const key = mask ? `${mask.columns} ${mask.cells}` : "";
      if (!mask || key === drawn) return;
      drawn = key;
      const { cells, columns, rows } = mask;
      // More pixels than cells, so that the line is thin on coarse grids too.
      const scale = Math.max(1, Math.round(FINE / Math.max(rows, columns)));
      const [width, height] = [columns * scale, rows * scale];
      const outside = (/** @type {number} */ x, /** @type {number} */ y) =>
        x >= 0 && x < width && y >= 0 && y < height && !cells[Math.floor(y / scale) * columns + Math.floor(x / scale)];
      const values = Array.from({ length: width * height }, (_, at) => {
        const [x, y] = [at % width, Math.floor(at / width)];
        if (outside(x, y)) return DARK;
        return outside(x - 1, y) || outside(x + 1, y) || outside(x, y - 1) || outside(x, y + 1) ? LINE : 0;
      });
      drawMap(el, values, width, (value) => (value === LINE ? [255, 255, 255, LINE] : [10, 11, 16, value]));
    },
  };
};
