// A box on the reference: drawn with a pointer, moved and sized with arrow keys.

import { h, set, show } from "../dom/elements.js";
import { boxBetween, pointIn, steppedBox } from "../model/parts.js";

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {import("./types.js").ViewState} ViewState
 * @typedef {import("../model/parts.js").Box} Box
 */

/** Cells in which boxes are drawn; a step of an arrow key, two cells, is that of the sliders. */
const CELLS = 40;
const GRID = { rows: CELLS, columns: CELLS };
const ARROWS = /** @type {const} */ ({ ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" });

/** @param {Box} box */
const shares = ({ left, top, right, bottom }) => ({
  box_left: left / CELLS, box_top: top / CELLS, box_right: right / CELLS, box_bottom: bottom / CELLS,
});

/**
 * Lay the box over the frame of the reference.
 * @param {HTMLElement} frame
 * @param {{act: Act}} props
 */
export const boxPart = (frame, { act }) => {
  const outline = h("div", { class: "fp-box", "aria-hidden": "true" });
  const stage = h("div", { class: "fw-marking fp-box-stage", tabindex: 0, role: "application", hidden: true }, outline);
  frame.append(stage);
  let open = false;
  let box = { left: 0, top: 0, right: 0, bottom: 0 };
  /** @type {import("../model/parts.js").Point | null} */
  let from = null;
  /** The box of the traits, when they were last looked at. */
  let known = "";

  const draw = () => {
    const { left, top, right, bottom } = box;
    outline.style.inset = [top, CELLS - right, CELLS - bottom, left].map((side) => `${(100 * side) / CELLS}%`).join(" ");
    set(stage, { "aria-label": `Box on the reference, ${right - left} by ${bottom - top} of ${CELLS} at ${left}, ${top}: arrow keys move it, with Shift they size it` });
  };
  /** @param {Box} next @param {boolean} moving */
  const put = (next, moving) => {
    box = next;
    draw();
    act.set(shares(box), moving);
  };
  const under = (/** @type {PointerEvent} */ event) => pointIn(stage, event, GRID);
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !open) return;
    stage.setPointerCapture(event.pointerId);
    from = under(event);
  });
  stage.addEventListener("pointermove", (event) => {
    if (!from) return;
    put(boxBetween(from, under(event)), true);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    stage.addEventListener(name, () => {
      if (from && box.right > box.left) put(box, false);
      from = null;
    });
  }
  stage.addEventListener("keydown", (event) => {
    const by = Object.hasOwn(ARROWS, event.key) ? ARROWS[/** @type {keyof typeof ARROWS} */ (event.key)] : null;
    if (!by || !open || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    put(steppedBox(box, by, event.shiftKey, GRID), true);
  });
  return {
    /** @param {ViewState} viewState */
    update({ traits, closed }) {
      open = !closed;
      show(stage, traits.part === "box");
      const told = [traits.box_left, traits.box_top, traits.box_right, traits.box_bottom].join();
      if (from || told === known) return; // what was drawn here is newer than the traits
      known = told;
      const cells = (/** @type {number} */ share) => Math.round(share * CELLS);
      box = { left: cells(traits.box_left), top: cells(traits.box_top), right: cells(traits.box_right), bottom: cells(traits.box_bottom) };
      draw();
    },
  };
};
