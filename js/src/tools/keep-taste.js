// Keep this taste: what votes say is learnt by a LoRA, which has a dial, a file, and a row here.

import { button, h, iconButton, keyedList, set, setDisabled, setText, show } from "../dom/elements.js";
import { slider } from "../dom/fields.js";
import { progressLine } from "../model/format.js";
import { sureButton } from "./sure-button.js";

/**
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @typedef {import("../model/types.js").Bytes} Bytes
 * @typedef {{id: string, name: string, prompt: string, thumbs: number}} Kept  one that is kept on the kernel's machine
 * @typedef {{id: string, name: string, strength: number, kept: boolean, sources: string[], closed: boolean}} Row
 */

const LEAST_LIKES = 2;
/** @type {readonly [number, number, number]} */
const DIAL = [0, 1.5, 0.05];
const ABOUT = "What you like is learnt once. Pictures then follow it with any prompt, without votes, and other programs can load its file.";

/** @param {Bytes} bytes @param {string} type */
const urlOf = (bytes, type) => URL.createObjectURL(new Blob([/** @type {BlobPart} */ (bytes)], { type }));
/** @param {string[]} urls */
const letGo = (urls) => urls.forEach((url) => URL.revokeObjectURL(url));

/**
 * How many pictures are liked, each once.
 * @param {import("../model/types.js").Votes} votes
 */
const likesOf = (votes) => new Set(Object.entries(votes).filter(([, strength]) => strength > 0).map(([vote]) => vote.split(":")[0])).size;

/**
 * @param {object} props
 * @param {import("../model/types.js").Act} props.act
 * @param {import("../model/types.js").Request} props.request
 * @param {AbortSignal} props.signal
 */
export const keepTastePart = ({ act, request, signal }) => {
  /** @type {ViewState | null} */
  let last = null;
  /** @type {Kept[] | null} null: not asked for yet */
  let kept = null;
  /** @type {Map<string, string[]>} */
  const sources = new Map();
  /** @type {string[]} */
  let samples = [];
  /** The taste that was being learnt. */
  let learnt = "";
  let used = "";
  signal.addEventListener("abort", () => letGo([...samples, ...[...sources.values()].flat()]));

  const said = h("p", { class: "fw-note", role: "status" });
  const say = (/** @type {string} */ text) => setText(said, text);
  const field = h("input", { class: "fw-input", type: "text", maxlength: 60, "aria-label": "Taste name", placeholder: "Name" });
  const why = h("p", { class: "fw-note", id: `fw-why-${Math.random().toString(36).slice(2)}` });
  const keep = button({ label: "Keep this taste", class: "fw-button fw-primary" }, async () => {
    const text = field.value.trim();
    if (!text) return field.focus();
    say("");
    if (await act.bake(text)) field.value = "";
  });
  set(keep, { "aria-describedby": why.id });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    keep.click();
  });

  // What is under way.
  const words = h("strong", {});
  const facts = h("div", { class: "fw-soft" });
  const bar = h("progress", { class: "fw-progress", "aria-label": "Learnt", max: 1 });
  const pictures = h("div", { class: "fw-samples" });
  const stop = button({ label: "Stop", title: "Stop, and keep nothing of it" }, act.cancel);
  const enough = button({ label: "Keep it as it is", title: "Stop, and keep what is learnt so far" }, () => void request({ type: "enough" }));
  const working = h("section", { class: "fw-offer fw-learning", "aria-label": "A taste is learnt", hidden: true },
    h("div", {}, words, facts), h("div", { class: "fw-track" }, bar), pictures, h("div", { class: "fw-row" }, stop, enough));
  const clear = () => {
    letGo(samples);
    samples = [];
    pictures.replaceChildren();
  };

  // Those that are there.
  const list = h("ul", { class: "fw-entries", "aria-label": "Tastes" });
  /** @param {Row} row */
  const entry = ({ id, name }) => {
    const images = h("span", { class: "fw-taste-pictures" });
    /** @type {string[]} */
    let shown = [];
    const use = (/** @type {number} */ strength) => void request({ type: "use_taste", id, strength });
    const dial = slider({ label: name, range: DIAL, say: (value) => (value ? value.toFixed(2) : "off"), commit: use });
    set(dial.input, { "aria-label": `Strength of ${name}` });
    const save = iconButton("download", `Download ${name}`, () => act.saveFile({ type: "taste_file", id }));
    const off = iconButton("close", `Take ${name} off`, () => {
      dial.input.focus();
      use(0);
    });
    const remove = sureButton({
      label: `Remove ${name}`,
      say,
      press() {
        field.focus();
        void ask({ type: "delete_taste", id }).then((done) => done && say(`${name} is removed.`));
      },
    });
    const el = h("li", { class: "fw-entry fw-taste" }, images, save, off, remove, h("div", { class: "fw-entry-body" }, dial.el));
    return {
      el,
      /** @param {Row} row */
      update(row) {
        if (row.sources !== shown) {
          shown = row.sources;
          images.replaceChildren(...shown.map((src) => h("img", { src, alt: "" })));
        }
        set(dial.input, { max: Math.max(DIAL[1], row.strength) });
        dial.update({ value: row.strength, closed: row.closed });
        for (const one of [save, off, remove]) setDisabled(one, row.closed);
        show(save, row.kept);
        show(off, row.strength > 0);
        show(remove, row.kept && !row.strength);
      },
    };
  };
  const rows = keyedList(list, (/** @type {Row} */ { id }) => id, entry);

  /** @param {Record<string, unknown>} message */
  const ask = async (message) => {
    if (last?.closed) return false;
    const answer = await request(message);
    if (answer?.message.tastes && !signal.aborted) {
      letGo([...sources.values()].flat());
      sources.clear();
      kept = /** @type {Kept[]} */ (answer.message.tastes);
      let at = 0;
      for (const { id, thumbs } of kept) {
        sources.set(id, answer.buffers.slice(at, (at += thumbs)).map((bytes) => urlOf(bytes, "image/jpeg")));
      }
      draw();
    }
    return Boolean(answer);
  };
  const none = /** @type {string[]} */ ([]);
  const draw = () => {
    if (!last) return;
    const { traits: { tastes }, closed } = last;
    const strange = tastes.filter(({ id }) => !kept?.some((one) => one.id === id));
    const all = [...(kept ?? []), ...strange].map(({ id, name }) => ({
      id, name, closed,
      strength: tastes.find((one) => one.id === id)?.strength ?? 0,
      kept: sources.has(id),
      sources: sources.get(id) ?? none,
    }));
    rows.update(all);
    show(list, all.length > 0);
  };

  return {
    el: h("div", { class: "fw-panel-body" }, list, working, said, h("div", { class: "fw-row" }, field, keep), why),
    /** Called when it is opened: another notebook may have kept one meanwhile. */
    opened: () => void ask({ type: "tastes" }),
    /**
     * What it paints by now.
     * @param {Record<string, any>} message
     * @param {Bytes[]} buffers
     */
    preview({ mime, prompts }, buffers) {
      clear();
      samples = buffers.map((bytes) => urlOf(bytes, mime));
      pictures.replaceChildren(...samples.map((src, at) => h("figure", {}, h("img", { src, alt: "" }), h("figcaption", { class: "fw-soft" }, prompts[at] ?? ""))));
    },
    /** @param {ViewState} viewState */
    update(viewState) {
      last = viewState;
      const { traits: { tastes, votes }, status, phase, closed } = viewState;
      const bake = closed ? null : (status.bake ?? null);
      if (!bake && learnt) {
        const focused = working.contains(/** @type {ShadowRoot | Document} */ (working.getRootNode()).activeElement);
        if (focused) field.focus();
        clear();
        say(tastes.some(({ name }) => name === learnt) ? `${learnt} is kept. Undo takes it off.` : "");
      }
      learnt = bake && !bake.waits ? bake.name : "";
      show(working, Boolean(bake));
      if (bake) {
        setText(words, bake.waits ? `${bake.name} waits for the round` : `Learning ${bake.name}`);
        setText(facts, bake.waits ? "" : progressLine(status));
        const known = !bake.waits && status.steps > 0;
        set(bar, { max: known ? status.steps : 1, value: known ? status.step : null });
        setDisabled(stop, phase === "stopping");
        setDisabled(enough, !bake.enough || phase === "stopping");
      }
      const likes = likesOf(votes);
      const reason = bake ? `Wait until ${bake.name} is learnt, or stop it.`
        : likes >= LEAST_LIKES ? ABOUT
          : `Like ${likes ? "one more picture" : "two pictures"} first: a taste is learnt from two or more.`;
      setText(why, reason);
      if (field.disabled !== closed) field.disabled = closed;
      setDisabled(keep, closed || Boolean(bake) || likes < LEAST_LIKES);
      const now = tastes.map(({ id }) => id).join();
      if (now !== used && kept) void ask({ type: "tastes" });
      used = now;
      draw();
    },
  };
};
