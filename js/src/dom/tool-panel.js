// A panel whose content is a tool: closed at first, and filled when it is first opened.

import { h } from "./elements.js";

/** @typedef {import("../model/types.js").ViewState} ViewState */
/** @typedef {{el: HTMLElement, update: (viewState: ViewState) => void, opened?: () => void}} Content */

/**
 * @param {object} props
 * @param {string} props.title
 * @param {(name: string, then: () => void) => void} props.fetchTools  then: once `fill` has been called
 */
export const toolPanel = ({ title, fetchTools }) => {
  /** @type {Content | null} */
  let content = null;
  const summary = h("summary", {}, title);
  const el = h("details", { class: "fw-panel" }, summary);
  summary.addEventListener("click", (event) => {
    if (content) return;
    event.preventDefault();
    fetchTools("The panel", () => (el.open = true));
  });
  el.addEventListener("toggle", () => el.open && content?.opened?.());
  return {
    el,
    /** @param {Content} part */
    fill(part) {
      content = part;
      el.append(part.el);
    },
    /** @param {ViewState} viewState */
    update: (viewState) => content?.update(viewState),
  };
};
