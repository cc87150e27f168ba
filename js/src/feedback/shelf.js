// The feedback shelf: everything that is liked and disliked, from all rounds and from the person's own files.

import { button, call, h, iconButton, imagePart, keyedList, set, setDisabled, setText, show } from "../dom/elements.js";
import { percent, signed } from "../model/format.js";
import { icon } from "../dom/icons.js";
import { aboutOf, inSentence } from "../model/view-state.js";
import { maskIn } from "../model/parts.js";
import { partView } from "./part-view.js";
import { MOST, namesOf, STEP } from "../model/votes.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @typedef {ReturnType<typeof aboutOf> & {vote: string, strength: number, viewState: ViewState}} Entry
 */

/**
 * @param {{act: Act, sign: 1 | -1, objectUrls: import("../model/object-urls.js").ObjectUrls,
 *   pictureStore: import("../model/picture-store.js").PictureStore, leave: (vote: string) => void}} props
 */
const entryPart = ({ act, sign, objectUrls, pictureStore, leave }) => {
  /** @type {Entry | null} */
  let entry = null;
  const image = imagePart(objectUrls, "fw-thumbnail");
  const part = partView();
  const zoom = h("button", { type: "button", class: "fw-thumbnail-button" }, image.el, part.el);
  zoom.addEventListener("click", () => {
    if (entry) act.zoom([{ id: entry.id, label: entry.label, seed: entry.seed }], 0);
  });
  const name = h("span", { class: "fw-entry-name" });
  const value = h("span", { class: "fw-value", "aria-hidden": "true" });
  // How much, in either column: a stronger dislike is a fuller bar too.
  const range = h("input", { type: "range", class: "fw-range", step: STEP, min: STEP, max: MOST });
  const fill = h("span", { class: "fw-contribution-fill" });
  const bar = h("span", { class: "fw-contribution-bar", "aria-hidden": "true" }, fill);
  const took = h("span", { class: "fw-contribution-text" });
  const contribution = h("div", { class: "fw-contribution", hidden: true }, bar, took);
  const strength = () => sign * range.valueAsNumber;
  let moving = false;
  const tell = () => {
    setText(value, signed(strength()));
    set(range, { "aria-valuetext": signed(strength()) });
  };
  range.addEventListener("input", () => {
    moving = true;
    tell();
  });
  range.addEventListener("change", () => {
    moving = false;
    if (entry) act.vote(entry.vote, strength());
  });
  const remove = iconButton("close", "Remove", () => {
    if (!entry) return;
    leave(entry.vote);
    act.vote(entry.vote, 0);
  });
  const el = h("li", { class: "fw-entry" }, zoom, h("div", { class: "fw-entry-body" }, name, h("div", { class: "fw-entry-line" }, range, value), contribution), remove);
  return {
    el,
    focus: () => remove.focus(),
    remove: image.release,
    /** @param {Entry} next */
    update(next) {
      entry = next;
      const { closed } = next.viewState;
      set(el, { "data-id": next.id });
      image.show(pictureStore.small(next.id));
      part.update(maskIn(next.viewState, next.id, [next.vote]));
      setText(name, next.about);
      set(name, { title: next.about });
      const { called } = next;
      const picture = inSentence(next.label);
      call(zoom, `Zoom ${picture}`);
      set(range, { "aria-label": `Strength of ${called}` });
      if (range.disabled !== closed) range.disabled = closed;
      if (!moving) {
        if (strength() !== next.strength) range.valueAsNumber = Math.abs(next.strength);
        tell();
      }
      const { shown } = next.viewState;
      const share = shown?.contributions?.[next.id];
      show(contribution, share !== undefined);
      if (shown && share !== undefined) {
        const nothing = Math.round(share * 100) === 0;
        show(bar, !nothing);
        fill.style.width = percent(share).replace(" ", "");
        setText(took, nothing ? "not looked at" : percent(share));
        set(contribution, { title: nothing ? `Round ${shown.index + 1} did not look at it` : `${percent(share)} of the attention of round ${shown.index + 1} went to it` });
      }
      call(remove, `Remove ${called}`);
      setDisabled(remove, closed);
    },
  };
};

/**
 * @param {{act: Act, objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore}} props
 */
export const shelfPart = ({ act, objectUrls, pictureStore }) => {
  const clear = button({ label: "Clear all votes", class: "fw-button fw-quiet" }, act.clear);
  const input = h("input", { type: "file", class: "fw-file", accept: "image/*", multiple: true, "aria-label": "Add pictures" });
  input.addEventListener("change", () => {
    act.upload([...(input.files ?? [])]);
    input.value = "";
  });
  const add = h("div", { class: "fw-add" }, h("span", { class: "fw-button", "aria-hidden": "true" }, icon("plus"), "Add pictures"), input);
  const hint = h("p", { class: "fw-note" });

  /**
   * @param {string} title
   * @param {1 | -1} sign
   */
  const column = (title, sign) => {
    const ul = h("ul", { class: "fw-entries", "aria-label": title });
    const count = h("span", { class: "fw-count" });
    const heading = h("div", { class: "fw-shelf-title" }, icon(sign > 0 ? "like" : "dislike"), title, count);
    const list = keyedList(ul, (/** @type {Entry} */ { vote }) => vote, () =>
      entryPart({ act, sign, objectUrls, pictureStore, leave: focusBeside }),
    );
    // The focus goes to the neighbour of an entry that is removed.
    const focusBeside = (/** @type {string} */ vote) => {
      const order = [...list.parts.keys()].sort((one, other) => (list.parts.get(one)?.el.compareDocumentPosition(/** @type {Node} */ (list.parts.get(other)?.el)) ?? 0) & 4 ? -1 : 1);
      const at = order.indexOf(vote);
      const beside = list.parts.get(order[at + 1] ?? order[at - 1]);
      if (beside) beside.focus();
      else clear.focus();
    };
    return {
      el: h("div", { class: "fw-shelf-column", "data-vote": sign > 0 ? "like" : "dislike" }, heading, ul),
      ul,
      /** @param {ViewState} viewState */
      update(viewState) {
        const { traits } = viewState;
        const names = namesOf(traits.votes, sign);
        setText(count, names.length ? String(names.length) : "");
        list.update(names.map((vote) => ({ vote, ...aboutOf(traits, vote), strength: traits.votes[vote], viewState })));
        show(ul, names.length > 0);
        return names.length;
      },
    };
  };
  const liked = column("Liked", 1);
  const disliked = column("Disliked", -1);

  return {
    el: h(
      "section",
      { class: "fw-panel fw-shelf", "aria-label": "Feedback" },
      h("div", { class: "fw-panel-head" }, h("div", { class: "fw-title" }, "Feedback"), clear),
      hint,
      liked.el,
      disliked.el,
      add,
    ),
    /** @param {ViewState} viewState */
    update(viewState) {
      const votes = liked.update(viewState) + disliked.update(viewState);
      show(hint, votes === 0);
      setText(hint, "Like what comes close, dislike what does not. Or drop, paste or pick pictures of your own.");
      setDisabled(clear, votes === 0 || viewState.closed);
      if (input.disabled !== viewState.closed) input.disabled = viewState.closed;
    },
  };
};
