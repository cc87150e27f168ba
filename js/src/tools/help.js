// The keyboard help.

import { closeOnBackdrop, h, iconButton, setText } from "../dom/elements.js";

/** What the help dialog lists. */
const KEYS = /** @type {const} */ ([
  ["← ↑ → ↓  Home  End", "move between pictures"],
  ["1 … 9", "jump to a picture"],
  ["L", "like, or take the like back"],
  ["K", "dislike, or take the dislike back"],
  ["C  F  S  B", "only its colors, form, subject or background"],
  ["P", "mark the part that counts"],
  ["+  −", "stronger or weaker"],
  ["0  Backspace", "clear the vote"],
  ["*", "star one of the best, or take the star back"],
  ["Enter", "zoom"],
  ["T", "compare with another picture"],
  ["I", "lens: what shaped the picture"],
  [".", "more for the picture"],
  ["N", "new ones like the picture"],
  ["G", "next round"],
  ["Z  Shift+Z", "undo, redo"],
  ["Esc", "leave the grid or close"],
  ["?", "this list"],
  ["Ctrl+Enter", "in the prompt: next round"],
  ["Shift+Enter", "in the prompt: new line"],
]);

/** @param {string} [folder]  where sessions save themselves, if they do */
const kept = (folder) =>
  folder
    ? `Pictures, prompts and votes save themselves where the kernel runs, in ${folder}. FabricWidget(pipe, autosave=False) saves nothing.`
    : "Nothing saves itself: autosave is off. session.save keeps a session.";

export const helpPart = () => {
  const where = h("p", {});
  const close = iconButton("close", "Close", () => el.close());
  const el = h(
    "dialog",
    { class: "fw-dialog fw-help", "aria-label": "Keyboard" },
    h("div", { class: "fw-dialog-body" },
      h("div", { class: "fw-panel-head" }, h("div", { class: "fw-title" }, "Keyboard"), close),
      h("p", {}, "They work inside the grid and the zoomed picture: click one, or press Tab. In the lens arrows move from place to place, Enter pins one."),
      h("dl", { class: "fw-keys" }, ...KEYS.flatMap(([keys, what]) => [
        h("dt", {}, ...keys.split("  ").map((key) => h("kbd", {}, key))),
        h("dd", {}, what),
      ])),
      h("div", { class: "fw-title" }, "What votes do"),
      h("p", {}, "A like draws the next rounds towards a picture, a dislike pushes them away: all of it, or only its colors, form, subject or background. Votes count until you take them back; the shelf shows them all. Undo takes back votes and rounds, and every round stays in the history."),
      h("div", { class: "fw-title" }, "What is kept"),
      h("p", {}, "A style keeps votes, to be used with other prompts. A taste is learnt from them: Keep this taste makes a LoRA, which pictures follow without votes, as strongly as its dial says. Rounds wait while it learns; Stop keeps nothing of it, Keep it as it is what is learnt so far. Undo takes it off."),
      h("div", { class: "fw-title" }, "What is saved"),
      where,
    ),
  );
  closeOnBackdrop(el);
  return {
    el,
    /** @param {string} [folder]  where sessions save themselves, if they do */
    open(folder) {
      setText(where, kept(folder));
      if (!el.open) el.showModal();
    },
  };
};
