// Why a picture is liked or disliked: a row of toggle buttons that unfolds under the thumbs.

import { button, h, set, setDisabled, show } from "../dom/elements.js";
import { SUBJECTS, WHYS } from "./keys.js";
import { markedOn, strengthOf } from "../model/votes.js";

/** Said of a reason that is not offered. */
export const UNTOLD = "This model does not tell the subject from the background: mark a part instead (P)";

/**
 * @param {object} props
 * @param {(...whys: string[]) => void} props.press
 * @param {(why: string) => void} props.peek  a reason is pointed at; "": no more
 * @param {() => void} props.mark  the person wants to mark a part
 * @param {() => void} props.wait  the person is about to press
 * @param {number} [props.tabindex]
 */
export const whysPart = ({ press, peek, mark, wait, tabindex }) => {
  /** @type {string[]} */
  let marked = [];
  const part = button({ class: "fw-why", label: "part …", title: "Mark the part that counts (P)", tabindex }, () => (marked.length ? press(...marked) : mark()));
  const buttons = WHYS.map((why) => button({ class: "fw-why", label: why, tabindex }, () => press(why)));
  const hint = h("p", { class: "fw-note" }, "All of it counts. Press one, and only that does.");
  const el = h("div", { class: "fw-whys", role: "group" }, ...buttons, part, hint);
  el.addEventListener("pointerover", wait);
  buttons.forEach((one, at) => {
    for (const name of ["pointerenter", "focus"]) one.addEventListener(name, () => peek(WHYS[at]));
    for (const name of ["pointerleave", "blur"]) one.addEventListener(name, () => peek(""));
  });
  return {
    el,
    /** @param {{id: string, name: string, votes: import("../model/types.js").Votes, hinted?: boolean, subjects?: boolean, disabled: boolean}} props  name: such as "picture 2" */
    update({ id, name, votes, hinted = false, subjects = true, disabled }) {
      const strength = strengthOf(votes, id);
      const verb = strength < 0 ? "dislike" : "like";
      show(el, strength !== 0);
      show(hint, hinted);
      set(el, { "data-vote": verb, "aria-label": `What you ${verb} about ${name}` });
      marked = markedOn(votes, id);
      set(part, { "aria-label": `part … of ${name}`, "aria-pressed": String(marked.length > 0) });
      setDisabled(part, disabled);
      buttons.forEach((one, at) => {
        const why = WHYS[at];
        const pressed = Object.hasOwn(votes, `${id}:${why}`);
        const untold = !subjects && SUBJECTS.includes(why) && !pressed; // what stands can be taken back
        set(one, {
          "aria-label": `${why} of ${name}`,
          "aria-pressed": String(pressed),
          title: untold ? UNTOLD : `${verb} only its ${why} (${why[0].toUpperCase()})`,
        });
        setDisabled(one, disabled || untold);
      });
    },
  };
};
