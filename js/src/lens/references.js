// What a place took: from the picture itself and from each reference, and where it looked in them.

import { h, imagePart, keyedList, set, setText, show } from "../dom/elements.js";
import { drawMap } from "./colours.js";
import { peakOf } from "./maps.js";
import { callPlace, callReference, shareText } from "./words.js";

/**
 * @typedef {import("../model/types.js").Side} Side
 * @typedef {{rows: number, columns: number, values: Uint8Array}} Looked
 *
 * @typedef {object} ReferenceProps
 * @property {string} id
 * @property {Side} side
 * @property {number} number
 * @property {string} label  where it comes from
 * @property {number} share  of the place
 * @property {number} contribution  its share of all places
 * @property {Looked | null} looked  null while that is not known
 *
 * @typedef {{side: Side, own: number, references: ReferenceProps[]}} SideProps
 */

/** What is left of the light where a place did not look. */
const DARK = 190;
/** A share that is told as nothing. */
const NOTHING = 0.0005;

/** @param {string} text */
const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** A share as a bar and in words. */
const shareBar = () => {
  const fill = h("span", { class: "fw-lens-fill" });
  const value = h("span", { class: "fw-lens-share" });
  return {
    nodes: [h("span", { class: "fw-lens-bar", "aria-hidden": "true" }, fill), value],
    /** @param {number} share */
    update(share) {
      fill.style.width = `${Math.max(0, Math.min(100, 100 * share))}%`;
      setText(value, shareText(share));
    },
  };
};

/** @param {{objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore}} props */
const referencePart = ({ objectUrls, pictureStore }) => {
  const frame = imagePart(objectUrls, "fw-lens-thumb");
  const veil = h("canvas", { class: "fw-lens-veil", "aria-hidden": "true" });
  const name = h("strong", {});
  const label = h("span", { class: "fw-lens-label" });
  const note = h("span", { class: "fw-lens-note" });
  const bar = shareBar();
  /** @type {Uint8Array | null} */
  let drawn = null;
  return {
    el: h(
      "li",
      { class: "fw-lens-reference" },
      h("div", { class: "fw-lens-picture" }, frame.el, veil),
      h("div", { class: "fw-lens-facts" }, h("div", { class: "fw-lens-line" }, name, ...bar.nodes), label, note),
    ),
    remove: frame.release,
    /** @param {ReferenceProps} props */
    update(props) {
      frame.show(pictureStore.large(props.id).picture);
      setText(name, capital(callReference(props)));
      setText(label, props.label);
      bar.update(props.share);
      const nothing = props.share < NOTHING;
      const whole = `whole picture ${shareText(props.contribution)}`;
      const looked = nothing ? null : props.looked;
      setText(note, nothing ? `not looked at · ${whole}` : looked ? `most at ${callPlace(peakOf(looked.values), looked.columns).toLowerCase()} · ${whole}` : whole);
      show(veil, Boolean(looked));
      if (!looked || looked.values === drawn) return;
      drawn = looked.values;
      drawMap(veil, looked.values, looked.columns, (value) => [10, 11, 16, Math.round(DARK * (1 - value / 255))]);
    },
  };
};

const TITLES = { liked: "With the likes", disliked: "With the dislikes" };

/** @param {{objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore}} props */
const sidePart = (props) => {
  const title = h("div", { class: "fw-title" });
  const own = shareBar();
  const ul = h("ul", { class: "fw-lens-list" });
  const list = keyedList(ul, (/** @type {ReferenceProps} */ { id }) => id, () => referencePart(props));
  const el = h("section", { class: "fw-lens-side" }, title, h("div", { class: "fw-lens-line fw-lens-own" }, h("span", {}, "Its own"), ...own.nodes), ul);
  return {
    el,
    remove: () => list.update([]),
    /** @param {SideProps} side */
    update(side) {
      set(el, { "aria-label": TITLES[side.side], "data-vote": side.side === "liked" ? "like" : "dislike" });
      set(ul, { "aria-label": TITLES[side.side] });
      setText(title, TITLES[side.side]);
      own.update(side.own);
      list.update(side.references);
    },
  };
};

/** @param {{objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore}} props */
export const referencesPart = (props) => {
  const el = h("div", { class: "fw-lens-references" });
  const list = keyedList(el, (/** @type {SideProps} */ { side }) => side, () => sidePart(props));
  return {
    el,
    /** @param {SideProps[]} sides */
    update: (sides) => list.update(sides),
  };
};
