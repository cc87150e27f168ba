// The formula of the gate with the numbers of a place, and the choice of what they are means over.

import { freshId, h, set, setText, show } from "../dom/elements.js";
import { checkbox } from "../dom/fields.js";
import { cellOf, gateOf, signedNumber } from "../model/gate.js";
import { SCALE } from "../lens/colours.js";
import { shareText } from "../lens/words.js";

/**
 * @typedef {import("./types.js").Act} Act
 * @typedef {import("./types.js").ViewState} ViewState
 */

/** ℓ with its index. @param {string} index */
const ell = (index) => h("span", {}, "ℓ", h("sub", {}, index));
const NOTE = "g is a mean over attention heads, layers and steps; the difference of the ℓ is worked out from it: logit g − log w.";
const NOTHING = "At weight 0 the gate is shut: g = 0 everywhere, and both pictures are the same.";
const WAITING = "Once the pictures are there, point at one or move over it with the arrow keys.";

/**
 * @param {string} label
 * @param {(value: number) => void} commit
 */
const choice = (label, commit) => {
  const select = h("select", { class: "fw-input", "aria-label": label });
  let drawn = "";
  select.addEventListener("change", () => commit(Number(select.value)));
  return {
    el: select,
    /** @param {{names: string[], value: number}} props  the first name is for -1 */
    update({ names, value }) {
      const key = JSON.stringify(names);
      if (key !== drawn) {
        drawn = key;
        select.replaceChildren(...names.map((name, i) => h("option", { value: i - 1 }, name)));
      }
      if (select.value !== String(value)) select.value = String(value);
    },
  };
};

/** @param {(string | Node)[]} symbol @param {string} meaning */
const term = (symbol, meaning) => {
  const value = h("dd", { class: "fp-number" });
  return { el: h("div", { class: "fp-term" }, h("dt", {}, h("span", { class: "fp-math" }, ...symbol), h("span", { class: "fw-note" }, meaning)), value), value };
};

/** @param {{row: number, column: number}} cell */
const named = ({ row, column }) => `row ${row + 1}, column ${column + 1}`;

/**
 * The numbers of a place as a sentence.
 * @param {ViewState} viewState
 */
export const placeText = ({ map, shares, seen, place }) => {
  if (!map || !shares) return "";
  const cell = cellOf(place, map);
  const share = shares[cell.row * map.columns + cell.column];
  const most = seen?.most;
  const where = most ? `, most of it at ${named(most)} of the reference` : "";
  return `Row ${cell.row + 1}, column ${cell.column + 1}: ${shareText(share)} of the attention went to the reference${where}.`;
};

/** @param {{act: Act}} props */
export const formulaPart = ({ act }) => {
  const id = freshId();
  const line = h("div", { class: "fp-line fp-math", "aria-hidden": "true" });
  const place = h("p", { class: "fp-place", id });
  const [share, odds, logWeight] = [
    term(["g"], "share of this place's attention that went to the reference"),
    term([ell("ref"), " − ", ell("own")], "how much better its keys fit than the picture's own"),
    term(["log w"], "weight × level, inside the window"),
  ];
  const own = h("span", { class: "fp-own" });
  const theirs = h("span", { class: "fp-theirs" });
  const bar = h("div", { class: "fp-bar", role: "img" }, own, theirs);
  const ownText = h("span", {});
  const theirText = h("span", {});
  const level = choice("Level", (value) => act.choose({ level: value }));
  const part = choice("Steps", (value) => act.choose({ part: value }));
  const heat = checkbox({ label: "Show heat", commit: (value) => act.showHeat(value) });
  const scale = h("span", { class: "fp-scale", "aria-hidden": "true" });
  scale.style.background = SCALE;
  const [least, most] = [h("span", {}), h("span", {})];
  const legend = h("span", { class: "fp-legend" }, least, scale, most);
  const numbers = h("div", { class: "fp-numbers" },
    place,
    h("dl", { class: "fp-terms" }, share.el, odds.el, logWeight.el),
    h("div", {}, bar, h("div", { class: "fp-bar-text" }, ownText, theirText)),
  );
  const nothing = h("p", { class: "fw-note" });
  return {
    id,
    el: h("section", { class: "fw-panel fp-formula", "aria-label": "The gate" },
      h("div", { class: "fw-title" }, "The gate of a place"),
      h("div", { class: "fp-choices" }, level.el, part.el, heat.el, legend),
      h("p", { class: "fp-math fp-law" }, "g = σ(", ell("ref"), " − ", ell("own"), " + log w)"),
      line,
      nothing,
      numbers,
      h("p", { class: "fw-note" }, NOTE),
    ),
    /** @param {ViewState} viewState */
    update(viewState) {
      const { traits: { lens, pictures }, map, shares } = viewState;
      show(numbers, Boolean(map));
      show(line, Boolean(map));
      show(nothing, !map);
      setText(nothing, pictures.steered ? NOTHING : WAITING);
      level.update({ value: viewState.choice.level, names: ["All levels", ...(lens.levels ?? []).map(({ tokens, layers }, i) => `Level ${i + 1}: ${tokens} places, ${layers} ${layers === 1 ? "layer" : "layers"}`)] });
      part.update({ value: viewState.choice.part, names: ["All steps", ...(lens.parts ?? []).map(([first, last]) => (first === last ? `Step ${first}` : `Steps ${first} to ${last}`))] });
      heat.update({ value: viewState.heat, closed: false });
      show(legend, viewState.heat && Boolean(map));
      if (!map || !shares) return;
      const cell = cellOf(viewState.place, map);
      const g = shares[cell.row * map.columns + cell.column];
      const gate = gateOf(g, map.weight);
      setText(place, placeText(viewState));
      setText(line, `${g.toFixed(2)} = σ(${signedNumber(gate.odds)} ${gate.logWeight < 0 ? "−" : "+"} ${signedNumber(Math.abs(gate.logWeight))})`);
      setText(share.value, g.toFixed(3));
      setText(odds.value, signedNumber(gate.odds));
      setText(logWeight.value, `${signedNumber(gate.logWeight)} (w = ${map.weight.toFixed(2)})`);
      own.style.inlineSize = `${(1 - g) * 100}%`;
      set(bar, { "aria-label": `own ${shareText(1 - g)}, reference ${shareText(g)}` });
      setText(ownText, `own ${shareText(1 - g)}`);
      setText(theirText, `reference ${shareText(g)}`);
      setText(least, shareText(viewState.ends[0]));
      setText(most, shareText(viewState.ends[1]));
    },
  };
};
