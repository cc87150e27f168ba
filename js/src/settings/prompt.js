// The prompt and the buttons beside it: what a person needs for every round.

import { button, h, setDisabled, show } from "../dom/elements.js";
import { checkbox, textArea } from "../dom/fields.js";
import { icon } from "../dom/icons.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @param {{act: Act, signal: AbortSignal}} props
 */
export const promptPart = ({ act, signal }) => {
  const prompt = textArea({
    label: "Prompt", rows: 2, placeholder: "Describe a picture", signal,
    commit: (text) => act.set({ prompt: text }),
  });
  const next = button({ label: "Next round", class: "fw-button fw-primary" }, act.generate);
  next.append(icon("next"));
  const drafts = button({ label: "Drafts", class: "fw-button", title: "Many pictures in few steps, to look over; finish those you like" }, act.draft);
  const stop = button({ label: "Stop", class: "fw-button fw-stop" }, act.cancel);
  stop.prepend(icon("stop"));
  const auto = checkbox({ label: "Regenerate when I vote", commit: (value) => act.set({ auto: value }) });
  prompt.el.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    // A new line or the next round, and never the notebook's "run this cell".
    if (event.shiftKey || event.ctrlKey || event.metaKey) event.stopPropagation();
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey) {
      event.preventDefault();
      if (!event.repeat) act.generate();
    }
  });
  return {
    el: h(
      "div",
      { class: "fw-prompt" },
      prompt.el,
      h("div", { class: "fw-actions" }, next, drafts, stop, auto.el),
    ),
    flush: prompt.flush,
    focusNext: () => next.focus(),
    /** @param {ViewState} viewState */
    update({ traits, busy, status, closed, phase }) {
      prompt.update({ value: traits.prompt, closed });
      auto.update({ value: traits.auto, closed });
      setDisabled(next, closed);
      setDisabled(drafts, closed);
      const stoppable = !closed && (busy || status.pending);
      // A button that goes away must not take the focus with it.
      if (!stoppable && stop.matches(":focus")) next.focus();
      show(stop, stoppable);
      setDisabled(stop, phase === "stopping");
    },
  };
};
