// What is going on: one line, a bar, a button to stop, and what screen readers hear.

import { button, h, set, setDisabled, setText, show } from "../dom/elements.js";

/**
 * @typedef {import("./types.js").ViewState} ViewState
 * @typedef {import("./types.js").Act} Act
 */

const GONE = "Not connected to a kernel: run the cell again to go on.";
const QUEUED = "Kernel busy: what you set is queued.";

/** @param {ViewState} viewState */
const sentence = ({ status, busy, connection }) => {
  if (connection === "closed") return GONE;
  if (connection === "waiting") return QUEUED;
  if (status.pending && !busy) return "In a moment.";
  return status.message || "Ready when you are.";
};

/** @param {{act: Act}} props */
export const linePart = ({ act }) => {
  const live = h("div", { class: "fw-sr", role: "status", "aria-live": "polite" });
  const message = h("span", { class: "fw-message" });
  const steps = h("span", { class: "fw-numbers-line" });
  const progress = h("progress", { class: "fw-progress", "aria-label": "Progress", max: 1 });
  const stop = button({ label: "Stop" }, act.cancel);
  const again = button({ label: "Try again" }, act.run);
  return {
    el: h("div", { class: "fw-status" }, live,
      h("div", { class: "fw-status-line" }, h("span", { class: "fw-dot", "aria-hidden": "true" }), message, steps, again, stop),
      h("div", { class: "fw-track" }, progress),
    ),
    /** @param {ViewState} viewState */
    update(viewState) {
      const { status, busy, phase, closed, traits } = viewState;
      const text = sentence(viewState);
      setText(message, text);
      // Single pictures are not announced: only that work began and how it ended.
      setText(live, busy ? "Making pictures" : status.error ? status.error.title : text);
      const known = busy && status.steps > 0;
      setText(steps, known ? `Step ${status.step} of ${status.steps}` : "");
      show(progress, busy);
      set(progress, { max: known ? status.steps : 1, value: known ? Math.min(status.step, status.steps) : null });
      const stoppable = busy && !closed;
      const lacking = !busy && !status.pending && !closed && (phase === "error" || !traits.pictures.steered || status.message === "Stopped.");
      // A button that goes away must not take the focus with it.
      const held = (!stoppable && stop.matches(":focus")) || (!lacking && again.matches(":focus"));
      show(again, lacking);
      show(stop, stoppable);
      setDisabled(stop, phase === "stopping");
      if (held) (lacking ? again : stoppable ? stop : again).focus();
    },
  };
};
