// Form fields bound to traits. A field that the person is changing is never overwritten.

import { freshId, h, set, setText } from "./elements.js";
import { clampTo } from "../model/format.js";

/**
 * Whether the person is at work in this element.
 * @param {HTMLElement} element
 */
const focused = (element) =>
  /** @type {Document | ShadowRoot} */ (element.getRootNode()).activeElement === element;

/**
 * @param {string} label
 * @param {HTMLElement} control
 * @param {string} [note]  one line that explains
 * @param {...Node} extra
 */
const labelled = (label, control, note, ...extra) => {
  const id = freshId();
  if (note) control.setAttribute("aria-describedby", id);
  return h(
    "div",
    { class: "fw-field" },
    h("div", { class: "fw-field-line" }, h("label", { class: "fw-label" }, h("span", {}, label), control), ...extra),
    note ? h("p", { class: "fw-note", id }, note) : null,
  );
};

/** Pause in typing after which the kernel learns what was typed. */
const TYPING = 300;

/**
 * @param {{label: string, rows: number, placeholder?: string, signal: AbortSignal, commit: (text: string) => void}} props
 */
export const textArea = ({ label, rows, placeholder, signal, commit }) => {
  const input = h("textarea", { class: "fw-input", rows, placeholder, spellcheck: "true", "aria-label": label });
  let touched = false;
  let known = "";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing;
  const flush = () => {
    clearTimeout(typing);
    if (!touched || input.value === known) return;
    known = input.value;
    commit(known);
  };
  input.addEventListener("input", () => {
    touched = true;
    clearTimeout(typing);
    typing = setTimeout(flush, TYPING);
  });
  input.addEventListener("change", flush);
  input.addEventListener("blur", () => {
    flush();
    touched = false;
  });
  signal.addEventListener("abort", () => clearTimeout(typing));
  return {
    el: input,
    flush,
    /** @param {{value: string, closed: boolean}} props */
    update({ value, closed }) {
      if (input.readOnly !== closed) input.readOnly = closed;
      if (touched && focused(input)) return;
      known = value;
      if (input.value !== value) input.value = value;
    },
  };
};

/**
 * @typedef {{value: number | null, range: readonly [number, number, number], standard?: number | null, closed: boolean}} NumberProps
 * @param {{label: string, empty?: boolean, commit: (value: number | null) => void}} props  empty: may be left empty
 */
export const numberField = ({ label, empty = false, commit }, /** @type {Node[]} */ ...extra) => {
  const input = h("input", { class: "fw-input", type: "number", inputmode: "decimal" });
  /** @type {NumberProps} */
  let last = { value: null, range: [0, 1, 1], closed: false };
  let touched = false;
  const shown = () => (last.value === null ? "" : String(last.value));
  const flush = () => {
    if (!touched) return;
    touched = false;
    const number = input.value.trim() === "" ? null : Number(input.value);
    const valid = number === null ? empty && !input.validity.badInput : Number.isFinite(number);
    const value = valid ? (number === null ? null : clampTo(number, last.range)) : last.value;
    if (value !== last.value) {
      last = { ...last, value };
      commit(value);
    }
    input.value = shown();
  };
  input.addEventListener("input", () => (touched = true));
  input.addEventListener("change", flush);
  return {
    el: labelled(label, input, "", ...extra),
    flush,
    /** @param {NumberProps} props */
    update(props) {
      last = props;
      const [min, max, step] = props.range;
      set(input, { min, max, step: step === 1 ? 1 : "any", placeholder: empty ? String(props.standard ?? "auto") : null });
      if (input.disabled !== props.closed) input.disabled = props.closed;
      if (touched && focused(input)) return;
      if (input.value !== shown()) input.value = shown();
    },
  };
};

/**
 * @param {{label: string, note?: string, range: readonly [number, number, number], say: (value: number) => string,
 *   draw?: (value: number) => void, commit: (value: number) => void}} props  draw: called while the slider moves
 */
export const slider = ({ label, note, range, say, draw, commit }) => {
  const [min, max, step] = range;
  const input = h("input", { class: "fw-range", type: "range", min, max, step });
  const output = h("span", { class: "fw-value", "aria-hidden": "true" });
  let moving = false;
  let known = NaN;
  const tell = () => {
    setText(output, say(input.valueAsNumber));
    set(input, { "aria-valuetext": say(input.valueAsNumber) });
  };
  input.addEventListener("input", () => {
    moving = true;
    tell();
    draw?.(input.valueAsNumber);
  });
  input.addEventListener("change", () => {
    moving = false;
    if (input.valueAsNumber !== known) commit((known = input.valueAsNumber));
  });
  return {
    el: labelled(label, input, note, output),
    input,
    /** @param {{value: number, label?: string, closed: boolean}} props */
    update({ value, closed }) {
      if (input.disabled !== closed) input.disabled = closed;
      if (moving && focused(input)) return;
      moving = false;
      known = value;
      if (input.valueAsNumber !== value) input.valueAsNumber = value;
      tell();
    },
  };
};

/**
 * @param {{label: string, note?: string, commit: (value: boolean) => void}} props
 */
export const checkbox = ({ label, note, commit }) => {
  const input = h("input", { class: "fw-check", type: "checkbox" });
  const id = freshId();
  if (note) input.setAttribute("aria-describedby", id);
  input.addEventListener("change", () => commit(input.checked));
  return {
    el: h(
      "div",
      { class: "fw-field" },
      h("label", { class: "fw-check-line" }, input, h("span", {}, label)),
      note ? h("p", { class: "fw-note", id }, note) : null,
    ),
    /** @param {{value: boolean, closed: boolean}} props */
    update({ value, closed }) {
      if (input.disabled !== closed) input.disabled = closed;
      if (input.checked !== value) input.checked = value;
    },
  };
};
