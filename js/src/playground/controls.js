// What can be set: the two prompts and seeds, the side of the reference, its weight over the steps.

import { button, freshId, h, set, setDisabled, setText, show } from "../dom/elements.js";
import { numberField, slider, textArea } from "../dom/fields.js";
import { percent } from "../model/format.js";
import { barsPath, weights } from "../model/schedule.js";

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {import("./types.js").ViewState} ViewState
 * @typedef {import("./types.js").Setting} Setting
 */

const SEEDS = /** @type {const} */ ([0, 2 ** 32 - 64, 1]);
const STEPS = /** @type {const} */ ([1, 150, 1]);
const MOST_STEPS = 60; // that the curve draws one by one
const BOX = { width: 240, height: 56, top: 2 };
const svg = "http://www.w3.org/2000/svg";

/** @param {{act: Act, signal: AbortSignal}} props */
export const promptsPart = ({ act, signal }) => {
  const prompt = textArea({ label: "Prompt", rows: 1, placeholder: "Describe a picture", signal, commit: (text) => act.set({ prompt: text }) });
  const seed = numberField({ label: "Seed", commit: (value) => act.set({ seed: value ?? 0 }) });
  const theirs = textArea({ label: "Prompt of the reference", rows: 1, placeholder: "Describe the reference", signal, commit: (text) => act.set({ reference_prompt: text }) });
  const theirSeed = numberField({ label: "Its seed", commit: (value) => act.set({ reference_seed: value ?? 0 }) });
  const file = h("input", { type: "file", class: "fw-sr", accept: "image/*", tabindex: -1, "aria-hidden": "true" });
  file.addEventListener("change", () => {
    act.upload([...(file.files ?? [])]);
    file.value = "";
  });
  const name = h("span", { class: "fp-name" });
  const own = button({ label: "Use a picture of your own" }, () => file.click());
  const forget = button({ label: "Let the model make it" }, () => {
    act.forget();
    own.focus();
  });
  const made = h("div", { class: "fp-made" }, h("div", { class: "fw-field" }, h("span", { class: "fw-label", "aria-hidden": "true" }, "Prompt of the reference"), theirs.el), theirSeed.el);
  return {
    el: h("section", { class: "fw-panel fp-prompts", "aria-label": "Pictures" },
      h("div", { class: "fp-made" }, h("div", { class: "fw-field" }, h("span", { class: "fw-label", "aria-hidden": "true" }, "Prompt"), prompt.el), seed.el),
      made,
      h("div", { class: "fw-row" }, name, own, forget, file),
    ),
    /** @param {ViewState} viewState */
    update({ traits, closed }) {
      prompt.update({ value: traits.prompt, closed });
      seed.update({ value: traits.seed, range: SEEDS, closed });
      theirs.update({ value: traits.reference_prompt, closed });
      theirSeed.update({ value: traits.reference_seed, range: SEEDS, closed });
      const given = Boolean(traits.reference_name);
      show(made, !given);
      show(name, given);
      setText(name, given ? `Reference: ${traits.reference_name}` : "");
      show(forget, given);
      setDisabled(own, closed);
      setDisabled(forget, closed);
    },
  };
};

/** What lends, and what of it: values of the traits, and what they are called. */
const LAYERS = [["all", "all layers"], ["fine", "the finest level"], ["coarse", "the coarser levels"], ["first", "the first third of the layers"], ["middle", "the middle third"], ["last", "the last third"]];
const PARTS = [["all", "all of it"], ["subject", "its subject"], ["background", "its background"], ["box", "a box"]];

/**
 * @param {string} label
 * @param {string[][]} options
 * @param {(value: any) => void} commit
 */
const choice = (label, options, commit) => {
  const select = h("select", { class: "fw-input" }, ...options.map(([value, text]) => h("option", { value }, text)));
  select.addEventListener("change", () => commit(select.value));
  return {
    el: h("div", { class: "fw-field" }, h("div", { class: "fw-field-line" }, h("label", { class: "fw-label" }, h("span", {}, label), select))),
    /** @param {{value: string, closed: boolean}} props */
    update({ value, closed }) {
      if (select.value !== value) select.value = value;
      if (select.disabled !== closed) select.disabled = closed;
    },
  };
};

/** Which layers lend, and which part of the reference. @param {{act: Act}} props */
export const lendingPart = ({ act }) => {
  const layers = choice("Layers", LAYERS, (value) => act.set({ layers: value }));
  const part = choice("Of the reference", PARTS, (value) => act.set({ part: value }));
  const hint = h("p", { class: "fw-note" }, "Drag a box on the reference, or move it with the arrow keys.");
  return {
    el: h("section", { class: "fw-panel fp-lending", "aria-label": "What lends" }, h("div", { class: "fw-title" }, "What lends"), layers.el, part.el, hint),
    /** @param {ViewState} viewState */
    update({ traits, closed }) {
      layers.update({ value: traits.layers, closed });
      part.update({ value: traits.part, closed });
      show(hint, traits.part === "box");
    },
  };
};

/** The weight of the reference over the steps. */
const curvePart = () => {
  const drawing = document.createElementNS(svg, "svg");
  set(drawing, { viewBox: `0 -3 ${BOX.width} ${BOX.height + 6}`, class: "fw-curve", role: "img", preserveAspectRatio: "none" });
  const [base, line] = ["fw-curve-base", "fw-curve-like"].map((name) => {
    const path = document.createElementNS(svg, "path");
    set(path, { class: name, "vector-effect": "non-scaling-stroke" });
    drawing.append(path);
    return path;
  });
  set(base, { d: `M0 ${BOX.height}H${BOX.width}` });
  return {
    el: h("figure", {}, /** @type {any} */ (drawing), h("figcaption", { class: "fw-note" }, "Weight over the steps, first to last")),
    /** @param {Setting} setting @param {number} steps */
    update({ weight, start, end, dislike }, steps) {
      const values = weights({ strength: weight, start, end, dislike_scale: 1, normalize: true }, steps).map(({ like }) => like);
      set(line, { d: barsPath(values, BOX), class: dislike ? "fw-curve-dislike" : "fw-curve-like" });
      set(drawing, { "aria-label": `Weight ${weight.toFixed(2)} from ${percent(start)} to ${percent(end)} of the steps` });
    },
  };
};

/** @param {{act: Act}} props */
const sidePart = ({ act }) => {
  const group = freshId();
  const options = [["Liked", false, "joins the conditional pass"], ["Disliked", true, "joins the unconditional pass"]].map(([label, dislike, note]) => {
    const input = h("input", { type: "radio", name: group, class: "fw-check" });
    input.addEventListener("change", () => act.set({ dislike: Boolean(dislike) }));
    return { input, dislike, el: h("label", { class: "fw-check-line" }, input, h("span", {}, h("strong", {}, String(label)), h("span", { class: "fw-note" }, ` ${note}`))) };
  });
  return {
    el: h("fieldset", { class: "fp-sides" }, h("legend", { class: "fw-sr" }, "The reference is"), ...options.map(({ el }) => el)),
    /** @param {ViewState} viewState */
    update({ traits, closed }) {
      for (const { input, dislike } of options) {
        if (input.checked !== (traits.dislike === dislike)) input.checked = traits.dislike === dislike;
        if (input.disabled !== closed) input.disabled = closed;
      }
    },
  };
};

/** @param {{act: Act}} props */
export const weightPart = ({ act }) => {
  /** @type {ViewState | null} */
  let viewState = null;
  const curve = curvePart();
  const side = sidePart({ act });
  const draw = (/** @type {Partial<Setting>} */ change) => {
    if (!viewState) return;
    const { traits } = viewState;
    curve.update({ ...traits, ...change }, Math.min(MOST_STEPS, traits.steps ?? traits.info.defaults?.steps ?? 20));
  };
  /** While a slider moves, pictures follow as well. @param {Partial<Setting>} change */
  const moving = (change) => {
    draw(change);
    act.set(change, true);
  };
  const from = (/** @type {number} */ start) => ({ start, end: Math.max(start, viewState?.traits.end ?? 1) });
  const to = (/** @type {number} */ end) => ({ end, start: Math.min(end, viewState?.traits.start ?? 0) });
  const two = (/** @type {number} */ value) => value.toFixed(2);
  const sliders = {
    weight: slider({
      label: "Weight w", note: "0 is off; at 1 the reference's keys count like the picture's own.", range: [0, 2, 0.05], say: two,
      draw: (weight) => moving({ weight }), commit: (weight) => act.set({ weight }),
    }),
    start: slider({
      label: "From", note: "Early steps decide the layout,", range: [0, 1, 0.05], say: percent,
      draw: (start) => draw(from(start)), commit: (start) => act.set(from(start)),
    }),
    end: slider({
      label: "To", note: "late steps the details.", range: [0, 1, 0.05], say: percent,
      draw: (end) => draw(to(end)), commit: (end) => act.set(to(end)),
    }),
    bottleneck_scale: slider({
      label: "Coarse levels", note: "Their weight beside the finest level's.", range: [0, 2, 0.05], say: (value) => `× ${two(value)}`,
      draw: (bottleneck_scale) => moving({ bottleneck_scale }), commit: (bottleneck_scale) => act.set({ bottleneck_scale }),
    }),
  };
  const names = /** @type {(keyof typeof sliders)[]} */ (Object.keys(sliders));
  const steps = numberField({ label: "Steps", empty: true, commit: (value) => act.set({ steps: value }) });
  return {
    el: h("section", { class: "fw-panel fp-weight", "aria-label": "How the reference counts" },
      h("div", { class: "fw-title" }, "How the reference counts"),
      side.el, curve.el, ...names.map((name) => sliders[name].el), steps.el,
    ),
    /** @param {ViewState} next */
    update(next) {
      viewState = next;
      const { traits, closed } = next;
      side.update(next);
      for (const name of names) sliders[name].update({ value: traits[name], closed });
      steps.update({ value: traits.steps, range: STEPS, standard: traits.info.defaults?.steps, closed });
      draw({});
    },
  };
};
