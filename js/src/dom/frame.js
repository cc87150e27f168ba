// The frame around everything: the head with its buttons, the first steps, the zone for dropped files.

import { button, h, iconButton, set, setDisabled, setText, show } from "./elements.js";
import { icon, mark } from "./icons.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 */

const WHAT = { vote: "the vote", round: "the round", branch: "the way back", star: "the star", lora: "the taste" };

/** @param {{act: Act}} props */
export const headPart = ({ act }) => {
  const title = h("span", { class: "fw-name" });
  const device = h("span", { class: "fw-device" });
  const travel = {
    undo: iconButton("undo", "Undo", () => act.travel("undo")),
    redo: iconButton("redo", "Redo", () => act.travel("redo")),
  };
  const input = h("input", { type: "file", hidden: true });
  input.addEventListener("change", () => {
    act.upload([...(input.files ?? [])]);
    input.value = "";
  });
  const open = iconButton("open", "Open a session…", () => input.click());
  const help = button({ class: "fw-icon-button fw-help-button", label: "Help", title: "Help (?)", icon: h("span", { "aria-hidden": "true" }, "?") }, act.help);
  return {
    el: h("div", { class: "fw-head" }, mark(), title, device, h("span", { class: "fw-space" }), travel.undo, travel.redo, open, input, help),
    /** @param {ViewState} viewState */
    update({ traits: { info }, status, closed }) {
      setText(title, info.title || "FABRIC");
      setText(device, info.loaded ? info.device : "");
      show(device, Boolean(info.loaded && info.device));
      setDisabled(open, closed);
      for (const which of /** @type {const} */ (["undo", "redo"])) {
        const what = status[which];
        set(travel[which], { title: what ? `${which === "undo" ? "Undo" : "Redo"} ${WHAT[what]}` : `Nothing to ${which}` });
        setDisabled(travel[which], !what || closed);
      }
    },
  };
};

const STEPS = [
  ["Describe", "Say in the prompt what you would like to see, and press Next round."],
  ["Vote", "Like the pictures that come close, dislike those that do not."],
  ["Repeat", "Each round comes closer to what you meant."],
];

/** What is to be seen before the first round. */
export const emptyPart = () => {
  const el = h("div", { class: "fw-empty" }, mark(), h("ol", { class: "fw-steps" }, ...STEPS.map(([what, how]) => h("li", {}, h("strong", {}, what), h("span", {}, how)))));
  return {
    el,
    /** @param {ViewState} viewState */
    update: ({ shown, forming }) => show(el, !shown && !forming),
  };
};

/** @param {DataTransfer | null} data */
const carriesFiles = (data) => Boolean(data && [...data.types].includes("Files"));

/**
 * Take dropped and pasted files.
 * @param {HTMLElement} root
 * @param {{upload: (files: Iterable<File>) => void, words?: string}} props  words: what happens to dropped ones
 */
export const takeFiles = (root, { upload, words = "Drop pictures to like them" }) => {
  /** @param {boolean} over */
  const mark = (over) => set(root, { "data-dropping": over });
  const allowed = () => root.dataset.connection !== "closed";
  for (const name of /** @type {const} */ (["dragenter", "dragover"])) {
    root.addEventListener(name, (event) => {
      if (!carriesFiles(event.dataTransfer) || !allowed()) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
      mark(true);
    });
  }
  root.addEventListener("dragleave", (event) => {
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (!to || !root.contains(to)) mark(false);
  });
  root.addEventListener("drop", (event) => {
    mark(false);
    if (!carriesFiles(event.dataTransfer) || !allowed()) return;
    event.preventDefault();
    event.stopPropagation();
    upload([...(event.dataTransfer?.files ?? [])]);
  });
  root.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    const typing = /** @type {HTMLElement} */ (event.target).matches("textarea, input");
    if (!files.length || !allowed() || (typing && event.clipboardData?.getData("text/plain"))) return;
    event.preventDefault();
    event.stopPropagation();
    upload(files);
  });
  return h("div", { class: "fw-drop", "aria-hidden": "true" }, icon("picture"), words);
};
