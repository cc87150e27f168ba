// The lens: one picture, and which reference shaped which place of it. The kernel makes the picture
// once more to know; until then the dialog shows how far that is.

import { button, closeOnBackdrop, h, iconButton, set, setText, show } from "../dom/elements.js";
import { progressLine } from "../model/format.js";
import { commandOf } from "../grid/keys.js";
import { lensControls } from "./controls.js";
import { borrowed, carried, gridOf, lookOf, namedReferences, peakOf, readLens, scaleEnd, scaleStart, taken } from "./maps.js";
import { referencesPart } from "./references.js";
import { stagePart } from "./stage.js";
import { callPlace, callReference, callSide, placeText } from "./words.js";
import { inSentence, nameOf } from "../model/view-state.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @typedef {import("../model/types.js").Bytes} Bytes
 * @typedef {import("../model/kernel-link.js").Answer} Answer
 * @typedef {{rows: number, columns: number, bytes: Bytes}} Looks
 */

/** Answers about where places looked that are kept: each takes up to 64 kB. */
const KEPT = 96;
const WHY = "Likes and dislikes work in two passes of their own: in each of them, what a place took from the picture itself and from the references adds up to 100 %.";

/**
 * @param {object} props
 * @param {Act} props.act
 * @param {import("../model/object-urls.js").ObjectUrls} props.objectUrls
 * @param {import("../model/picture-store.js").PictureStore} props.pictureStore
 * @param {(content: Record<string, unknown>) => Promise<Answer | null>} props.request  tells the person if it is refused
 * @param {(content: Record<string, unknown>) => Promise<Answer>} props.ask
 */
export const lensPart = ({ act, objectUrls, pictureStore, request, ask }) => {
  /** @type {ViewState | null} */
  let viewState = null;
  let id = "";
  /** @type {import("./maps.js").Lens | null} */
  let lens = null;
  /** @type {import("./controls.js").Choice} */
  let chosen = { level: null, part: null, from: "liked" };
  let [cell, pinned, opacity] = [0, false, 0.6];
  /** @type {Float64Array} */
  let heat = new Float64Array();
  let [start, end] = [0, 1];
  /** @type {Map<string, Looks | null>} null: asked for */
  const looks = new Map();

  const title = h("div", { class: "fw-title" });
  const close = iconButton("close", "Close", () => el.close());
  const live = h("div", { class: "fw-sr", role: "status", "aria-live": "polite" });
  const [under, numbers] = [h("span", {}), h("span", { class: "fw-numbers-line" })];
  const progress = h("progress", { class: "fw-progress", "aria-label": "Progress of the lens", max: 1 });
  const stop = button({ label: "Stop", class: "fw-button fw-stop" }, act.cancel);
  const making = h("div", { class: "fw-lens-making" }, h("div", { class: "fw-lens-line" }, under, numbers), h("div", { class: "fw-track" }, progress), stop);
  const readout = h("p", { class: "fw-lens-readout" });
  const stage = stagePart({
    objectUrls,
    move(to, how) {
      if (to === cell) return;
      cell = to;
      draw();
      if (how === "step") tell();
    },
    pin(at) {
      pinned = !(pinned && at === cell);
      cell = at;
      draw();
      tell();
    },
  });
  const references = referencesPart({ objectUrls, pictureStore });
  const controls = h("div", {});
  const side = h("div", { class: "fw-lens-aside" }, references.el, h("p", { class: "fw-note" }, WHY));
  const el = h(
    "dialog",
    { class: "fw-dialog fw-lens" },
    h("div", { class: "fw-dialog-body", tabindex: -1, autofocus: true },
      h("div", { class: "fw-panel-head" }, title, close),
      live, making,
      h("div", { class: "fw-lens-body" }, h("div", { class: "fw-lens-main" }, stage.el, readout, controls), side),
    ),
  );
  closeOnBackdrop(el);
  el.addEventListener("close", () => {
    id = "";
    lens = null;
    looks.clear();
    stage.release();
    references.update([]);
    controls.replaceChildren();
    el.style.removeProperty("--fw-heat");
    setText(live, "");
  });
  el.addEventListener("keydown", (event) => {
    const command = commandOf(event);
    if (command?.do !== "lens" && command?.do !== "help") return;
    event.preventDefault();
    event.stopPropagation();
    if (command.do === "help") act.help();
    else el.close();
  });

  const sentence = () => {
    if (!lens) return "";
    const place = callPlace(cell, gridOf(lens, chosen.level).columns);
    return `${placeText(place, taken(lens, chosen, cell))}${pinned ? " (pinned)" : ""}`;
  };
  // Only what a key or a click brings is spoken: a pointer passes many places.
  const tell = () => setText(live, sentence());

  /** @param {number} index */
  const lookedIn = (index) => {
    if (!lens) return null;
    const { level, part } = chosen;
    const key = `${level} ${part} ${index}`;
    const known = looks.get(key);
    if (known) return { rows: known.rows, columns: known.columns, values: lookOf(known.bytes, cell, known) };
    if (known === undefined && !viewState?.closed) {
      const about = lens;
      looks.set(key, null);
      if (looks.size > KEPT) looks.delete(/** @type {string} */ (looks.keys().next().value));
      ask({ type: "look_at", id, reference: index, level, part }).then(({ message: { rows, columns }, buffers: [bytes] }) => {
        if (lens !== about || !bytes) return;
        looks.set(key, { rows, columns, bytes });
        draw();
      }, () => {});
    }
    return null;
  };

  /** Work out the heat, on a scale that is the same for all steps. */
  const heatUp = () => {
    if (!lens) return;
    const { from, ...selection } = chosen;
    heat = borrowed(lens, selection, from);
    const parts = [null, ...lens.parts.keys()];
    const maps = parts.map((part) => borrowed(/** @type {import("./maps.js").Lens} */ (lens), { ...selection, part }, from));
    end = scaleEnd(Math.max(...maps.map((map) => map[peakOf(map)])));
    start = scaleStart(Math.min(...maps.map((map) => Math.min(...map))), end);
  };

  /** @param {Partial<import("./controls.js").Choice>} change */
  const choose = (change) => {
    if (!lens) return;
    const before = gridOf(lens, chosen.level);
    chosen = { ...chosen, ...change };
    cell = carried(cell, before, gridOf(lens, chosen.level));
    heatUp();
    draw();
    tell();
  };

  const drawLens = () => {
    if (!lens || !viewState) return;
    const { traits } = viewState;
    const about = lens;
    setText(readout, sentence());
    references.update(taken(about, chosen, cell).map((one) => ({
      ...one,
      references: one.references.map((reference) => {
        const { id: name, contribution } = about.references[reference.index];
        return { ...reference, id: name, contribution, label: nameOf(traits, name).label, looked: lookedIn(reference.index) };
      }),
    })));
  };

  const draw = () => {
    if (!el.open || !viewState) return;
    const { label } = nameOf(viewState.traits, id);
    const { status, busy } = viewState;
    const picture = sizeOf(viewState, id);
    set(el, { "aria-label": `Lens: ${inSentence(label)}` });
    setText(title, `Lens: ${inSentence(label)}`);
    for (const [part, visible] of /** @type {[HTMLElement, boolean][]} */ ([[making, !lens], [side, Boolean(lens)], [readout, Boolean(lens)]])) show(part, visible);
    const mine = busy && id.startsWith(status.look) && status.look !== "";
    setText(under, mine || !busy ? status.message || "Asking the kernel." : `${status.message} The lens comes next.`);
    setText(numbers, busy ? progressLine(status) : "");
    const known = mine && status.steps > 0;
    set(progress, { max: known ? status.steps : 1, value: known ? Math.min(status.step, status.steps) : null });
    const from = chosen.from;
    stage.update({
      picture: pictureStore.large(id).picture, alt: inSentence(label), ratio: picture, ready: Boolean(lens),
      grid: lens ? gridOf(lens, chosen.level) : { rows: 1, columns: 1 }, heat, start, end, cell, pinned,
      shows: typeof from === "string" ? callSide(from) : lens ? `borrowed from ${callReference(namedReferences(lens)[from])}` : "",
    });
    drawLens();
  };

  /** @param {Answer} answer */
  const take = ({ message, buffers }) => {
    lens = readLens(message.lens, buffers);
    chosen = { level: null, part: null, from: lens.sides[0] };
    heatUp();
    [cell, pinned] = [peakOf(heat), false];
    const shade = (/** @type {number} */ value) => {
      opacity = value;
      el.style.setProperty("--fw-heat", String(value));
    };
    shade(opacity);
    controls.replaceChildren(lensControls({ lens, opacity, choose, shade }));
    draw();
    tell();
    if (!close.matches(":focus")) stage.focus();
  };

  const load = async () => {
    const about = id;
    const answer = await request({ type: "look", id });
    if (id !== about) return;
    if (!answer || (!answer.message.lens && !answer.message.making)) return el.close();
    if (!el.open) el.showModal();
    if (answer.message.lens) take(answer);
    else draw();
  };

  return {
    el,
    /**
     * @param {string} picture
     * @param {boolean} shaped  whether it is known that feedback shaped it
     */
    open(picture, shaped) {
      if (el.open) return;
      id = picture;
      if (shaped) el.showModal();
      draw();
      setText(live, shaped ? "Looking" : "");
      void load();
    },
    /**
     * The kernel has looked at a picture.
     * @param {Record<string, any>} message
     */
    looked(message) {
      if (message.id !== id || lens) return;
      if (message.made) void load();
      else el.close();
    },
    /** @param {ViewState} next */
    update(next) {
      viewState = next;
      if (el.open && next.closed && !lens) el.close();
      draw();
    },
  };
};

/**
 * The ratio of a picture's sides.
 * @param {ViewState} viewState
 * @param {string} id
 */
const sizeOf = ({ traits: { round, history } }, id) => {
  const found = [...(round ? [round] : []), ...history].find(({ images }) => images.some((image) => image.id === id));
  return found && found.width > 0 && found.height > 0 ? found.width / found.height : 1;
};
