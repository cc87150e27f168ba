// The pictures of the round that is shown or being made: one tab stop, arrows inside.

import { h, keyedList, set, setText, show } from "../dom/elements.js";
import { commandOf, moved, voteByKey } from "./keys.js";
import { cardPart } from "./card.js";
import { shortNameOf } from "../model/view-state.js";
import { maskIn } from "../model/parts.js";
import { strengthOf, votesOn } from "../model/votes.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @typedef {import("./card.js").CardProps} CardProps
 */

/**
 * What a picture tries, with names that people know: "colors of picture 3 of round 1".
 * @param {import("../model/types.js").Traits} traits
 * @param {import("../model/types.js").Shown | null} shown
 * @param {import("../model/types.js").Picture} picture
 */
const triesOf = (traits, shown, { tries = "", sources = [] }) => ({
  sources,
  tries: sources.reduce((/** @type {string} */ words, /** @type {string} */ id) => words.replaceAll(`{${id}}`, () => shortNameOf(traits, shown, id)), tries),
});

/**
 * What each card shows.
 * @param {ViewState} viewState
 * @param {import("../model/picture-store.js").PictureStore} pictureStore
 * @param {string} pinned  the picture whose sources are shown
 * @returns {CardProps[]}
 */
const cardsOf = (viewState, pictureStore, pinned) => {
  const { forming, shown, traits, closed, local, status } = viewState;
  if (forming) {
    const made = local.previews.job === status.job ? local.previews.pictures : new Map();
    return Array.from({ length: forming.count }, (_, at) => {
      const preview = made.get(at);
      return {
        number: at + 1, picture: null, alt: `Picture ${at + 1} of round ${forming.number}, being made`,
        source: preview ?? null, state: preview?.done ? "done" : "forming", kind: "round", tries: "", sources: [], pinned: false, strength: 0, votes: {}, marked: null, hinted: false, subjects: true, starred: false, closed,
      };
    });
  }
  return (shown?.images ?? []).map((picture, at) => {
    const { picture: source, sharp } = pictureStore.large(picture.id);
    return {
      number: at + 1, picture, kind: shown?.kind ?? "round", alt: `${shown?.prompt.slice(0, 120)}, seed ${picture.seed}`,
      source, state: sharp ? "sharp" : "soft", ...triesOf(traits, shown, picture), pinned: picture.id === pinned, strength: strengthOf(traits.votes, picture.id),
      votes: traits.votes, marked: maskIn(viewState, picture.id, votesOn(traits.votes, picture.id)), hinted: local.hint === picture.id, subjects: traits.info.subjects !== false, starred: traits.starred.includes(picture.id), closed,
    };
  });
};

/**
 * @param {{act: Act, objectUrls: import("../model/object-urls.js").ObjectUrls, pictureStore: import("../model/picture-store.js").PictureStore, leave: () => void}} props
 */
export const gridPart = ({ act, objectUrls, pictureStore, leave }) => {
  const el = h("ul", { class: "fw-grid", "aria-label": "Pictures" });
  /** @type {ViewState | null} */
  let viewState = null;
  /** @type {CardProps[]} */
  let cards = [];
  let current = 0;
  let lit = -1; // the card whose sources are shown, while it is pointed at or has the focus
  let pinned = ""; // the picture whose sources are shown until a person ends that

  const list = keyedList(el, (/** @type {CardProps} */ { number }) => String(number), ({ number }) =>
    cardPart({
      act, objectUrls,
      enter: () => {
        current = number - 1;
        placeTabStop();
      },
      zoom: (mode) => zoom(number - 1, mode),
      light: (on) => {
        lit = on ? number - 1 : -1;
        light();
      },
      pin: () => pin(cards[number - 1]?.picture?.id ?? ""),
    }),
  );
  const cardAt = (/** @type {number} */ at) => list.parts.get(String(at + 1));
  const placeTabStop = () => {
    for (const [key, card] of list.parts) card.setTabStop(key === String(current + 1));
  };
  /** Show which pictures the lit card follows, wherever they are seen. */
  const light = () => {
    const sources = (cards.find((card) => card.pinned) ?? cards[lit])?.sources ?? [];
    for (const one of el.closest(".fabric-widget")?.querySelectorAll("[data-id]") ?? []) {
      set(/** @type {HTMLElement} */ (one), { "data-lit": sources.includes(one.getAttribute("data-id") ?? "") });
    }
  };
  /** Show the sources of a picture, or end that. @param {string} id */
  const pin = (id) => {
    lit = -1;
    pinned = id === pinned ? "" : id;
    if (viewState) update(viewState);
    light();
  };
  /** @param {number} at */
  const focusCard = (at) => cardAt(Math.min(at, cards.length - 1))?.focus();

  /** @param {number} at @param {import("../model/types.js").ZoomMode} [mode] */
  const zoom = (at, mode) => {
    if (!cards[at]?.picture) return;
    const images = cards.flatMap(({ picture, number }) =>
      picture ? [{ id: picture.id, label: `Picture ${number}`, seed: picture.seed }] : [],
    );
    act.zoom(images, at, focusCard, mode);
  };

  const columns = () => {
    const top = /** @type {HTMLElement | null} */ (el.firstElementChild)?.offsetTop;
    const wrap = [...el.children].findIndex((card) => /** @type {HTMLElement} */ (card).offsetTop !== top);
    return wrap < 1 ? el.children.length : wrap;
  };

  el.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const command = commandOf(event);
    if (!command || !viewState) return;
    // A slider keeps its own keys, a button its Enter.
    if (target.matches("input") && command.do !== "leave") return;
    if (command.do === "zoom") return event.stopPropagation();
    event.preventDefault();
    event.stopPropagation();
    const id = cards[current]?.picture?.id;
    const { closed, traits: { votes } } = viewState;
    if (voteByKey(command, id, act, votes)) return;
    switch (command.do) {
      case "move":
        return focusCard(moved(current, command.by, cards.length, columns()));
      case "jump":
        if (command.to < cards.length) focusCard(command.to);
        return;
      case "generate":
        return act.generate();
      case "moreLike":
        if (id) act.moreLike(id);
        return;
      case "lens":
        if (id && !closed) act.lens(id);
        return;
      case "part":
        if (!closed) zoom(current, "part");
        return;
      case "compare":
        return zoom(current, "compare");
      case "more":
        if (id) cardAt(current)?.openMenu();
        return;
      case "help":
        return act.help();
      case "leave":
        if (pinned) return pin(pinned);
        if (!cardAt(current)?.close()) leave();
    }
  });

  /** @param {ViewState} next */
  const update = (next) => {
    viewState = next;
    const shows = lit >= 0 || pinned;
    cards = cardsOf(next, pictureStore, pinned);
    const held = el.contains(/** @type {ShadowRoot} */ (el.getRootNode()).activeElement);
    if (held && current >= cards.length) {
      if (cards.length) focusCard(cards.length - 1);
      else leave();
    }
    if (!cards.some((card) => card.pinned)) pinned = "";
    list.update(cards);
    if (shows) light();
    current = Math.max(0, Math.min(current, cards.length - 1));
    placeTabStop();
    const { width, height } = next.forming ?? next.shown ?? { width: 1, height: 1 };
    el.style.setProperty("--fw-ratio", String(width > 0 && height > 0 ? Math.max(0.4, Math.min(2.5, width / height)) : 1));
    const count = cards.length;
    set(el, { "data-many": count <= 4 ? count : count <= 6 ? 6 : count <= 9 ? 9 : 16 });
    show(el, count > 0);
  };

  return { el, focusCard, update };
};

/** @type {Record<string, string>} */
const KINDS = { drafts: ": drafts", finished: ": a draft in full", enlarged: ": enlarged" };

/** The line above the grid: which round this is, and the way to another. */
export const captionPart = (/** @type {{act: Act}} */ { act }) => {
  const title = h("div", { class: "fw-title" });
  const prompt = h("span", { class: "fw-caption-prompt" });
  const jump = h("button", { type: "button", class: "fw-button fw-jump" });
  /** @type {number | null} */
  let to = null;
  jump.addEventListener("click", () => act.look(to));
  const el = h("div", { class: "fw-caption" }, title, prompt, jump);
  return {
    el,
    /** @param {ViewState} viewState */
    update({ forming, shown, making, coming, local, traits }) {
      const newest = traits.round ? traits.round.index + 1 : 0;
      setText(title, forming ? `Round ${forming.number}` : shown ? `Round ${shown.index + 1}${KINDS[shown.kind] ?? ""}` : "");
      setText(prompt, (forming ? traits.prompt : (shown?.prompt ?? "")).slice(0, 500));
      set(prompt, { title: prompt.textContent });
      let label = "";
      if (forming && traits.round) {
        label = `Vote on round ${newest}`;
        to = traits.round.index;
      } else if (local.pinned !== null) {
        to = null;
        if (making) label = `Round ${coming} is being made: show`;
        else if (local.arrived) label = `Round ${newest} is ready: show`;
        else if (shown?.index !== traits.round?.index) label = `Back to round ${newest}`;
      }
      setText(jump, label);
      set(jump, { "data-news": local.pinned !== null && local.arrived && !making });
      show(jump, label !== "");
      show(el, Boolean(forming || shown));
    },
  };
};
