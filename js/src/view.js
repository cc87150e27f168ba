// One view: puts the parts together, turns what people do into traits and messages, and shows
// what comes back. Everything that is to be seen is read from the model, so a reloaded page and a
// second view show the same.

import { h, set } from "./dom/elements.js";
import { followTheme } from "./dom/theme.js";
import { createObjectUrls } from "./model/object-urls.js";
import { createPictureStore } from "./model/picture-store.js";
import { createKernelLink } from "./model/kernel-link.js";
import { keepKeys } from "./dom/notebook-keys.js";
import { toolPanel } from "./dom/tool-panel.js";
import { waitingPart } from "./dom/waiting.js";
import { zoomPart } from "./dom/zoom.js";
import { continuePart } from "./dom/continue.js";
import { emptyPart, headPart, takeFiles } from "./dom/frame.js";
import { bestPart } from "./grid/best.js";
import { captionPart, gridPart } from "./grid/grid.js";
import { SUBJECTS } from "./grid/keys.js";
import { UNTOLD } from "./grid/whys.js";
import { historyPart } from "./history/history.js";
import { promptPart } from "./settings/prompt.js";
import { pipelineSettingsPart } from "./settings/pipeline-settings.js";
import { shelfPart } from "./feedback/shelf.js";
import { messagesPart, statusPart } from "./dom/status.js";
import { createRequests } from "./model/requests.js";
import { viewStateOf } from "./model/view-state.js";
import { inMessages, isSession, pack, refusal } from "./model/upload.js";
import { firstTime } from "./model/first-time.js";
import { maskOf } from "./model/parts.js";
import { createToolLoader } from "./model/toolbox.js";
import { because, rated, toggled, withVote } from "./model/votes.js";

/**
 * @typedef {import("./model/types.js").Model} Model
 * @typedef {import("./model/types.js").Traits} Traits
 * @typedef {import("./model/types.js").Local} Local
 * @typedef {import("./model/types.js").Act} Act
 * @typedef {import("./model/types.js").Bytes} Bytes
 */

/** Values for a model that has not got them yet. */
const DEFAULTS = /** @type {Traits} */ (/** @type {unknown} */ ({
  prompt: "", negative_prompt: "", num_images: 4, seed: 0, lock_seed: false, steps: null, guidance: null,
  width: null, height: null, strength: 0.8, start: 0, end: 0.8, dislike_scale: 0.5, normalize: true, variety: null, auto: true,
  votes: {}, seen_round: -1, status: {}, round: null, history: [], starred: [], parts: {}, tastes: [], uploads: [], presets: [], info: {}, saving: {},
}));
const NAMES = /** @type {(keyof Traits)[]} */ (Object.keys(DEFAULTS));
const CONTROLS = NAMES.slice(0, NAMES.indexOf("votes"));
/** A change of one of these is a word from the kernel. */
const KERNEL_OWNED = new Set(["status", "round", "history", "starred", "parts", "tastes", "uploads", "presets", "info", "saving"]);

let previewKeys = 0;

/**
 * @param {{model: Model, el: HTMLElement, cache: import("./model/object-urls.js").ObjectUrlCache, toolbox: import("./model/toolbox.js").Toolbox}} props
 * @returns {() => void} the clean-up
 */
export const createView = ({ model, el, cache, toolbox }) => {
  const controller = new AbortController();
  const { signal } = controller;
  /** @type {Local} */
  const local = {
    pinned: null, arrived: false, connection: "live", notices: [], dismissed: "", hidden: new Set(), hint: "", subjects: new Map(), peek: null,
    previews: { job: 0, pictures: new Map() },
  };

  const traits = () =>
    /** @type {Traits} */ (Object.fromEntries(NAMES.map((name) => [name, model.get(name) ?? DEFAULTS[name]])));
  const viewState = () => viewStateOf(traits(), local);

  const link = createKernelLink({
    model, host: el, signal,
    onConnection(connection, before) {
      local.connection = connection;
      if (before === "closed") {
        pictureStore.retry();
        link.ask({ type: "hello" }).catch(() => {});
      }
      update();
    },
    onMessage(message, buffers) {
      if (message.type === "preview") takePreview(message, buffers);
      if (message.type === "looked") lens?.looked(message);
      if (message.type === "taste") learning?.preview(message, buffers);
      if (message.type === "subject") takeSubject(message);
    },
    poll() {
      const { busy, status, traits: { round } } = viewState();
      return busy || status.pending ? { seen: status.revision, round: round?.index ?? -1 } : null;
    },
  });

  const pictureStore = createPictureStore({
    model,
    changed: () => schedule(),
    fetchPicture: (id, kind) =>
      link.ask({ type: "fetch", id, kind }).then(
        ({ message, buffers }) => (buffers[0] ? { bytes: buffers[0], mime: message.mime } : null),
        () => null,
      ),
  });
  const objectUrls = createObjectUrls(cache, signal);

  /**
   * A picture that is being made: show it and say so, or no further one will be sent.
   * @param {Record<string, any>} message
   * @param {Bytes[]} buffers
   */
  const takePreview = ({ job, step, first = 0, mime, done }, buffers) => {
    if (job > local.previews.job) local.previews = { job, pictures: new Map() };
    if (job === local.previews.job) {
      buffers.forEach((bytes, at) => {
        if (!done && local.previews.pictures.get(first + at)?.done) return;
        previewKeys += 1;
        local.previews.pictures.set(first + at, { key: `preview ${previewKeys}`, bytes, mime, done: Boolean(done) });
      });
      update();
    }
    link.tell({ type: "seen", job, step });
  };

  const { notice, request } = createRequests({ local, link, signal, changed: () => schedule() });

  const closed = () => local.connection === "closed";

  /** @param {Partial<Traits>} values */
  const save = (values) => {
    if (closed()) return update();
    const changed = Object.entries(values).filter(([name, value]) => model.get(/** @type {any} */ (name)) !== value);
    if (!changed.length) return;
    for (const [name, value] of changed) model.set(/** @type {any} */ (name), /** @type {any} */ (value));
    model.save_changes();
    schedule();
  };

  /**
   * @param {import("./model/types.js").Votes} votes
   * @param {string} [id]  the picture whose reasons are asked for
   */
  const setVotes = (votes, id) => {
    if (closed() || votes === traits().votes) return;
    local.hint = id && firstTime() ? id : "";
    save({ votes });
    link.expectVote();
    update();
  };

  const follow = () => {
    local.pinned = null;
    local.arrived = false;
  };

  /**
   * @param {Record<string, unknown>} content  what the kernel answers with a file
   */
  const saveFile = async (content) => {
    const answer = await request(content);
    if (!answer?.buffers[0]) return;
    const { mime, name } = answer.message;
    const url = URL.createObjectURL(new Blob([/** @type {BlobPart} */ (answer.buffers[0])], { type: mime }));
    const anchor = h("a", { href: url, download: name || `${content.id}.png` });
    root.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };

  /** @param {Iterable<File>} files */
  const upload = async (files) => {
    if (closed()) return;
    const [sessions, pictures] = [[...files].filter(isSession), [...files].filter((file) => !isSession(file))];
    if (sessions.length) waiting.open("The session", () => void opener?.take(sessions));
    const packed = await Promise.all(pictures.map(async (file) => {
      const why = refusal(file);
      if (why) return notice(why);
      return pack(file).catch((/** @type {Error} */ error) => notice(error.message));
    }));
    for (const group of inMessages(packed.flatMap((one) => one ?? []))) {
      const answer = await request({ type: "upload", names: group.map(({ name }) => name) }, group.map(({ bytes }) => bytes));
      for (const { name, message } of answer?.message.problems ?? []) notice(`${name}: ${message}`);
      for (const { name, prompt, seed } of answer?.message.made ?? []) notice(`${name} was made from “${prompt}”, seed ${seed}.`, name);
    }
  };

  /**
   * @param {"generate" | "draft" | "more_like" | "bake"} type
   * @param {{id?: string, name?: string}} [about]
   */
  const ask = async (type, about) => {
    if (closed()) return null;
    prompt.flush();
    settings.flush();
    follow();
    const now = traits();
    const controls = Object.fromEntries(CONTROLS.map((name) => [name, now[name]]));
    const answer = request({ type, ...about, controls, votes: now.votes });
    update();
    return answer;
  };

  /**
   * @param {"again" | "finish" | "enlarge"} type
   * @param {string} id
   */
  const onceMore = (type, id) => {
    follow();
    void request({ type, id });
    update();
  };

  /** @param {Record<string, any>} message */
  const takeSubject = ({ type, id, mask }) => {
    if (mask) local.subjects.set(id, maskOf(mask));
    else if (type === "subject") local.subjects.delete(id); // not found, or stopped
    update();
  };
  /**
   * Ask where a subject is that was voted on, once: the next round needs it too.
   * @param {string} id
   * @param {string} why
   */
  const askSubject = (id, why) => {
    if (closed() || local.subjects.has(id) || !SUBJECTS.includes(why) || !Object.hasOwn(traits().votes, `${id}:${why}`)) return;
    local.subjects.set(id, null);
    link.ask({ type: "subject", id }).then(({ message }) => takeSubject(message), () => local.subjects.delete(id));
  };

  /** @type {Act} */
  const act = {
    set: save,
    vote: (name, strength) => setVotes(withVote(traits().votes, name, strength)),
    rate: (id, strength) => setVotes(rated(traits().votes, id, strength)),
    like: (id) => setVotes(toggled(traits().votes, id, 1), id),
    dislike: (id) => setVotes(toggled(traits().votes, id, -1), id),
    because(id, ...whys) {
      const { info, votes: said } = traits();
      if (info.subjects === false && whys.some((why) => SUBJECTS.includes(why) && !Object.hasOwn(said, `${id}:${why}`))) return notice(`${UNTOLD}.`);
      setVotes(whys.reduce((votes, why) => because(votes, id, why), traits().votes));
      askSubject(id, whys[0]);
    },
    peek(id, why) {
      local.peek = why ? { id, why } : null;
      askSubject(id, why);
      update();
    },
    part: (id, part, strength) => link.request({ type: "part", id, ...part, strength }),
    star: (id) => {
      if (!closed()) void request({ type: "star", id, starred: !traits().starred.includes(id) });
    },
    wait() {
      if (viewState().status.pending) link.tell({ type: "wait" });
    },
    only: (id) => setVotes({ [id]: 1 }),
    clear: () => setVotes({}),
    generate: () => void ask("generate"),
    draft: () => void ask("draft"),
    moreLike: (id) => void ask("more_like", { id }),
    bake: (name) => ask("bake", { name }),
    again: (id) => onceMore("again", id),
    finish: (id) => onceMore("finish", id),
    enlarge: (id) => onceMore("enlarge", id),
    cancel: () => void request({ type: "cancel" }),
    travel(which) {
      const what = viewState().status[which];
      if (!what || closed()) return;
      if (what !== "vote") follow();
      void request({ type: which });
    },
    branch(index) {
      follow();
      void request({ type: "branch", round: index });
      update();
    },
    look(index) {
      const { making, traits: { round } } = viewState();
      const held = caption.el.contains(/** @type {ShadowRoot} */ (root.getRootNode()).activeElement);
      local.pinned = index === round?.index && !making ? null : index;
      local.arrived = false;
      update();
      if (held) grid.focusCard(0);
      caption.el.scrollIntoView({ block: "nearest" });
    },
    download: (id) => void saveFile({ type: "fetch", id, kind: "full" }),
    saveFile: (content) => void saveFile(content),
    lens(id) {
      const { round, history: past } = traits();
      const shaped = past.some(({ images, liked, disliked }) => liked + disliked > 0 && images.some((image) => image.id === id));
      waiting.open("The lens", () => lens?.open(id, shaped || Boolean(round?.images.some((image) => image.id === id) && Object.keys(round.votes).length)));
    },
    zoom: (images, at, back, mode) => zoom.open(images, at, back, mode),
    help: () => waiting.open("The help", () => help?.open(traits().saving.folder)),
    upload: (files) => void upload(files),
    savePreset: (name, values) => void request({ type: "save_preset", name, values }),
    resume: (name) => void request({ type: "resume", name }),
    anew: () => void request({ type: "anew" }),
    retry: () => {
      follow();
      void request({ type: "retry" });
    },
    useSettings: (name) => void request({ type: "use_settings", name }),
    deletePreset: (name) => void request({ type: "delete_preset", name }),
    dismissFailure() {
      const { status } = traits();
      local.dismissed = JSON.stringify([status.job, status.error]);
      update();
      if (!closed()) void request({ type: "dismiss" });
    },
    dismissNotice(id) {
      const { status } = traits();
      if (id !== null) {
        local.notices = local.notices.filter((one) => one.id !== id);
      } else if (status.notice) {
        local.hidden.add(status.notice.id);
        // The message clears a failure too: not before that has been read.
        if (!status.error && !closed()) void request({ type: "dismiss" });
      }
      update();
    },
    notice,
  };

  const prompt = promptPart({ act, signal });
  const settings = pipelineSettingsPart({ act, signal });
  const caption = captionPart({ act });
  const grid = gridPart({ act, objectUrls, pictureStore, leave: prompt.focusNext });
  const best = bestPart({ act, objectUrls, pictureStore });
  /** @type {ReturnType<typeof import("./lens/lens.js").lensPart> | null} */
  let lens = null;
  /** @type {ReturnType<typeof import("./tools/open-session.js").openSessionPart> | null} */
  let opener = null;
  /** @type {ReturnType<typeof import("./tools/keep-taste.js").keepTastePart> | null} */
  let learning = null;
  /** @type {ReturnType<typeof import("./tools/help.js").helpPart> | null} */
  let help = null;
  const loader = createToolLoader({
    toolbox,
    ask: () => link.ask({ type: "tools" }),
    equip(tools, css) {
      lens = tools.lensPart({ act, objectUrls, pictureStore, request, ask: link.ask });
      help = tools.helpPart();
      opener = tools.openSessionPart({ request, notice, leave: prompt.focusNext });
      zoom.equip(tools);
      feedbackSettings.fill(tools.feedbackSettingsPart({ act }));
      styles.fill(tools.stylesPart({ request, signal }));
      tastes.fill((learning = tools.keepTastePart({ act, request, signal })));
      root.append(h("style", {}, css), lens.el, help.el);
      messages.el.after(opener.el);
      parts.push(lens);
      update();
    },
  });
  const waiting = waitingPart({ loader, waits: link.expectVote, kernelBusy: () => local.connection === "waiting" });
  const zoom = zoomPart({ act, objectUrls, pictureStore, fetchTools: waiting.open });
  const [head, messages, status, empty] = [headPart({ act }), messagesPart({ act, leave: prompt.focusNext }), statusPart(), emptyPart()];
  const [styles, tastes, feedbackSettings] = ["Styles", "Keep this taste", "How feedback counts"].map((title) => toolPanel({ title, fetchTools: waiting.open }));
  const [shelf, history] = [shelfPart({ act, objectUrls, pictureStore }), historyPart({ act, objectUrls, pictureStore, signal })];
  const offer = continuePart({ act, leave: prompt.focusNext });
  const parts = [head, messages, offer, prompt, status, caption, grid, best, empty, shelf, styles, tastes, settings, feedbackSettings, history, zoom, waiting];

  const root = h("div", { class: "fabric-widget", role: "region", "aria-label": "Fabric: pictures by taste" });
  root.append(
    h("div", { class: "fw-body" },
      h("div", { class: "fw-top" }, head.el, messages.el, offer.el),
      h("div", { class: "fw-main" }, prompt.el, status.el, caption.el, grid.el, best.el, empty.el),
      h("div", { class: "fw-side" }, shelf.el, styles.el, tastes.el, settings.el, feedbackSettings.el),
      history.el,
    ),
    takeFiles(root, { upload: act.upload, words: "Drop pictures to like them, or a .fabric file to open it" }),
    zoom.el,
    waiting.el,
  );

  keepKeys(root);

  let idle = false;
  /** Have the tools before they are wanted; should it fail, whoever opens one is told. */
  const fetchTools = () => {
    if (!closed() && !signal.aborted) loader.load().catch(() => {});
  };
  for (const name of ["pointerover", "focusin"]) {
    root.addEventListener(name, ({ target }) => {
      if (/** @type {Element} */ (target).closest(".fw-lens-button, .fw-help-button, .fw-zoom, summary")) fetchTools();
    });
  }

  let scheduled = false;
  const schedule = () => {
    if (scheduled || signal.aborted) return;
    scheduled = true;
    queueMicrotask(update);
  };

  const update = () => {
    scheduled = false;
    if (signal.aborted) return;
    const now = viewState();
    if (!now.making && local.previews.pictures.size && now.status.job >= local.previews.job) local.previews.pictures.clear();
    set(root, { "data-phase": now.phase, "data-round": now.shown?.index ?? -1, "data-connection": now.connection });
    for (const part of parts) part.update(now);
    link.keepPolling();
    const { round, seen_round } = now.traits;
    // Told once, whichever view shows the round first.
    if (round && !now.closed && !now.forming && now.shown?.index === round.index && seen_round !== round.index) save({ seen_round: round.index });
    if (round && !idle) {
      idle = true;
      (globalThis.requestIdleCallback ?? setTimeout)(fetchTools);
    }
  };

  let newest = traits().round?.index ?? -1;
  /** @param {keyof Traits} name */
  const changed = (name) => {
    if (KERNEL_OWNED.has(name)) link.word();
    if (name === "round" || name === "history" || name === "uploads") pictureStore.read();
    const { round, history: past } = traits();
    if (name === "round" && (round?.index ?? -1) !== newest) {
      newest = round?.index ?? -1;
      local.arrived = local.pinned !== null;
      if (local.pinned === newest) follow();
      for (const [id, mask] of local.subjects) if (!mask) local.subjects.delete(id);
    }
    if (name === "history" && local.pinned !== null && !past.some(({ index }) => index === local.pinned)) follow();
    schedule();
  };
  for (const name of NAMES) {
    const listener = () => changed(name);
    model.on(`change:${name}`, listener);
    signal.addEventListener("abort", () => model.off(`change:${name}`, /** @type {any} */ (listener)));
  }

  pictureStore.read();
  link.look();
  update();
  el.classList.add("fabric-widget-host");
  el.append(root);
  followTheme(root, signal);
  if (!closed()) link.ask({ type: "hello" }).catch(() => {});

  return () => {
    controller.abort();
    offer.remove();
    root.remove();
  };
};
