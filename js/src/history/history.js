// Every round as a row of thumbnails, newest first: look at it, or continue from it.

import { button, call, h, imagePart, keyedList, set, setDisabled, setText, show } from "../dom/elements.js";
import { icon } from "../dom/icons.js";
import { strengthOf } from "../model/votes.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @typedef {import("../model/types.js").PastRound} PastRound
 * @typedef {{past: PastRound, viewState: ViewState}} Row
 * @typedef {{id: string, strength: number}} Thumb
 */

/**
 * @param {PastRound} past
 * @param {PastRound | undefined} before  the round made just before this one
 */
const describe = ({ index, parent, seed, liked, disliked }, before) =>
  [
    `seed ${seed}`,
    liked ? `${liked} liked` : "",
    disliked ? `${disliked} disliked` : "",
    parent !== null && parent !== undefined && before && parent !== index - 1 ? `from round ${parent + 1}` : "",
  ]
    .filter(Boolean)
    .join(" · ");

/**
 * @param {{act: Act, objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore, seen: (el: Element, near: () => void) => () => void}} props
 */
const rowPart = ({ act, objectUrls, pictureStore, seen }) => {
  let index = -1;
  let near = false;
  /** @type {Thumb[]} */
  let pictures = [];
  const title = h("span", { class: "fw-row-title" });
  const prompt = h("span", { class: "fw-row-prompt" });
  const facts = h("span", { class: "fw-row-facts" });
  const thumbs = h("span", { class: "fw-row-thumbs", "aria-hidden": "true" });
  const list = keyedList(thumbs, (/** @type {Thumb} */ { id }) => id, () => {
    const image = imagePart(objectUrls, "fw-thumbnail");
    const mark = h("span", { class: "fw-row-mark" });
    let vote = 0;
    return {
      el: h("span", { class: "fw-row-thumb" }, image.el, mark),
      remove: image.release,
      update: (/** @type {Thumb} */ { id, strength }) => {
        if (near) image.show(pictureStore.small(id));
        const sign = Math.sign(strength);
        if (sign !== vote) mark.replaceChildren(...(sign ? [icon(sign > 0 ? "like" : "dislike")] : []));
        vote = sign;
        set(mark, { "data-vote": sign > 0 ? "like" : sign < 0 ? "dislike" : null });
      },
    };
  });
  const look = h("button", { type: "button", class: "fw-row-look" }, thumbs);
  look.addEventListener("click", () => act.look(index));
  const proceed = button({ class: "fw-button fw-continue", label: "Continue", icon: h("span", {}, "Continue") }, () => act.branch(index));
  proceed.prepend(icon("branch"));
  const el = h(
    "li",
    { class: "fw-row-item" },
    h("div", { class: "fw-row-text" }, title, facts, prompt),
    look,
    proceed,
  );
  const forget = seen(el, () => {
    near = true;
    list.update(pictures);
  });
  return {
    el,
    remove() {
      forget();
      for (const part of list.parts.values()) part.remove();
    },
    /** @param {Row} row */
    update({ past, viewState }) {
      index = past.index;
      const shown = !viewState.forming && viewState.shown?.index === index;
      const number = index + 1;
      set(el, { "data-round": index, "data-shown": shown, "data-current": viewState.traits.round?.index === index });
      setText(title, `Round ${number}`);
      setText(prompt, past.prompt.slice(0, 500));
      set(prompt, { title: prompt.textContent });
      setText(facts, describe(past, viewState.traits.history[index - 1]));
      pictures = past.images.map(({ id }) => ({ id, strength: strengthOf(viewState.traits.votes, id) }));
      list.update([...new Map(pictures.map((picture) => [picture.id, picture])).values()]);
      call(look, `Look at round ${number}`);
      set(look, { "aria-current": shown ? "true" : null });
      call(proceed, `Continue from round ${number}`, `Continue from round ${number}: its prompt, settings and votes`);
      setDisabled(proceed, viewState.closed);
    },
  };
};

/**
 * @param {{act: Act, objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore, signal: AbortSignal}} props
 */
export const historyPart = ({ act, objectUrls, pictureStore, signal }) => {
  /** @type {Map<Element, () => void>} */
  const waiting = new Map();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      observer.unobserve(target);
      waiting.get(target)?.();
      waiting.delete(target);
    }
  }, { rootMargin: "200px" });
  signal.addEventListener("abort", () => observer.disconnect());
  /**
   * @param {Element} element
   * @param {() => void} near
   */
  const seen = (element, near) => {
    waiting.set(element, near);
    observer.observe(element);
    return () => {
      waiting.delete(element);
      observer.unobserve(element);
    };
  };
  const rows = h("ul", { class: "fw-rows" });
  const list = keyedList(rows, (/** @type {Row} */ { past }) => String(past.index), () => rowPart({ act, objectUrls, pictureStore, seen }));
  const count = h("span", { class: "fw-count" });
  const el = h("section", { class: "fw-panel fw-history", "aria-label": "History" }, h("div", { class: "fw-panel-head" }, h("div", { class: "fw-title" }, "History", count)), rows);
  return {
    el,
    /** @param {ViewState} viewState */
    update(viewState) {
      const { history } = viewState.traits;
      list.update(history.map((past) => ({ past, viewState })).reverse());
      setText(count, history.length ? String(history.length) : "");
      show(el, history.length > 0);
    },
  };
};
