// What the lens shows: the steps, the level, whose share the heat is, and how strong the heat is.

import { h } from "../dom/elements.js";
import { slider } from "../dom/fields.js";
import { percent } from "../model/format.js";
import { namedReferences } from "./maps.js";
import { callLevel, callPart, callReference, callSide } from "./words.js";

/**
 * @typedef {import("../model/types.js").LensFacts} LensFacts
 * @typedef {import("../model/types.js").Side} Side
 * @typedef {import("../model/types.js").Selection & {from: Side | number}} Choice
 */

const ALL = "all";

/**
 * @param {string} label
 * @param {[string, string][]} options  value and text
 * @param {(value: string) => void} choose
 */
const choice = (label, options, choose) => {
  const select = h("select", { class: "fw-input" }, ...options.map(([value, text]) => h("option", { value }, text)));
  select.addEventListener("change", () => choose(select.value));
  return h("div", { class: "fw-field" }, h("div", { class: "fw-field-line" }, h("label", { class: "fw-label" }, h("span", {}, label), select)));
};

/**
 * The controls for one picture.
 * @param {object} props
 * @param {LensFacts} props.lens
 * @param {number} props.opacity  of the heat, 0 … 1
 * @param {(change: Partial<Choice>) => void} props.choose
 * @param {(opacity: number) => void} props.shade
 */
export const lensControls = ({ lens, opacity, choose, shade }) => {
  const index = (/** @type {string} */ value) => (value === ALL ? null : Number(value));
  const partAt = (/** @type {number} */ value) => (value === 0 ? null : value - 1);
  const steps = slider({
    label: "Steps", range: [0, lens.parts.length, 1],
    say: (value) => callPart(lens, partAt(value)),
    draw: (value) => choose({ part: partAt(value) }),
    commit: (value) => choose({ part: partAt(value) }),
  });
  const heat = slider({ label: "Heat", range: [0, 1, 0.05], say: percent, draw: shade, commit: shade });
  steps.update({ value: 0, closed: lens.parts.length < 2 });
  heat.update({ value: opacity, closed: false });
  const levels = [null, ...lens.levels.keys()].map((level) => /** @type {[string, string]} */ ([String(level ?? ALL), callLevel(lens, level)]));
  const sides = lens.sides.map((side) => /** @type {[string, string]} */ ([side, callSide(side)]));
  const references = namedReferences(lens).map((one) => /** @type {[string, string]} */ ([String(one.index), `borrowed from ${callReference(one)}`]));
  return h(
    "div",
    { class: "fw-lens-controls" },
    steps.el,
    choice("Level", levels, (value) => choose({ level: index(value) })),
    choice("Show", [...sides, ...references], (value) => choose({ from: /^\d+$/.test(value) ? Number(value) : /** @type {Side} */ (value) })),
    heat.el,
  );
};
