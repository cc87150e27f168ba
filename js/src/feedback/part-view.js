// A part of a picture, laid over it: what is outside is darker, and a line runs along the edge.

import { h, show } from "../dom/elements.js";
import { drawMap } from "../lens/colours.js";

/** @typedef {import("../model/parts.js").Mask} Mask */

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
      const edge = (/** @type {number} */ at) => {
        const [x, y] = [at % columns, Math.floor(at / columns)];
        return (x > 0 && !cells[at - 1]) || (x < columns - 1 && !cells[at + 1]) || (y > 0 && !cells[at - columns]) || (y < rows - 1 && !cells[at + columns]);
      };
      drawMap(el, Array.from(cells, (cell, at) => (cell ? (edge(at) ? 2 : 1) : 0)), columns, (value) => (value === 2 ? [255, 255, 255, 235] : [10, 11, 16, value ? 0 : 120]));
    },
  };
};
