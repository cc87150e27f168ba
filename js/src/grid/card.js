// One picture of the grid. A card belongs to a place, not to a picture: a round that is being made
// fills the same cards, so nothing jumps and the focus stays where it is.

import { button, call, h, iconButton, imagePart, set, setPressed, setDisabled, setText, show } from "../dom/elements.js";
import { signed } from "../model/format.js";
import { icon } from "../dom/icons.js";
import { partView } from "../feedback/part-view.js";
import { thumbs } from "./vote-buttons.js";
import { whysPart } from "./whys.js";
import { MOST, STEP } from "../model/votes.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").Picture} Picture
 * @typedef {import("../model/object-urls.js").ObjectUrls} ObjectUrls
 * @typedef {{key: string, bytes: import("../model/types.js").Bytes, mime: string}} Source
 *
 * @typedef {object} CardProps
 * @property {number} number  its place, from 1
 * @property {Picture | null} picture  null while it is being made
 * @property {string} alt
 * @property {Source | null} source
 * @property {"sharp" | "soft" | "forming" | "done"} state
 * @property {import("../model/types.js").Kind} kind  of its round
 * @property {string} tries  what the picture tries, in words
 * @property {string[]} sources  the pictures that it follows
 * @property {boolean} pinned  they are shown until that is ended
 * @property {number} strength
 * @property {import("../model/types.js").Votes} votes
 * @property {import("../model/parts.js").Mask | null} marked  what of it was marked
 * @property {boolean} hinted  the row of reasons is explained here
 * @property {boolean} subjects  votes on the subject or the background can work
 * @property {boolean} starred
 * @property {boolean} closed
 */

/**
 * @param {{act: Act, objectUrls: ObjectUrls, enter: () => void, zoom: (mode?: import("../model/types.js").ZoomMode) => void, light: (on: boolean) => void, pin: () => void}} props  enter: the focus came into this card; light: shows which pictures this one follows; pin: until it is called again
 */
export const cardPart = ({ act, objectUrls, enter, zoom, light, pin }) => {
  /** @type {Picture | null} */
  let picture = null;
  let voted = 0;
  let strengthOpen = false;

  const frame = imagePart(objectUrls, "fw-image");
  const image = frame.el;
  const part = partView();
  const open = h("button", { type: "button", class: "fw-picture", tabindex: -1 }, image, h("span", { class: "fw-shimmer", "aria-hidden": "true" }), part.el);
  open.addEventListener("click", () => {
    if (picture) zoom();
  });

  const withPicture = (/** @type {(id: string) => void} */ action) => () => {
    if (picture) action(picture.id);
  };
  const votes = thumbs({
    like: withPicture(act.like), dislike: withPicture(act.dislike), tabindex: -1,
    held: () => toggleStrength(true),
  });

  const whys = whysPart({ press: (...whys) => withPicture((id) => act.because(id, ...whys))(), peek: (why) => withPicture((id) => act.peek(id, why))(), mark: () => zoom("part"), wait: act.wait, tabindex: -1 });

  const range = h("input", { type: "range", class: "fw-range", min: -MOST, max: MOST, step: STEP, tabindex: -1 });
  const value = h("span", { class: "fw-value", "aria-hidden": "true" });
  const strengthRow = h("div", { class: "fw-strength", hidden: true }, icon("dislike"), range, icon("like"), value);
  const tell = () => {
    const at = range.valueAsNumber;
    setText(value, signed(at));
    set(range, { "aria-valuetext": at === 0 ? "no vote" : signed(at) });
    set(strengthRow, { "data-vote": at > 0 ? "like" : at < 0 ? "dislike" : null });
  };
  let moving = false;
  range.addEventListener("input", () => {
    moving = true;
    tell();
  });
  range.addEventListener("change", () => {
    moving = false;
    if (picture && range.valueAsNumber !== voted) act.rate(picture.id, range.valueAsNumber);
  });

  /** @param {boolean} wanted */
  const toggleStrength = (wanted) => {
    if (wanted && !picture) return;
    strengthOpen = wanted;
    show(strengthRow, wanted);
    set(chip, { "aria-expanded": String(wanted) });
    if (wanted) range.focus();
  };
  const chip = button({ class: "fw-chip", label: "" , tabindex: -1 }, () => toggleStrength(!strengthOpen));

  const lens = iconButton("lens", "Lens", withPicture(act.lens), "fw-lens-button", -1);
  const more = iconButton("more", "More", () => toggleMenu(Boolean(menu.hidden)), "", -1);
  /**
   * @param {import("../dom/icons.js").IconName} name
   * @param {(picture: string) => string} say
   * @param {() => void} action
   */
  const item = (name, say, action) => {
    const text = h("span", {});
    const element = button({ class: "fw-menu-item", tabindex: -1 }, () => {
      toggleMenu(false);
      more.focus();
      action();
    });
    element.append(icon(name), text);
    return { element, name: (/** @type {string} */ picture) => setText(text, say(picture)) };
  };
  const finishing = item("next", (name) => `Finish ${name}`, withPicture(act.finish));
  /** What cannot be done with a picture of two passes: it cannot be taken apart, nor made again from its seed. */
  const ofOnePass = [
    item("lens", (name) => `See what shaped ${name}`, withPicture(act.lens)),
    item("again", (name) => `Make ${name} again`, withPicture(act.again)),
    item("enlarge", (name) => `Make ${name} twice as large`, withPicture(act.enlarge)),
  ];
  const items = [
    finishing,
    item("alike", (name) => `More like ${name}`, withPicture(act.moreLike)),
    ...ofOnePass,
    item("target", (name) => `Use ${name} as the only reference`, withPicture(act.only)),
    item("strength", (name) => `Set the strength of ${name}`, () => toggleStrength(true)),
    item("download", (name) => `Download ${name}`, withPicture(act.download)),
  ];
  const offered = () => items.flatMap(({ element }) => (element.hidden ? [] : [element]));
  const menu = h("div", { class: "fw-menu", role: "group", hidden: true }, ...items.map(({ element }) => element));
  /** @param {boolean} wanted */
  const toggleMenu = (wanted) => {
    show(menu, wanted);
    set(more, { "aria-expanded": String(wanted) });
    if (wanted) offered()[0].focus();
  };
  set(more, { "aria-expanded": "false" });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const all = offered();
    const at = all.indexOf(/** @type {any} */ (event.target));
    all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length].focus();
    event.preventDefault();
    event.stopPropagation();
  });

  const seed = h("span", { class: "fw-seed" });
  const star = iconButton("star", "Star", withPicture(act.star), "fw-star", -1);
  const finish = button({ class: "fw-button fw-finish", label: "Finish", tabindex: -1 }, withPicture(act.finish));
  const tries = h("p", { class: "fw-tries" });
  const sources = button({ class: "fw-tries", label: "", tabindex: -1 }, pin);
  // The group is inside: a list may hold nothing but list items.
  const group = h(
    "div",
    { role: "group" },
    h("div", { class: "fw-stage" }, open, star, chip, strengthRow),
    h("div", { class: "fw-card-foot" }, votes.up, votes.down, seed, lens, more, menu),
    finish,
    whys.el,
    tries,
    sources,
  );
  const el = h("li", { class: "fw-card" }, group);
  el.addEventListener("focusin", () => {
    enter();
    light(true);
  });
  el.addEventListener("pointerenter", () => light(true));
  el.addEventListener("pointerleave", () => light(false));
  el.addEventListener("focusout", (event) => {
    const to = /** @type {Node | null} */ (event.relatedTarget);
    if (to && el.contains(to)) return;
    light(false);
    toggleMenu(false);
    toggleStrength(false);
  });

  return {
    el,
    remove: frame.release,
    focus: () => open.focus(),
    /** Close what is open in front of the picture; false if nothing was. */
    close() {
      if (menu.hidden && !strengthOpen) return false;
      const back = menu.hidden ? open : more;
      toggleMenu(false);
      toggleStrength(false);
      back.focus();
      return true;
    },
    openMenu: () => toggleMenu(true),
    /** @param {boolean} current  whether this card is the grid's tab stop */
    setTabStop: (current) => set(open, { tabindex: current ? 0 : -1 }),
    /** @param {CardProps} props */
    update(props) {
      const name = `picture ${props.number}`;
      if (picture?.id !== props.picture?.id && (strengthOpen || !menu.hidden)) {
        const inside = el.contains(/** @type {ShadowRoot} */ (el.getRootNode()).activeElement);
        toggleMenu(false);
        toggleStrength(false);
        if (inside) open.focus();
      }
      picture = props.picture;
      voted = props.strength;
      set(el, {
        "data-id": picture?.id ?? null,
        "data-state": props.state,
        "data-vote": voted > 0 ? "like" : voted < 0 ? "dislike" : null,
      });
      set(group, { "aria-label": `Picture ${props.number}${picture ? `, seed ${picture.seed}` : ", being made"}` });
      frame.show(props.source);
      set(image, { alt: props.alt });
      set(open, { "aria-label": `Zoom ${name}`, "aria-disabled": picture ? null : "true" });
      const disabled = props.closed || !picture;
      const about = { id: picture?.id ?? "", name, votes: props.votes, hinted: props.hinted, subjects: props.subjects, disabled };
      votes.update(about);
      whys.update(about);
      part.update(props.marked);
      call(lens, `Lens for ${name}`, `What shaped ${name} (I)`);
      call(star, `Star ${name}`, "One of the best so far (*)");
      setPressed(star, props.starred);
      setDisabled(star, disabled);
      show(star, picture !== null);
      call(more, `More for ${name}`);
      setDisabled(more, !picture);
      set(menu, { "aria-label": `More for ${name}` });
      for (const one of items) {
        one.name(name);
        setDisabled(one.element, disabled);
      }
      show(chip, voted !== 0);
      setText(chip, signed(voted));
      call(chip, `Adjust ${name}, now ${signed(voted)}`, "Adjust the strength");
      set(chip, { "aria-expanded": String(strengthOpen) });
      setDisabled(chip, disabled);
      set(range, { "aria-label": `Strength of ${name}` });
      if (range.disabled !== disabled) range.disabled = disabled;
      if (!moving && range.valueAsNumber !== voted) range.valueAsNumber = voted;
      if (!moving) tell();
      const follows = props.sources.length > 0;
      for (const line of [tries, sources]) setText(line, props.tries);
      show(tries, props.tries !== "" && !follows);
      show(sources, props.tries !== "" && follows);
      set(sources, { title: "Show the pictures that it follows" });
      setPressed(sources, props.pinned);
      const enlarged = props.kind === "enlarged";
      setDisabled(lens, disabled || enlarged);
      for (const { element } of ofOnePass) setDisabled(element, disabled || enlarged);
      const draft = props.kind === "drafts" && picture !== null;
      show(finish, draft);
      show(finishing.element, draft);
      call(finish, `Finish ${name}`, `Make ${name} in full`);
      setDisabled(finish, disabled);
      setText(seed, picture ? `seed ${picture.seed}` : "");
    },
  };
};
