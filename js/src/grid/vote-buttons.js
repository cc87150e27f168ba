// The two thumbs: toggle buttons that exclude each other.

import { button, call, setPressed, setDisabled } from "../dom/elements.js";
import { icon } from "../dom/icons.js";
import { votesOn } from "../model/votes.js";

const LONG = 500;

/**
 * Call `held` when a press lasts, and swallow the click that ends it.
 * @param {HTMLElement} element
 * @param {() => void} held
 */
const onLongPress = (element, held) => {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let fired = false;
  const stop = () => clearTimeout(timer);
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fired = false;
    stop();
    timer = setTimeout(() => {
      if (element.getAttribute("aria-disabled") === "true") return;
      fired = true;
      held();
    }, LONG);
  });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) element.addEventListener(name, stop);
  element.addEventListener("contextmenu", (event) => {
    if (fired) event.preventDefault();
  });
  element.addEventListener(
    "click",
    (event) => {
      // A click by keyboard has no press before it.
      if (!fired || event.detail === 0) return;
      fired = false;
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
};

/**
 * @param {{like: () => void, dislike: () => void, held?: () => void, tabindex?: number}} props
 */
export const thumbs = ({ like, dislike, held, tabindex }) => {
  const up = button({ class: "fw-thumb fw-thumb-like", label: "Like", icon: icon("like"), tabindex }, like);
  const down = button({ class: "fw-thumb fw-thumb-dislike", label: "Dislike", icon: icon("dislike"), tabindex }, dislike);
  if (held) {
    onLongPress(up, held);
    onLongPress(down, held);
  }
  return {
    up,
    down,
    /** @param {{id: string, name: string, votes: import("../model/types.js").Votes, disabled: boolean}} props  name: such as "picture 2" */
    update({ id, name, votes, disabled }) {
      const show = (/** @type {HTMLElement} */ one, /** @type {string} */ label, /** @type {string} */ key, /** @type {1 | -1} */ sign) => {
        call(one, label, `${label} (${key})`);
        setPressed(one, votesOn(votes, id).some((vote) => votes[vote] * sign > 0));
        setDisabled(one, disabled);
      };
      show(up, `Like ${name}`, "L", 1);
      show(down, `Dislike ${name}`, "K", -1);
    },
  };
};
