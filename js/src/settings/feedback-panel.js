// The panel of the settings of feedback: closed at first, and filled when it is first opened.

import { h } from "../dom/elements.js";

/**
 * @param {object} props
 * @param {import("../model/types.js").Act} props.act
 * @param {(name: string, then: () => void) => void} props.fetchTools  then: once `equip` has been called
 */
export const feedbackPanel = ({ act, fetchTools }) => {
  /** @type {ReturnType<typeof import("./feedback-settings.js").feedbackSettingsPart> | null} */
  let settings = null;
  const summary = h("summary", {}, "How feedback counts");
  const el = h("details", { class: "fw-panel" }, summary);
  summary.addEventListener("click", (event) => {
    if (settings) return;
    event.preventDefault();
    fetchTools("The panel", () => (el.open = true));
  });
  return {
    el,
    /** @param {import("../model/toolbox.js").Tools} tools */
    equip(tools) {
      settings = tools.feedbackSettingsPart({ act });
      el.append(settings.el);
    },
    /** @param {import("../model/types.js").ViewState} viewState */
    update: (viewState) => settings?.update(viewState),
  };
};
