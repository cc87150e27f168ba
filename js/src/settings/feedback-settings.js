// How feedback counts: the schedule as sliders, as a curve, and as presets.

import { button, h, set, setDisabled, setText, show } from "../dom/elements.js";
import { checkbox, slider } from "../dom/fields.js";
import { percent } from "../model/format.js";
import { barsPath, weights } from "../model/schedule.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @typedef {import("../model/types.js").FeedbackSettings} FeedbackSettings
 */

const BOX = { width: 240, height: 64, top: 2 };
const svg = "http://www.w3.org/2000/svg";

/** The curve of likes and dislikes over the steps. */
const curvePart = () => {
  const drawing = document.createElementNS(svg, "svg");
  set(drawing, { viewBox: `0 -3 ${BOX.width} ${BOX.height + 6}`, class: "fw-curve", role: "img", preserveAspectRatio: "none" });
  const line = (/** @type {string} */ name) => {
    const path = document.createElementNS(svg, "path");
    set(path, { class: name, "vector-effect": "non-scaling-stroke" });
    drawing.append(path);
    return path;
  };
  const base = line("fw-curve-base");
  set(base, { d: `M0 ${BOX.height}H${BOX.width}` });
  const dislike = line("fw-curve-dislike");
  const like = line("fw-curve-like");
  return {
    el: h(
      "figure",
      { class: "fw-figure" },
      /** @type {any} */ (drawing),
      h(
        "figcaption",
        { class: "fw-legend" },
        h("span", { class: "fw-legend-like" }, "likes"),
        h("span", { class: "fw-legend-dislike" }, "dislikes"),
        h("span", { class: "fw-legend-axis" }, "first step → last step"),
      ),
    ),
    /** @param {{feedbackSettings: FeedbackSettings, steps: number}} props */
    update({ feedbackSettings, steps }) {
      const values = weights(feedbackSettings, steps);
      set(like, { d: barsPath(values.map((value) => value.like), BOX) });
      set(dislike, { d: barsPath(values.map((value) => value.dislike), BOX) });
      const { strength, start, end, dislike_scale } = feedbackSettings;
      set(drawing, {
        "aria-label": `Likes count ${strength}, dislikes ${Number((strength * dislike_scale).toFixed(2))}, from ${percent(start)} to ${percent(end)} of the steps`,
      });
    },
  };
};

const NAMES = /** @type {const} */ (["strength", "start", "end", "dislike_scale", "normalize"]);

/** @param {Record<string, any>} from */
const countingOf = (from) =>
  /** @type {FeedbackSettings} */ (Object.fromEntries(NAMES.map((name) => [name, from[name]])));

/**
 * @param {FeedbackSettings} one
 * @param {FeedbackSettings} other
 */
const same = (one, other) => NAMES.every((name) => one[name] === other[name]);

/** @param {{act: Act}} props */
const presetsPart = ({ act }) => {
  const select = h("select", { class: "fw-input", "aria-label": "Preset" });
  const note = h("p", { class: "fw-note" });
  const name = h("input", { class: "fw-input", type: "text", maxlength: 60, "aria-label": "Preset name", placeholder: "Name" });
  /** @type {ViewState | null} */
  let viewState = null;
  let drawn = "";
  const save = button({ label: "Save preset" }, () => {
    show(form, true);
    set(save, { "aria-expanded": "true" });
    name.focus();
  });
  set(save, { "aria-expanded": "false" });
  const chosen = () => viewState?.traits.presets.find((preset) => preset.name === select.value);
  const remove = button({ label: "Delete preset" }, () => {
    const preset = chosen();
    if (preset) act.deletePreset(preset.name);
  });
  const done = () => {
    show(form, false);
    set(save, { "aria-expanded": "false" });
    save.focus();
  };
  const submit = () => {
    const text = name.value.trim();
    if (!text || !viewState || viewState.closed) return name.focus();
    act.savePreset(text, countingOf(viewState.traits));
    name.value = "";
    done();
  };
  // Not a <form>: notebook hosts may sandbox submitting away.
  const form = h(
    "div",
    { class: "fw-inline-form", role: "group", "aria-label": "Save preset as", hidden: true },
    name,
    button({ label: "Save", class: "fw-button fw-primary" }, submit),
    button({ label: "Cancel" }, done),
  );
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") done();
    else if (event.key === "Enter" && event.target === name && !event.isComposing) submit();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  select.addEventListener("change", () => {
    const preset = chosen();
    if (preset) act.set({ ...preset.values });
  });
  return {
    el: h("div", { class: "fw-presets" }, h("div", { class: "fw-row" }, select, save, remove), form, note),
    /** @param {ViewState} next */
    update(next) {
      viewState = next;
      const { presets } = next.traits;
      const names = JSON.stringify(presets.map((preset) => preset.name));
      if (names !== drawn) {
        drawn = names;
        select.replaceChildren(
          h("option", { value: "" }, "Own setting"),
          ...presets.map((preset) => h("option", { value: preset.name }, preset.name)),
        );
      }
      const feedbackSettings = countingOf(next.traits);
      const current = presets.find((preset) => preset.name === select.value && same(preset.values, feedbackSettings))
        ?? presets.find((preset) => same(preset.values, feedbackSettings));
      const value = current?.name ?? "";
      if (select.value !== value) select.value = value;
      if (select.disabled !== next.closed) select.disabled = next.closed;
      setText(note, current?.note ?? "");
      setDisabled(save, next.closed);
      setDisabled(remove, next.closed || !current || current.builtin);
    },
  };
};

/** @param {{act: Act}} props */
export const feedbackSettingsPart = ({ act }) => {
  /** @type {ViewState | null} */
  let viewState = null;
  const curve = curvePart();
  const draw = (/** @type {Partial<FeedbackSettings>} */ change) => {
    if (!viewState) return;
    const { traits } = viewState;
    curve.update({
      feedbackSettings: { ...countingOf(traits), ...change },
      steps: Math.min(60, traits.steps ?? traits.info.defaults?.steps ?? 20),
    });
  };
  const sliders = {
    strength: slider({
      label: "Feedback strength", note: "How much liked pictures draw the next ones towards them; 0 is off.",
      range: [0, 2, 0.05], say: (value) => value.toFixed(2),
      draw: (strength) => draw({ strength }), commit: (strength) => act.set({ strength }),
    }),
    start: slider({
      label: "From", note: "The step at which feedback begins. Early steps decide the layout.",
      range: [0, 1, 0.05], say: percent, draw: (start) => draw({ start }),
      commit: (start) => act.set({ start, end: Math.max(start, viewState?.traits.end ?? 1) }),
    }),
    end: slider({
      label: "To", note: "The step at which it ends. Late steps decide the details.",
      range: [0, 1, 0.05], say: percent, draw: (end) => draw({ end }),
      commit: (end) => act.set({ end, start: Math.min(end, viewState?.traits.start ?? 0) }),
    }),
    dislike_scale: slider({
      label: "Weight of dislikes", note: "How much a dislike counts beside a like.",
      range: [0, 2, 0.05], say: (value) => value.toFixed(2),
      draw: (value) => draw({ dislike_scale: value }), commit: (value) => act.set({ dislike_scale: value }),
    }),
  };
  const names = /** @type {(keyof typeof sliders)[]} */ (Object.keys(sliders));
  const normalize = checkbox({
    label: "Share one weight", note: "Many liked pictures together count like one, so that they do not drown the prompt.",
    commit: (value) => act.set({ normalize: value }),
  });
  const variety = slider({
    label: "Closer … wilder", note: "Closer rounds keep to your newest like; wilder ones only begin like it.",
    range: [0, 1, 0.05], say: percent, commit: (value) => act.set({ variety: value }),
  });
  const presets = presetsPart({ act });
  return {
    el: h("div", { class: "fw-panel-body" }, variety.el, presets.el, curve.el, ...names.map((name) => sliders[name].el), normalize.el),
    /** @param {ViewState} next */
    update(next) {
      viewState = next;
      const { traits, closed } = next;
      presets.update(next);
      for (const name of names) sliders[name].update({ value: traits[name], closed });
      normalize.update({ value: traits.normalize, closed });
      const standing = traits.info.variety ?? null;
      show(variety.el, standing !== null && traits.normalize);
      variety.update({ value: traits.variety ?? standing ?? 0, closed });
      draw({});
    },
  };
};
