// Settings of the picture: what goes to the pipeline.

import { button, h, setPressed, setDisabled, show } from "../dom/elements.js";
import { numberField, textArea } from "../dom/fields.js";
import { icon } from "../dom/icons.js";

/** Ranges for the time before the kernel has told its own. */
const RANGES = /** @type {Record<string, [number, number, number]>} */ ({
  num_images: [1, 16, 1],
  seed: [0, 2 ** 32 - 64, 1],
  steps: [1, 150, 1],
  guidance: [0, 30, 0],
  width: [64, 2048, 8],
  height: [64, 2048, 8],
});

/**
 * The range of a number; sizes keep to the grid of the pipeline, and of guidance any fraction may be given.
 * @param {string} name
 * @param {import("../model/types.js").Info} info
 * @returns {readonly [number, number, number]}
 */
const rangeOf = (name, info) => {
  const [least, greatest, step] = info.ranges?.[name] ?? RANGES[name];
  if (name === "guidance") return [least, greatest, 0];
  return [least, greatest, name === "width" || name === "height" ? info.size_step || step : step];
};

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @param {{act: Act, signal: AbortSignal}} props
 */
export const pipelineSettingsPart = ({ act, signal }) => {
  const negative = textArea({
    label: "Negative prompt", rows: 2, placeholder: "What the picture should not show", signal,
    commit: (text) => act.set({ negative_prompt: text }),
  });
  const negativeField = h("div", { class: "fw-field" }, h("span", { class: "fw-label", "aria-hidden": "true" }, "Negative prompt"), negative.el);
  let locked = false;
  const lock = button({ label: "Lock seed", class: "fw-icon-button", icon: icon("unlock") }, () =>
    act.set({ lock_seed: !locked }),
  );
  const fields = {
    num_images: numberField({ label: "Pictures", commit: (value) => act.set({ num_images: value ?? 1 }) }),
    seed: numberField({ label: "Seed", commit: (value) => act.set({ seed: value ?? 0 }) }, lock),
    steps: numberField({ label: "Steps", empty: true, commit: (steps) => act.set({ steps }) }),
    guidance: numberField({ label: "Guidance", empty: true, commit: (guidance) => act.set({ guidance }) }),
    width: numberField({ label: "Width", empty: true, commit: (width) => act.set({ width }) }),
    height: numberField({ label: "Height", empty: true, commit: (height) => act.set({ height }) }),
  };
  const names = /** @type {(keyof typeof fields)[]} */ (Object.keys(fields));
  const optional = new Set(["steps", "guidance", "width", "height"]);
  return {
    el: h(
      "details",
      { class: "fw-panel" },
      h("summary", {}, "Settings"),
      h("div", { class: "fw-panel-body" }, negativeField, h("div", { class: "fw-numbers" }, ...names.map((name) => fields[name].el))),
    ),
    flush() {
      negative.flush();
      for (const name of names) fields[name].flush();
    },
    /** @param {ViewState} viewState */
    update({ traits, closed }) {
      const { info } = traits;
      negative.update({ value: traits.negative_prompt, closed });
      show(negativeField, info.negative !== false);
      for (const name of names) {
        const standard = optional.has(name) ? info.defaults?.[/** @type {keyof typeof info.defaults} */ (name)] : null;
        fields[name].update({ value: traits[name], range: rangeOf(name, info), standard, closed });
      }
      if (traits.lock_seed !== locked) {
        locked = traits.lock_seed;
        lock.replaceChildren(icon(locked ? "lock" : "unlock"));
      }
      setPressed(lock, locked);
      setDisabled(lock, closed);
    },
  };
};
