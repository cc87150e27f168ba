// Marks a part of the zoomed picture: boxes and strokes of a brush, by pointer or by keys.

import { button, h, set, setPressed, setDisabled, setText, show } from "../dom/elements.js";
import { commandOf } from "../grid/keys.js";
import { gridFor, runsOf, boxBetween, pointIn, steppedBox, withBox, withStroke } from "../model/parts.js";
import { partView } from "../feedback/part-view.js";

/**
 * @typedef {import("../model/parts.js").Mask} Mask
 * @typedef {import("../model/parts.js").Point} Point
 * @typedef {import("../model/parts.js").Box} Box
 */

const HOW = "Drag boxes or paint over what counts. Arrows move a box, with Shift they size it; L likes the part, K dislikes it.";

/**
 * @param {object} props
 * @param {(part: import("../model/types.js").PartRuns, sign: 1 | -1) => Promise<unknown>} props.commit
 * @param {() => void} props.leave
 */
export const partEditor = ({ commit, leave }) => {
  /** @type {Mask} */
  let mask;
  /** @type {Mask[]} */
  let past = [];
  /** The box that arrows move. @type {Box | null} */
  let box = null;
  /** Where the pointer went down, or was last. @type {Point | null} */
  let from = null;
  let brush = false;

  const view = partView();
  const stage = h("div", { class: "fw-marking", role: "application", tabindex: 0 }, view.el);
  const note = h("p", { class: "fw-note", role: "status" });
  const tool = (/** @type {string} */ label, /** @type {boolean} */ which) => button({ label }, () => {
    brush = which;
    draw();
  });
  const tools = [tool("Box", false), tool("Brush", true)];
  const undo = button({ label: "Undo" }, () => {
    mask = past.pop() ?? mask;
    box = null;
    draw();
  });
  const clear = button({ label: "Clear" }, () => {
    keep();
    mask = { ...mask, cells: mask.cells.map(() => 0) };
    draw();
  });
  const say = (/** @type {1 | -1} */ sign) => () => {
    if (!mask.cells.includes(1)) return setText(note, HOW);
    commit(runsOf(mask), sign).then(leave, (/** @type {Error} */ error) => setText(note, error.message));
  };
  const like = button({ label: "Like this part", class: "fw-button fw-primary" }, say(1));
  const dislike = button({ label: "Dislike this part" }, say(-1));
  const bar = h("div", { class: "fw-row fw-part-bar" }, ...tools, undo, clear, like, dislike, note);

  const keep = () => {
    past.push(mask);
    box = null;
  };
  const draw = () => {
    view.update(mask);
    tools.forEach((one, at) => setPressed(one, brush === Boolean(at)));
    const empty = !mask.cells.includes(1);
    for (const one of [clear, like, dislike]) setDisabled(one, empty);
    setDisabled(undo, !past.length);
  };
  /** Put the box in place of the one before. @param {Box} next */
  const put = (next) => {
    if (!box) keep();
    box = next;
    mask = withBox(past[past.length - 1], box);
    draw();
  };

  /** @param {PointerEvent} event @returns {Point} */
  const under = (event) => pointIn(stage, event, mask);
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    stage.setPointerCapture(event.pointerId);
    from = under(event);
    keep();
    drag(event);
  });
  /** @param {PointerEvent} event */
  const drag = (event) => {
    if (!from) return;
    const to = under(event);
    if (brush) {
      mask = withStroke(mask, from, to);
      from = to;
      return draw();
    }
    box = box ?? { left: 0, top: 0, right: 0, bottom: 0 };
    put(boxBetween(from, to));
  };
  stage.addEventListener("pointermove", drag);
  for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => (from = null));
  for (const el of [stage, bar]) {
    el.addEventListener("keydown", (event) => {
      const command = commandOf(event);
      switch (command?.do) {
        case "move": {
          const { by } = command;
          if (el !== stage || by === "first" || by === "last") break;
          const { rows, columns } = mask;
          const middle = { left: columns >> 2, top: rows >> 2, right: columns - (columns >> 2), bottom: rows - (rows >> 2) };
          put(box ? steppedBox(box, by, event.shiftKey, mask) : middle);
          break;
        }
        case "like":
        case "dislike":
          (command.do === "like" ? like : dislike).click();
          break;
        case "undo":
          undo.click();
          break;
        case "clear":
          clear.click();
          break;
        case "leave":
        case "part":
          leave();
          break;
        case "zoom":
          break;
        default:
          return;
      }
      if (command?.do !== "zoom") event.preventDefault();
      event.stopPropagation();
    });
  }
  let shown = false;
  return {
    stage,
    bar,
    /** @param {number | null} ratio  of the picture; null: stop */
    edit(ratio) {
      const begins = ratio !== null && !shown;
      shown = ratio !== null;
      for (const one of [stage, bar]) show(one, shown);
      if (begins) {
        past = [];
        box = from = null;
        setText(note, HOW);
        stage.focus();
      }
      // The shape of a picture is known when it has been loaded.
      if (ratio === null || past.length) return;
      const grid = gridFor(ratio);
      mask = { ...grid, cells: new Uint8Array(grid.rows * grid.columns) };
      draw();
    },
    /** @param {{name: string, disabled: boolean}} props */
    update({ name, disabled }) {
      set(stage, { "aria-label": `Part of ${name}: ${HOW}` });
      if (disabled) for (const one of [like, dislike]) setDisabled(one, true);
    },
  };
};
