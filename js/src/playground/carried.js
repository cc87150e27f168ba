// What came over from the reference: in color, in form, in what the demo model's reader sees; and
// beside it what was measured of the pipeline before.

import { h, set, setText, show } from "../dom/elements.js";

/**
 * @typedef {import("./types.js").Carried} Carried
 * @typedef {import("./types.js").Estimate} Estimate
 */

const NOTE = "How much nearer to the reference the picture is than the plain one: 100 % is like it, 0 % no nearer, below that farther.";
const MEASURED = "Measured of this pipeline before: shares of the way to the reference, with 95 % intervals, if only these layers lend at this third of the steps.";
const UNREAD = "The plain picture is like the reference already.";

/** @param {number} share */
const percentOf = (share) => `${share < 0 ? "−" : ""}${Math.round(Math.abs(share) * 100)} %`;

/** @param {number} value */
const two = (value) => (Math.abs(value) < 0.005 ? "0.00" : value.toFixed(2).replace("-", "−"));

/** @param {Estimate} estimate */
const interval = ([value, low, high]) => `${two(value)} (${two(low)} to ${two(high)})`;

/**
 * A table that is drawn anew when its rows change.
 * @param {string} label
 * @param {string[]} heads
 */
const table = (label, heads) => {
  const body = h("tbody", {});
  let drawn = "";
  return {
    el: h("div", { class: "fp-table", role: "region", "aria-label": label, tabindex: 0 },
      h("table", {}, h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))), body)),
    /** @param {{cells: string[], came?: boolean}[]} rows  came: over from the reference */
    update(rows) {
      const key = JSON.stringify(rows);
      if (key === drawn) return;
      drawn = key;
      body.replaceChildren(...rows.map(({ cells, came }) => h("tr", { "data-came": came }, ...cells.map((cell, at) => h(at ? "td" : "th", at ? {} : { scope: "row" }, cell)))));
    },
  };
};

/** @param {string} name */
const shareLine = (name) => {
  const value = h("dd", { class: "fp-percent" });
  const fill = h("span", { class: "fp-came" });
  const bar = h("span", { class: "fp-came-bar", "aria-hidden": "true" }, fill);
  return {
    el: h("div", { class: "fp-term" }, h("dt", {}, name, bar), value),
    /** @param {number | null | undefined} share */
    update(share) {
      setText(value, typeof share === "number" ? percentOf(share) : "–");
      set(value, { title: share === null ? UNREAD : null });
      fill.style.inlineSize = `${Math.max(0, Math.min(1, share ?? 0)) * 100}%`;
    },
  };
};

export const carriedPart = () => {
  const [color, form] = [shareLine("Color"), shareLine("Form")];
  const read = table("What is seen in the pictures", ["seen", "reference", "plain", "with it", "came over"]);
  const measured = table("Measured of this pipeline", ["layers", "steps", "color", "form"]);
  const about = h("p", { class: "fw-note" });
  const command = h("code", {});
  const how = h("p", { class: "fw-note" }, "This pipeline was not measured. In a terminal: ", command);
  const el = h("section", { class: "fw-panel fp-carried", "aria-label": "What came over" },
    h("div", { class: "fw-title" }, "What came over"),
    h("dl", { class: "fp-terms" }, color.el, form.el), h("p", { class: "fw-note" }, NOTE), read.el, about, measured.el, how);
  return {
    el,
    /** @param {import("./types.js").ViewState} viewState */
    update({ traits: { carried, info } }) {
      show(el, Boolean(carried.command));
      if (!carried.command) return;
      color.update(carried.color);
      form.update(carried.form);
      const seen = carried.read ?? [];
      show(read.el, seen.length > 0);
      read.update(seen.map(({ name, reference, plain, steered }) => {
        const came = steered === reference && plain !== reference;
        return { cells: [name, reference, plain, steered, came ? "yes" : "–"], came };
      }));
      const rows = carried.measured ?? [];
      show(measured.el, rows.length > 0);
      show(about, rows.length > 0);
      setText(about, MEASURED);
      measured.update(rows.map((row) => ({ cells: [row.layers, row.steps, interval(row.color), interval(row.form)] })));
      show(how, !rows.length);
      setText(command, `${carried.command} ${info.title ? "PATH_OR_ID" : ""}`.trim());
    },
  };
};
