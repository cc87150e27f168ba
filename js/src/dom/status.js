// What is going on: the visible line, the progress bar, the live region, failures and notices.

import { button, h, iconButton, keyedList, set, setText, show } from "./elements.js";
import { progressLine } from "../model/format.js";
import { icon } from "./icons.js";
import { announcement } from "../model/view-state.js";

/**
 * @typedef {import("../model/types.js").Act} Act
 * @typedef {import("../model/types.js").ViewState} ViewState
 * @typedef {import("../model/types.js").Failure} Failure
 */

const GONE = "Not connected to a kernel: run the cell again to go on. Your pictures are still here.";
const QUEUED = "Kernel busy: your click is queued";

/**
 * The sentence for people.
 * @param {ViewState} viewState
 */
const sentence = ({ phase, status, busy, connection, traits }) => {
  if (connection === "closed") return GONE;
  if (connection === "waiting") return QUEUED;
  if (status.message) return status.message;
  if (phase === "stopping") return "Stopping at the next step";
  if (busy) return phase === "loading" ? "Loading the model" : "Making pictures";
  if (status.pending) return "The next round starts in a moment";
  if (phase === "ready" && traits.round) return `Round ${traits.round.index + 1}: vote, and ask for the next one`;
  return phase === "error" ? "The last round failed; everything before it is still here" : "Ready when you are";
};

export const statusPart = () => {
  const live = h("div", { class: "fw-sr", role: "status", "aria-live": "polite" });
  const dot = h("span", { class: "fw-dot", "aria-hidden": "true" });
  const message = h("span", { class: "fw-message" });
  const numbers = h("span", { class: "fw-numbers-line" });
  const progress = h("progress", { class: "fw-progress", "aria-label": "Progress", max: 1 });
  return {
    el: h("div", { class: "fw-status" }, live, h("div", { class: "fw-status-line" }, dot, message, numbers), h("div", { class: "fw-track" }, progress)),
    /** @param {ViewState} viewState */
    update(viewState) {
      const { status, busy } = viewState;
      setText(live, announcement(viewState));
      setText(message, sentence(viewState));
      setText(numbers, busy ? progressLine(status) : "");
      show(progress, busy);
      const known = busy && status.steps > 0;
      set(progress, { max: known ? status.steps : 1, value: known ? Math.min(status.step, status.steps) : null });
    },
  };
};

/** @param {string} text */
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Plain http and some frames have no clipboard.
    const area = h("textarea", { class: "fw-sr" });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
};

/**
 * @param {Failure} failure
 * @param {Act} act
 */
const failurePanel = ({ title, message, advice, traceback, retry }, act) => {
  const copied = h("span", { class: "fw-copied" });
  const text = h("pre", { tabindex: 0 }, traceback);
  const details = h("details", { class: "fw-traceback" }, h("summary", {}, "Traceback"), text);
  const copyButton = button({ label: "Copy traceback" }, async () => {
    const done = await copy(traceback);
    setText(copied, done ? "Copied" : "Copy it from above");
    copyButton.focus();
    if (!done) {
      details.open = true;
      getSelection()?.selectAllChildren(text);
    }
  });
  return h(
    "div",
    { class: "fw-failure", role: "alert" },
    h("div", { class: "fw-failure-head" }, icon("alert"), h("strong", {}, title)),
    h("p", { class: "fw-failure-message" }, message),
    advice ? h("p", { class: "fw-failure-advice" }, advice) : null,
    traceback ? details : null,
    h("div", { class: "fw-row" }, retry ? button({ label: "Retry", title: "The same pictures once more, with the same seeds" }, act.retry) : null, traceback ? copyButton : null, button({ label: "Dismiss" }, act.dismissFailure), copied),
  );
};

/**
 * @param {{act: Act, leave: () => void}} props  leave: where the focus goes when a line is dismissed
 */
export const messagesPart = ({ act, leave }) => {
  const failures = h("div", {});
  let drawn = "";
  const lines = h("div", { class: "fw-notices" });
  /** @typedef {{key: string, id: number | null, text: string, made?: string}} Line */
  const list = keyedList(lines, (/** @type {Line} */ { key }) => key, (/** @type {Line} */ { id, made }) => {
    const text = h("span", {});
    const use = made ? button({ label: "Use its settings", title: "Take over its prompt, its seed and its settings" }, () => act.useSettings(made)) : null;
    return {
      el: h("div", { class: "fw-notice", role: "note" }, text, use, iconButton("close", "Dismiss notice", () => {
        leave();
        act.dismissNotice(id);
      })),
      update: (/** @type {Line} */ now) => setText(text, now.text),
    };
  });
  return {
    el: h("div", { class: "fw-messages" }, failures, lines),
    /** @param {ViewState} viewState */
    update({ status, local }) {
      const failure = status.error;
      const key = failure ? JSON.stringify([status.job, failure]) : "";
      const visible = failure && local.dismissed !== key ? key : "";
      if (visible !== drawn) {
        drawn = visible;
        const held = failures.contains(/** @type {ShadowRoot} */ (failures.getRootNode()).activeElement);
        failures.replaceChildren(...(failure && visible ? [failurePanel(failure, act)] : []));
        if (held) leave();
      }
      const { notice } = status;
      const kernel = notice && !local.hidden.has(notice.id) ? [{ key: `k${notice.id}`, id: null, text: notice.text }] : [];
      list.update([...kernel, ...local.notices.map((one) => ({ ...one, key: `l${one.id}` }))]);
    },
  };
};
