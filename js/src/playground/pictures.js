// The three pictures, the heat over them, and the place that one points at.

import { h, set, setText, show } from "../dom/elements.js";
import { cellOf, moved } from "../model/gate.js";
import { colourOf, drawMap } from "../lens/colours.js";
import { boxPart } from "./box.js";

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {import("./types.js").ViewState} ViewState
 * @typedef {import("./types.js").Which} Which
 */

/** @type {Record<Which, string>} */
const TITLES = { plain: "Plain", steered: "With the reference", reference: "Reference" };

/**
 * @typedef {object} Heat  a map to draw over a picture
 * @property {ArrayLike<number>} values
 * @property {number} columns
 * @property {readonly [number, number]} ends  the values of the first and the last colour
 */

/** How much of the picture the first and the last colour hide. */
const [LEAST, MOST] = [70, 190];

/** @param {Heat} heat */
const coloured = ({ ends: [least, most] }) => (/** @type {number} */ value) => {
  const at = most > least ? (value - least) / (most - least) : 0;
  return /** @type {[number, number, number, number]} */ ([...colourOf(at), Math.round(LEAST + (MOST - LEAST) * at)]);
};

/**
 * A picture with a map over it and a cell of the map marked.
 * @param {Which} which
 * @param {import("../model/object-urls.js").ObjectUrls} objectUrls
 */
const shot = (which, objectUrls) => {
  const image = h("img", { class: "fw-image", alt: "", draggable: "false", decoding: "async" });
  const picture = objectUrls(image);
  const map = h("canvas", { class: "fp-map", "aria-hidden": "true", hidden: true });
  const cell = h("div", { class: "fp-cell", "aria-hidden": "true", hidden: true });
  const frame = h("div", { class: "fp-frame" }, image, map, cell);
  const said = h("span", { class: "fp-said" });
  /** @type {unknown} */
  let painted = null;
  return {
    frame,
    el: h("figure", { class: "fp-shot", "data-which": which }, frame, h("figcaption", {}, h("strong", {}, TITLES[which]), said)),
    /** @param {{viewState: ViewState, caption: string, alt: string, heat: Heat | null,
     *   mark: {row: number, column: number, rows: number, columns: number} | null}} props */
    update({ viewState, caption, alt, heat, mark }) {
      const found = viewState.traits.pictures[which];
      picture.show(found ? { key: `${which}/${found.id}`, bytes: found.data, mime: found.mime } : null);
      set(image, { alt: found ? alt : "" });
      frame.style.aspectRatio = found ? `${found.width} / ${found.height}` : "1";
      setText(said, caption);
      show(map, Boolean(heat));
      if (heat && heat.values !== painted) {
        painted = heat.values;
        drawMap(map, heat.values, heat.columns, coloured(heat));
      }
      show(cell, Boolean(mark));
      if (mark) {
        const { row, column, rows, columns } = mark;
        for (const [name, value] of Object.entries({ left: column / columns, top: row / rows, width: 1 / columns, height: 1 / rows })) {
          cell.style.setProperty(name, `${value * 100}%`);
        }
      }
    },
  };
};

/** @param {{act: Act, objectUrls: import("../model/object-urls.js").ObjectUrls, described: string}} props  described: id of what tells the numbers */
export const picturesPart = ({ act, objectUrls, described }) => {
  const [plain, steered, reference] = [shot("plain", objectUrls), shot("steered", objectUrls), shot("reference", objectUrls)];
  const box = boxPart(reference.frame, { act });
  /** @type {ViewState | null} */
  let viewState = null;
  set(steered.frame, { tabindex: 0, role: "application", "aria-describedby": described, "aria-label": "Picture with the reference: arrow keys move the place" });
  steered.frame.addEventListener("keydown", (event) => {
    if (!viewState?.map || event.ctrlKey || event.metaKey || event.altKey) return;
    const place = moved(event.key, viewState.place, viewState.map);
    if (!place) return;
    event.preventDefault();
    act.point(place, true);
  });
  for (const { frame } of [plain, steered]) {
    const point = (/** @type {PointerEvent} */ event) => {
      const { left, top, width, height } = frame.getBoundingClientRect();
      if (viewState?.map && width && height) act.point({ x: (event.clientX - left) / width, y: (event.clientY - top) / height }, false);
    };
    frame.addEventListener("pointermove", point);
    frame.addEventListener("pointerdown", point);
  }
  return {
    focus: () => steered.frame.focus(),
    el: h("div", { class: "fp-shots" }, plain.el, steered.el, reference.el),
    /** @param {ViewState} next */
    update(next) {
      viewState = next;
      const { traits, map, shares, ends, seen, place, heat } = next;
      const mark = map ? { ...cellOf(place, map), rows: map.rows, columns: map.columns } : null;
      const prompt = traits.prompt || "no prompt";
      plain.update({ viewState: next, caption: `seed ${traits.seed}`, alt: `${prompt}, without a reference`, heat: null, mark });
      steered.update({
        viewState: next, caption: `same prompt, same seed, weight ${traits.weight.toFixed(2)}`, alt: `${prompt}, with the reference`, mark,
        heat: heat && map && shares ? { values: shares, columns: map.columns, ends } : null,
      });
      reference.update({
        viewState: next, alt: "the reference", mark: seen?.most ? { ...seen.most, rows: seen.rows, columns: seen.columns } : null,
        caption: traits.reference_name || `${traits.reference_prompt || "no prompt"}, seed ${traits.reference_seed}`,
        heat: heat && seen?.most ? { values: seen.values, columns: seen.columns, ends: [0, 255] } : null,
      });
      box.update(next);
    },
  };
};
