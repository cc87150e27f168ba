// One view of the playground: puts the parts together, turns what people do into traits and messages,
// and shows what comes back. Which place one points at is known to this view alone.

import { h, set, setText } from "../dom/elements.js";
import { floatsOf, looksAt, mapOf } from "../model/gate.js";
import { mark } from "../dom/icons.js";
import { createKernelLink } from "../model/kernel-link.js";
import { keepKeys } from "../dom/notebook-keys.js";
import { takeFiles } from "../dom/frame.js";
import { messagesPart } from "../dom/status.js";
import { createObjectUrls } from "../model/object-urls.js";
import { carriedPart } from "./carried.js";
import { lendingPart, promptsPart, weightPart } from "./controls.js";
import { formulaPart, placeText } from "./formula.js";
import { picturesPart } from "./pictures.js";
import { linePart } from "./status.js";
import { createRequests } from "../model/requests.js";
import { followTheme } from "../dom/theme.js";
import { pack, refusal } from "../model/upload.js";

/**
 * @typedef {import("./types.js").Traits} Traits
 * @typedef {import("./types.js").ViewState} ViewState
 * @typedef {import("./types.js").Looks} Looks
 */

/** Values for a model that has not got them yet. */
const DEFAULTS = /** @type {Traits} */ (/** @type {unknown} */ ({
  prompt: "", seed: 0, reference_prompt: "", reference_seed: 0, weight: 1, start: 0, end: 1, bottleneck_scale: 1,
  dislike: false, steps: null, layers: "all", part: "all", box_left: 0.25, box_top: 0.25, box_right: 0.75, box_bottom: 0.75,
  reference_name: "", status: {}, pictures: {}, lens: {}, carried: {}, info: {},
}));
const NAMES = /** @type {(keyof Traits)[]} */ (Object.keys(DEFAULTS));
const KERNEL_OWNED = new Set(["reference_name", "status", "pictures", "lens", "carried", "info"]);
const SILENT = { phase: "idle", message: "", step: 0, steps: 0, pending: false, error: null, notice: null };
const BUSY = new Set(["loading", "running", "stopping"]);
/** Pause of a moving slider after which the kernel learns where it stands. */
const PAUSE = 120;

/**
 * @param {{model: import("./types.js").Model, el: HTMLElement, cache: import("../model/object-urls.js").ObjectUrlCache}} props
 * @returns {() => void} the clean-up
 */
export const createPlayground = ({ model, el, cache }) => {
  const controller = new AbortController();
  const { signal } = controller;
  const local = {
    connection: /** @type {import("../model/types.js").Connection} */ ("live"),
    notices: /** @type {{id: number, text: string}[]} */ ([]), dismissed: "", hidden: new Set(),
    choice: { level: -1, part: -1 }, place: { x: 0.5, y: 0.5 }, heat: false,
  };
  /** Where places looked, of the present lens. @type {Map<string, Looks | null>} */
  let looks = new Map();
  /** @type {{map: unknown, shares: Float32Array | null, ends: [number, number]}} */
  let read = { map: null, shares: null, ends: [0, 0] };

  const traits = () =>
    /** @type {Traits} */ (Object.fromEntries(NAMES.map((name) => [name, model.get(name) ?? DEFAULTS[name]])));

  /** @returns {ViewState} */
  const viewState = () => {
    const now = traits();
    const status = { ...SILENT, ...now.status };
    const closed = local.connection === "closed";
    const phase = closed && BUSY.has(status.phase) ? "idle" : status.phase;
    let { choice } = local;
    let map = mapOf(now.lens, choice);
    if (!map && (choice.level >= 0 || choice.part >= 0)) map = mapOf(now.lens, (choice = local.choice = { level: -1, part: -1 }));
    if (read.map !== map) {
      const shares = map ? floatsOf(map.data) : null;
      read = { map, shares, ends: shares ? [Math.min(...shares), Math.max(...shares)] : [0, 0] };
    }
    const found = looks.get(JSON.stringify(choice));
    return {
      traits: now, status, phase, busy: BUSY.has(phase), closed, connection: local.connection, choice, map, shares: read.shares, ends: read.ends,
      seen: map && found ? looksAt(found, local.place, map) : null, place: local.place, heat: local.heat,
    };
  };

  const link = createKernelLink({
    model: /** @type {any} */ (model), host: el, signal,
    onConnection(connection, before) {
      local.connection = connection;
      if (before === "closed") link.ask({ type: "hello" }).catch(() => {});
      update();
    },
    onMessage() {},
    poll() {
      const { busy, status } = viewState();
      return busy || status.pending ? { seen: status.revision ?? 0 } : null;
    },
  });

  const { notice, request } = createRequests({ local, link, signal, changed: () => schedule() });

  /** Fetch where the places of the shown map looked, once. */
  const wantLooks = () => {
    const { choice, map, closed } = viewState();
    const key = JSON.stringify(choice);
    if (!map || closed || looks.has(key)) return;
    const of = looks;
    of.set(key, null);
    link.ask({ type: "looks", ...choice }).then(({ message, buffers }) => {
      of.set(key, /** @type {Looks} */ ({ ...message, data: buffers[0] }));
      schedule();
    }, () => {});
  };

  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let saving;
  let unsaved = {};
  const save = () => {
    clearTimeout(saving);
    const changed = Object.entries(unsaved).filter(([name, value]) => model.get(/** @type {any} */ (name)) !== value);
    unsaved = {};
    if (!changed.length || signal.aborted || local.connection === "closed") return schedule();
    for (const [name, value] of changed) model.set(/** @type {any} */ (name), /** @type {any} */ (value));
    model.save_changes();
    link.expectVote();
    schedule();
  };
  signal.addEventListener("abort", () => clearTimeout(saving));

  /** @type {import("./types.js").Act} */
  const act = {
    set(values, soon = false) {
      unsaved = { ...unsaved, ...values };
      clearTimeout(saving);
      if (soon) saving = setTimeout(save, PAUSE);
      else save();
    },
    run: () => void request({ type: "run" }),
    cancel: () => void request({ type: "cancel" }),
    async upload([file]) {
      if (!file || local.connection === "closed") return;
      const why = refusal(file);
      if (why) return notice(why);
      const packed = await pack(file).catch((/** @type {Error} */ error) => notice(error.message));
      if (packed) void request({ type: "upload", names: [packed.name] }, [packed.bytes]);
    },
    forget: () => void request({ type: "forget" }),
    choose(choice) {
      local.choice = { ...local.choice, ...choice };
      update();
    },
    point(place, tell) {
      local.place = place;
      update();
      if (tell) setText(told, placeText(viewState()));
    },
    showHeat(heat) {
      local.heat = heat;
      update();
    },
    dismissFailure() {
      const { status } = traits();
      local.dismissed = JSON.stringify([status.job, status.error]);
      update();
      if (local.connection !== "closed") void request({ type: "dismiss" });
    },
    dismissNotice(id) {
      const { status } = traits();
      if (id !== null) local.notices = local.notices.filter((one) => one.id !== id);
      else if (status.notice) {
        local.hidden.add(status.notice.id);
        if (!status.error && local.connection !== "closed") void request({ type: "dismiss" });
      }
      update();
    },
  };

  const objectUrls = createObjectUrls(cache, signal);
  const told = h("div", { class: "fw-sr", "aria-live": "polite" });
  const name = h("span", { class: "fw-name" }, "Attention playground");
  const device = h("span", { class: "fw-device" });
  const line = linePart({ act });
  const prompts = promptsPart({ act, signal });
  const weight = weightPart({ act });
  const lending = lendingPart({ act });
  const carried = carriedPart();
  const formula = formulaPart({ act });
  const pictures = picturesPart({ act, objectUrls, described: formula.id });
  const messages = messagesPart({ act: /** @type {any} */ (act), leave: () => pictures.focus() });
  const parts = [line, pictures, carried, formula, prompts, lending, weight];

  const root = h("div", { class: "fabric-widget fw-playground", role: "region", "aria-label": "Attention playground" },
    h("div", { class: "fw-body" },
      h("div", { class: "fw-top" }, h("div", { class: "fw-head" }, mark(), name, device), messages.el),
      h("div", { class: "fw-main" }, prompts.el, line.el, pictures.el, carried.el, formula.el),
      h("div", { class: "fw-side" }, lending.el, weight.el),
    ),
    told,
  );
  root.append(takeFiles(root, { upload: (files) => void act.upload(files), words: "Drop a picture to make it the reference" }));
  keepKeys(root);

  let scheduled = false;
  const schedule = () => {
    if (scheduled || signal.aborted) return;
    scheduled = true;
    queueMicrotask(update);
  };
  const update = () => {
    scheduled = false;
    if (signal.aborted) return;
    wantLooks();
    const now = viewState();
    set(root, { "data-phase": now.phase, "data-connection": now.connection });
    setText(device, now.traits.info.loaded ? now.traits.info.device : "");
    set(device, { hidden: !now.traits.info.loaded, title: now.traits.info.title });
    for (const part of parts) part.update(now);
    messages.update(/** @type {any} */ ({ status: now.status, local }));
    link.keepPolling();
  };

  for (const trait of NAMES) {
    const listener = () => {
      if (KERNEL_OWNED.has(trait)) link.word();
      if (trait === "lens") looks = new Map();
      schedule();
    };
    model.on(`change:${trait}`, listener);
    signal.addEventListener("abort", () => model.off(`change:${trait}`, /** @type {any} */ (listener)));
  }

  link.look();
  update();
  el.classList.add("fabric-widget-host");
  el.append(root);
  followTheme(root, signal);
  if (local.connection !== "closed") link.ask({ type: "hello" }).catch(() => {});

  return () => {
    controller.abort();
    root.remove();
  };
};
