// The picture under the lens: heat over it, and one cell that follows the pointer and the arrows.

import { freshId, h, imagePart, set, setText } from "../dom/elements.js";
import { commandOf } from "../grid/keys.js";
import { colourOf, drawMap, SCALE } from "./colours.js";
import { stepped } from "./maps.js";
import { callPlace, shareText } from "./words.js";

/**
 * @typedef {object} StageProps
 * @property {{key: string, bytes: import("../model/types.js").Bytes, mime: string} | null} picture
 * @property {string} alt
 * @property {number} ratio  of its width to its height
 * @property {boolean} ready  whether there is anything to see
 * @property {{rows: number, columns: number}} grid
 * @property {ArrayLike<number>} heat  0 … 1 for each cell
 * @property {number} start  of the scale
 * @property {number} end  of the scale
 * @property {string} shows  what the heat is
 * @property {number} cell
 * @property {boolean} pinned
 */

/**
 * @param {object} props
 * @param {import("../model/object-urls.js").ObjectUrls} props.objectUrls
 * @param {(cell: number, how: "point" | "step") => void} props.move
 * @param {(cell: number) => void} props.pin
 */
export const stagePart = ({ objectUrls, move, pin }) => {
  const frame = imagePart(objectUrls, "fw-lens-image");
  const heat = h("canvas", { class: "fw-lens-heat", "aria-hidden": "true" });
  // Of the grid only the cell that is looked at exists: a screen reader learns the rest from its place.
  const cell = h("div", { class: "fw-lens-cell", role: "gridcell", id: freshId() });
  const row = h("div", { role: "row" }, cell);
  const grid = h("div", { class: "fw-lens-grid", role: "grid", tabindex: 0, "aria-activedescendant": cell.id, "aria-readonly": "true" }, row);
  const [least, most] = [h("span", {}), h("span", {})];
  const scale = h("span", { class: "fw-lens-scale", "aria-hidden": "true" });
  scale.style.background = SCALE;
  const shows = h("span", { class: "fw-lens-shows" });
  const legend = h("p", { class: "fw-lens-legend" }, shows, h("span", { class: "fw-lens-ends" }, least, scale, most));
  const hint = h("p", { class: "fw-note" }, "Point at a place or move with the arrows; a click or Enter pins it.");
  const box = h("div", { class: "fw-lens-frame" }, frame.el, heat, grid);
  /** @type {StageProps | null} */
  let last = null;

  /** @param {MouseEvent} event */
  const under = (event) => {
    const { left, top, width, height } = grid.getBoundingClientRect();
    const { rows, columns } = /** @type {StageProps} */ (last).grid;
    const at = (/** @type {number} */ part, /** @type {number} */ count) => Math.max(0, Math.min(count - 1, Math.floor(part * count)));
    return at((event.clientY - top) / height, rows) * columns + at((event.clientX - left) / width, columns);
  };
  grid.addEventListener("pointermove", (event) => {
    if (last?.ready && !last.pinned) move(under(event), "point");
  });
  grid.addEventListener("click", (event) => {
    if (last?.ready) pin(under(event));
  });
  grid.addEventListener("keydown", (event) => {
    if (!last?.ready) return;
    const command = commandOf(event);
    if (event.key === " " || command?.do === "zoom") pin(last.cell);
    else if (command?.do === "move") move(stepped(last.cell, command.by, last.grid), "step");
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  return {
    el: h("div", { class: "fw-lens-stage" }, box, legend, hint),
    focus: () => grid.focus(),
    release: () => frame.show(null),
    /** @param {StageProps} props */
    update(props) {
      const { rows, columns } = props.grid;
      const redraw = props.heat !== last?.heat || props.start !== last?.start || props.end !== last?.end;
      last = props;
      frame.show(props.picture);
      set(frame.el, { alt: props.alt });
      box.style.setProperty("--fw-ratio", String(props.ratio));
      for (const one of [heat, grid, legend, hint]) if (one.hidden === props.ready) one.hidden = !props.ready;
      if (!props.ready) return;
      if (redraw) drawMap(heat, props.heat, columns, (value) => [...colourOf((value - props.start) / (props.end - props.start)), 255]);
      const [down, right] = [Math.floor(props.cell / columns), props.cell % columns];
      set(grid, { "aria-label": `Places of ${props.alt}`, "aria-rowcount": rows, "aria-colcount": columns });
      set(row, { "aria-rowindex": down + 1 });
      set(cell, { "aria-colindex": right + 1, "aria-label": callPlace(props.cell, columns), "aria-selected": String(props.pinned) });
      Object.assign(cell.style, {
        top: `${(100 * down) / rows}%`, left: `${(100 * right) / columns}%`,
        height: `${100 / rows}%`, width: `${100 / columns}%`,
      });
      setText(shows, props.shows);
      setText(least, shareText(props.start));
      setText(most, shareText(props.end));
    },
  };
};
