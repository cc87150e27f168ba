// One picture in full, to step through, to vote on, to mark parts of and to compare with others.

import { call, closeOnBackdrop, h, iconButton, imagePart, set, setPressed, setDisabled, setText, show } from "./elements.js";
import { signed } from "../model/format.js";
import { commandOf, voteByKey } from "../grid/keys.js";
import { inSentence } from "../model/view-state.js";
import { thumbs } from "../grid/vote-buttons.js";
import { whysPart } from "../grid/whys.js";
import { partView } from "../feedback/part-view.js";
import { maskIn } from "../model/parts.js";
import { rivalsOf, strengthOf, votesOn } from "../model/votes.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 */

/** Pixels up to which the kernel has enlarged a picture for the screen, more smoothly than a browser does. */
const ENLARGED = 256;

/** What a mode needs that is fetched when it is first wanted. */
const TOOLS = { part: "The part editor", compare: "The comparison" };

/**
 * @param {object} props
 * @param {Act} props.act
 * @param {import("../model/object-urls.js").ObjectUrls} props.objectUrls
 * @param {import("../model/picture-store.js").PictureStore} props.pictureStore
 * @param {(name: string, then: () => void) => void} props.fetchTools  then: once `equip` has been called
 */
export const zoomPart = ({ act, objectUrls, pictureStore, fetchTools }) => {
  /** @type {{id: string, label: string, seed: number | null}[]} */
  let images = [];
  let at = 0;
  /** @type {((at: number) => void) | undefined} */
  let back;
  /** @type {ViewState | null} */
  let viewState = null;

  /** Full-size pictures that came while this dialog was open. @type {Map<string, any>} */
  const sharpest = new Map();
  const frame = imagePart(objectUrls, "fw-zoom-image");
  const image = frame.el;
  const title = h("div", { class: "fw-title" });
  const facts = h("span", { class: "fw-row-facts" });
  const current = () => images[at];
  const votes = thumbs({ like: () => act.like(current().id), dislike: () => act.dislike(current().id) });
  const strength = h("span", { class: "fw-value" });
  const whys = whysPart({ press: (...whys) => act.because(current().id, ...whys), peek: (why) => act.peek(current().id, why), mark: () => enter("part"), wait: act.wait });
  const marked = partView();
  /** @type {ReturnType<typeof import("../tools/part-editor.js").partEditor> | null} */
  let editor = null;
  const marking = iconButton("part", "Mark a part (P)", () => enter(mode === "part" ? "" : "part"));
  /** @type {ReturnType<typeof import("../tools/compare.js").comparePart> | null} */
  let rival = null;
  const comparing = iconButton("compare", "Compare (T)", () => enter(mode === "compare" ? "" : "compare"));
  const star = iconButton("star", "Star", () => act.star(current().id), "fw-star");
  /** @type {import("../model/types.js").ZoomMode} */
  let mode = "";
  /** @param {import("../model/types.js").ZoomMode} wanted */
  const enter = (wanted) => {
    if (wanted === "part" && viewState?.closed) return;
    mode = editor ? wanted : "";
    if (wanted && !editor) {
      fetchTools(TOOLS[wanted], () => {
        if (el.open) enter(wanted);
      });
    }
    draw();
    if (!el.open) return;
    if (mode === "compare") rival?.focus();
    else if (!mode) holder.focus();
  };
  const left = iconButton("left", "Previous picture", () => move(at - 1), "fw-zoom-step");
  const right = iconButton("right", "Next picture", () => move(at + 1), "fw-zoom-step");
  const lens = iconButton("lens", "Lens", () => act.lens(current().id));
  const download = iconButton("download", "Download", () => act.download(current().id));
  const close = iconButton("close", "Close", () => el.close());
  const foot = h("div", { class: "fw-zoom-foot" }, votes.up, strength, votes.down, whys.el);
  const holder = h("div", { class: "fw-zoom-frame", tabindex: -1, autofocus: true }, image, marked.el);
  const el = h(
    "dialog",
    { class: "fw-dialog fw-zoom" },
    h("div", { class: "fw-dialog-body" },
      h("div", { class: "fw-panel-head" }, title, facts, star, comparing, marking, lens, download, close),
      h("div", { class: "fw-zoom-stage" }, left, holder, right),
      foot,
    ),
  );
  closeOnBackdrop(el);
  el.addEventListener("close", () => {
    frame.show(null);
    mode = "";
    editor?.edit(null);
    rival?.update(null);
    back?.(at);
  });

  const draw = () => {
    if (!el.open || !viewState) return;
    const { id, label, seed } = current();
    const name = inSentence(label);
    const value = strengthOf(viewState.traits.votes, id);
    set(el, { "aria-label": label });
    setText(title, label);
    setText(facts, [seed === null ? "" : `seed ${seed}`, images.length > 1 ? `${at + 1} of ${images.length}` : ""].filter(Boolean).join(" · "));
    set(image, { alt: label });
    const about = { id, name, votes: viewState.traits.votes, subjects: viewState.traits.info.subjects !== false, disabled: viewState.closed };
    votes.update(about);
    whys.update(about);
    setText(strength, value ? signed(value) : "");
    call(lens, `Lens for ${name}`, `What shaped ${name} (I)`);
    setDisabled(lens, viewState.closed);
    show(lens, seed !== null);
    call(download, `Download ${name}`);
    setDisabled(download, viewState.closed);
    setDisabled(left, at === 0);
    setDisabled(right, at === images.length - 1);
    show(left, images.length > 1 && !mode);
    show(right, images.length > 1 && !mode);
    frame.show(sharpest.get(id) ?? pictureStore.large(id).picture);
    const ratio = image.naturalWidth ? image.naturalWidth / image.naturalHeight : 1;
    el.style.setProperty("--fw-ratio", String(ratio));
    const editing = mode === "part";
    show(foot, !editing);
    setPressed(marking, editing);
    setPressed(comparing, mode === "compare");
    const rivals = rivalsOf(viewState.traits, id, images.map((one) => one.id));
    setDisabled(comparing, !rivals.length);
    rival?.update(mode === "compare" ? { traits: viewState.traits, id, rivals, name } : null);
    call(star, `Star ${name}`, "One of the best so far (*)");
    setPressed(star, viewState.traits.starred.includes(id));
    setDisabled(star, viewState.closed);
    show(star, seed !== null);
    setDisabled(marking, viewState.closed);
    marked.update(editing ? null : maskIn(viewState, id, votesOn(viewState.traits.votes, id)));
    editor?.edit(editing ? ratio : null);
    editor?.update({ name, disabled: viewState.closed });
  };
  image.addEventListener("load", draw);

  const fetchFull = () => {
    const { id } = current();
    if (viewState?.closed || sharpest.has(id)) return;
    void pictureStore.fetched(id, "full").then(async (found) => {
      const size = found && (await createImageBitmap(new Blob([/** @type {BlobPart} */ (found.bytes)])).catch(() => null));
      if (found && size && Math.max(size.width, size.height) >= ENLARGED) sharpest.set(id, found);
      draw();
    });
  };

  /** @param {number} next */
  const move = (next) => {
    if (next < 0 || next >= images.length) return;
    at = next;
    if (mode === "part") mode = "";
    draw();
    fetchFull();
  };

  el.addEventListener("keydown", (event) => {
    const command = commandOf(event);
    if (!command || !viewState) return;
    if (command.do === "leave" && mode === "compare") {
      event.preventDefault();
      event.stopPropagation();
      return enter("");
    }
    // A divider and a list keep their own keys.
    if (/** @type {HTMLElement} */ (event.target).matches("input, select") && command.do !== "compare") return event.stopPropagation();
    // Enter and Escape are the browser's own here.
    if (command.do === "zoom" || command.do === "leave") return event.stopPropagation();
    const { id, seed } = current();
    event.preventDefault();
    event.stopPropagation();
    if (voteByKey(command, id, act, viewState.traits.votes)) return;
    switch (command.do) {
      case "move":
        return move({ left: at - 1, up: at - 1, right: at + 1, down: at + 1, first: 0, last: images.length - 1 }[command.by]);
      case "jump":
        return move(command.to);
      case "part":
        return enter("part");
      case "compare":
        return enter(mode === "compare" || comparing.getAttribute("aria-disabled") ? "" : "compare");
      case "lens":
        if (!lens.hidden && !viewState.closed) act.lens(id);
        return;
      case "generate":
        el.close();
        return act.generate();
      case "moreLike":
        if (seed === null) return;
        el.close();
        return act.moreLike(id);
      case "help":
        return act.help();
    }
  });

  return {
    el,
    /** @param {import("../model/toolbox.js").Tools} tools */
    equip(tools) {
      const leave = () => enter("");
      editor = tools.partEditor({ commit: (part, sign) => act.part(current().id, part, sign), leave });
      rival = tools.comparePart({ objectUrls, pictureStore, leave });
      holder.append(editor.stage, rival.stage);
      foot.before(editor.bar, rival.bar);
    },
    /**
     * @param {{id: string, label: string, seed: number | null}[]} list
     * @param {number} index
     * @param {(at: number) => void} [leave]
     * @param {import("../model/types.js").ZoomMode} [doing]
     */
    open(list, index, leave, doing = "") {
      images = list;
      at = index;
      back = leave;
      sharpest.clear();
      if (!el.open) el.showModal();
      enter(doing);
      fetchFull();
    },
    /** @param {ViewState} next */
    update(next) {
      viewState = next;
      draw();
    },
  };
};
