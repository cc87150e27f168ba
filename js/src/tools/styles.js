// The person's styles: votes that are kept under a name, and used in any session with one click.

import { button, h, setDisabled, setText, show } from "../dom/elements.js";
import { sureButton } from "./sure-button.js";

/**
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @typedef {{name: string, likes: number, dislikes: number, thumbs: number}} Row
 */

/** @param {{request: import("../model/types.js").Request, signal: AbortSignal}} props */
export const stylesPart = ({ request, signal }) => {
  const list = h("ul", { class: "fw-entries", "aria-label": "Styles" });
  const said = h("p", { class: "fw-note", role: "status" });
  const field = h("input", { class: "fw-input", type: "text", maxlength: 60, "aria-label": "Style name", placeholder: "Name" });
  let closed = false;
  /** @type {string[]} */
  let urls = [];
  const forget = () => urls.forEach((url) => URL.revokeObjectURL(url));
  signal.addEventListener("abort", forget);

  /**
   * @param {Record<string, unknown>} message
   * @param {string} [words]  what to say if that went well
   */
  const ask = async (message, words = "") => {
    if (closed) return false;
    const answer = await request(message);
    if (signal.aborted) return false;
    if (answer) setText(said, words);
    if (answer?.message.styles) draw(answer.message.styles, answer.buffers);
    return Boolean(answer);
  };

  const keep = button({ label: "Keep as a style" }, async () => {
    const text = field.value.trim();
    if (!text) return field.focus();
    if (await ask({ type: "save_style", name: text }, `The votes are kept as ${text}.`)) field.value = "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    keep.click();
  });

  /** @param {Row} row @param {string[]} sources */
  const entry = ({ name, likes, dislikes }, sources) => {
    const counts = [likes && `${likes} liked`, dislikes && `${dislikes} disliked`].filter(Boolean).join(", ");
    const use = button({ class: "fw-button fw-style", label: `Use ${name}: ${counts}`, title: `Add the votes of ${name}`, icon: h("span", {}, ...sources.map((src) => h("img", { src, alt: "" })), h("span", { class: "fw-entry-name" }, name, h("span", { class: "fw-soft" }, ` ${counts}`))) },
      () => void ask({ type: "use_style", name }, `${name} is used: undo takes it off.`));
    const remove = sureButton({
      label: `Remove ${name}`,
      say: (text) => setText(said, text),
      press() {
        field.focus();
        void ask({ type: "delete_style", name }, `${name} is removed.`);
      },
    });
    return h("li", { class: "fw-entry" }, use, remove);
  };
  /** @param {Row[]} rows @param {import("../model/types.js").Bytes[]} thumbs */
  const draw = (rows, thumbs) => {
    forget();
    urls = thumbs.map((bytes) => URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)], { type: "image/jpeg" })));
    let at = 0;
    list.replaceChildren(...rows.map((row) => entry(row, urls.slice(at, (at += row.thumbs)))));
    show(list, rows.length > 0);
    if (!rows.length && !said.textContent) setText(said, "No styles yet: like some pictures, and keep the votes under a name.");
  };

  return {
    el: h("div", { class: "fw-panel-body" }, list, said, h("div", { class: "fw-row" }, field, keep)),
    /** Called when it is opened: another notebook may have kept one meanwhile. */
    opened: () => void ask({ type: "styles" }),
    /** @param {ViewState} viewState */
    update({ traits, closed: now }) {
      closed = now;
      if (field.disabled !== closed) field.disabled = closed;
      setDisabled(keep, closed || !Object.keys(traits.votes).length);
    },
  };
};
