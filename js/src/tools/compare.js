// Two pictures in one place with a divider between them: the zoomed one, and one that it may beat.

import { button, h, imagePart, set, show } from "../dom/elements.js";
import { nameOf } from "../model/view-state.js";

/**
 * @typedef {import("../model/types.js").Traits} Traits
 */

/**
 * @param {{objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore, leave: () => void}} props
 */
export const comparePart = ({ objectUrls, pictureStore, leave }) => {
  const image = imagePart(objectUrls, "fw-zoom-image fw-rival");
  const stage = h("div", { class: "fw-compare", hidden: true }, image.el);
  const range = h("input", { type: "range", class: "fw-range", min: 0, max: 100, step: 1 });
  const choice = h("select", { class: "fw-input", "aria-label": "Compare with" });
  const bar = h("div", { class: "fw-row fw-compare-bar", hidden: true }, choice, range, button({ label: "Done" }, leave));
  let listed = "";

  const split = () => stage.style.setProperty("--fw-split", `${range.value}%`);
  range.addEventListener("input", split);
  const rival = () => {
    image.show(choice.value ? pictureStore.large(choice.value).picture : null);
    split();
  };
  choice.addEventListener("change", rival);
  const drag = (/** @type {PointerEvent} */ { buttons, clientX }) => {
    if (!(buttons & 1)) return;
    const { left, width } = stage.getBoundingClientRect();
    range.value = String((100 * (clientX - left)) / width);
    split();
  };
  stage.addEventListener("pointerdown", (event) => {
    stage.setPointerCapture(event.pointerId);
    drag(event);
  });
  stage.addEventListener("pointermove", drag);

  return {
    stage, bar,
    focus: () => range.focus(),
    /** @param {{traits: Traits, id: string, rivals: string[], name: string} | null} props  null: nothing is compared */
    update(props) {
      show(stage, Boolean(props));
      show(bar, Boolean(props));
      if (!props) {
        image.show(null);
        return;
      }
      const { traits, id, rivals, name } = props;
      const key = JSON.stringify([id, rivals]);
      if (key !== listed) {
        const before = choice.value;
        choice.replaceChildren(...rivals.map((one) => h("option", { value: one }, nameOf(traits, one).label)));
        if (rivals.includes(before)) choice.value = before;
        listed = key;
        range.value = "50";
      }
      set(range, { "aria-label": `Divider, ${name} on the right` });
      rival();
    },
  };
};
