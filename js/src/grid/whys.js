// Why a picture is liked or disliked: a row of toggle buttons that unfolds under the thumbs.

import { button, h, set, setDisabled, show } from "../dom/elements.js";
import { WHYS } from "./keys.js";
import { strengthOf } from "../model/votes.js";

/**
 * @param {{press: (why: string) => void, wait: () => void, tabindex?: number}} props  wait: the person is about to press
 */
export const whysPart = ({ press, wait, tabindex }) => {
  const buttons = WHYS.map((why) => button({ class: "fw-why", label: why, tabindex }, () => press(why)));
  const hint = h("p", { class: "fw-note" }, "All of it counts, or only its …");
  const el = h("div", { class: "fw-whys", role: "group" }, hint, ...buttons);
  el.addEventListener("pointerover", wait);
  return {
    el,
    /** @param {{id: string, name: string, votes: import("../model/types.js").Votes, hinted?: boolean, disabled: boolean}} props  name: such as "picture 2" */
    update({ id, name, votes, hinted = false, disabled }) {
      const strength = strengthOf(votes, id);
      const verb = strength < 0 ? "dislike" : "like";
      show(el, strength !== 0);
      show(hint, hinted);
      set(el, { "data-vote": verb, "aria-label": `What you ${verb} about ${name}` });
      buttons.forEach((one, at) => {
        const why = WHYS[at];
        set(one, {
          "aria-label": `${why} of ${name}`,
          "aria-pressed": String(Object.hasOwn(votes, `${id}:${why}`)),
          title: `${verb} only its ${why} (${why[0].toUpperCase()})`,
        });
        setDisabled(one, disabled);
      });
    },
  };
};
