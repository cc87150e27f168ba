// The best pictures so far: those that the person starred, in a strip that stays.

import { call, h, imagePart, keyedList, show } from "../dom/elements.js";
import { nameOf } from "../model/view-state.js";

/** @typedef {import("../model/types.js").ViewState} ViewState */

/**
 * @param {{act: import("../model/types.js").Act, objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore}} props
 */
export const bestPart = ({ act, objectUrls, pictureStore }) => {
  /** @type {import("../model/types.js").Traits | null} */
  let traits = null;
  const strip = h("ul", { class: "fw-best-strip", "aria-label": "Best so far" });
  const list = keyedList(strip, (/** @type {string} */ id) => id, (id) => {
    const image = imagePart(objectUrls, "fw-thumbnail");
    const open = h("button", { type: "button", class: "fw-thumbnail-button" }, image.el);
    open.addEventListener("click", () => {
      const now = /** @type {import("../model/types.js").Traits} */ (traits);
      act.zoom(now.starred.map((one) => ({ id: one, ...nameOf(now, one) })), now.starred.indexOf(id));
    });
    return {
      el: h("li", { "data-id": id }, open),
      remove: image.release,
      update() {
        if (!traits) return;
        image.show(pictureStore.small(id));
        call(open, `Zoom ${nameOf(traits, id).label}, starred`);
      },
    };
  });
  const el = h("section", { class: "fw-best", "aria-label": "Best so far", hidden: true }, h("div", { class: "fw-title" }, "Best so far"), strip);
  return {
    el,
    /** @param {ViewState} viewState */
    update(viewState) {
      traits = viewState.traits;
      show(el, traits.starred.length > 0);
      list.update(traits.starred);
    },
  };
};
