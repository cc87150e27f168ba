// A button for what nothing brings back: it is pressed twice.

import { call, iconButton } from "../dom/elements.js";

/**
 * @param {{label: string, say: (text: string) => void, press: () => void}} props  say: what it asks before it does it
 */
export const sureButton = ({ label, say, press }) => {
  const again = `Press again to ${label[0].toLowerCase()}${label.slice(1)}`;
  let sure = false;
  const ready = (/** @type {boolean} */ now) => {
    sure = now;
    call(el, now ? again : label);
    el.classList.toggle("fw-sure", now);
    if (now) say(`${again}.`);
  };
  const el = iconButton("trash", label, () => {
    if (!sure) return ready(true);
    press();
  });
  el.addEventListener("blur", () => ready(false));
  return el;
};
