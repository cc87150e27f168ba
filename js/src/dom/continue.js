// The offer to continue an earlier session of this notebook, or to go back to the one that was left
// for another. It stands in nobody's way: whatever is done without an answer loses nothing.

import { button, h, setText, show } from "./elements.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 */

/**
 * @param {number} count
 * @param {string} noun
 */
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

/** @param {{act: Act, leave: () => void}} props  leave: where the focus goes when the offer is gone */
export const continuePart = ({ act, leave }) => {
  const title = h("strong", {});
  const facts = h("span", { class: "fw-soft" });
  const note = h("p", {});
  const thumbs = h("div", { class: "fw-offer-thumbs", "aria-hidden": "true" });
  const choose = (/** @type {() => void} */ answer) => () => {
    leave();
    answer();
  };
  const back = button({ class: "fw-button fw-primary" }, choose(() => act.resume(name)));
  const anew = button({}, choose(act.anew));
  const el = h("section", { class: "fw-offer", "aria-label": "An earlier session" },
    h("div", {}, title, facts, note), thumbs, h("div", { class: "fw-row" }, back, anew));
  let [drawn, name] = ["", ""];
  /** @type {string[]} */
  let urls = [];
  const forget = () => urls.forEach((url) => URL.revokeObjectURL(url));
  return {
    el,
    /** @param {ViewState} viewState */
    update({ traits: { saving }, closed }) {
      const offer = closed ? null : saving.offer;
      show(el, Boolean(offer));
      const key = offer ? `${offer.name} ${offer.when}` : "";
      if (key === drawn) return;
      drawn = key;
      name = offer?.name ?? "";
      forget();
      urls = (offer?.thumbs ?? []).map((bytes) => URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)], { type: "image/jpeg" })));
      thumbs.replaceChildren(...urls.map((src) => h("img", { src, alt: "" })));
      if (!offer) return;
      const when = new Date(offer.when).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
      setText(title, offer.left ? "Your session from before is kept. " : "Continue where you left off? ");
      setText(back, offer.left ? "Go back to it" : "Continue");
      setText(anew, offer.left ? "Dismiss" : "Start anew");
      setText(facts, [offer.prompt && `“${offer.prompt}”`, counted(offer.rounds, "round"), counted(offer.votes, "vote"), when].filter(Boolean).join(" · "));
      setText(note, offer.note);
      show(note, Boolean(offer.note));
    },
    remove: forget,
  };
};
