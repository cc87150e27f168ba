// What is shown while something is fetched that was opened for the first time.

import { button, closeOnBackdrop, h, set, setText, show } from "./elements.js";

/** Milliseconds after which a person is told that something is on its way: before, it would flash. */
const PATIENCE = 200;

/**
 * @param {object} props
 * @param {{ready: boolean, load: () => Promise<void>}} props.loader
 * @param {() => void} props.waits  a person waits for the kernel's next word
 * @param {() => boolean} props.kernelBusy
 */
export const waitingPart = ({ loader, waits, kernelBusy }) => {
  /** What is done then; null: the person does not wait any more. @type {(() => void) | null} */
  let wanted = null;
  let name = "";
  let failure = "";
  const words = h("p", { role: "status" });
  const track = h("div", { class: "fw-track" }, h("progress", { class: "fw-progress", "aria-label": "On its way" }));
  const retry = button({ label: "Retry", class: "fw-button fw-primary" }, () => void load());
  const el = h("dialog", { class: "fw-dialog fw-waiting" },
    h("div", { class: "fw-dialog-body", tabindex: -1, autofocus: true }, words, track,
      h("div", { class: "fw-row" }, retry, button({ label: "Close" }, () => el.close()))));
  closeOnBackdrop(el);
  el.addEventListener("close", () => (wanted = null));
  // The keys of what is behind wait as well.
  el.addEventListener("keydown", (event) => event.stopPropagation());

  const draw = () => {
    if (!wanted) return;
    set(el, { "aria-label": name });
    setText(words, failure ? `${name} could not be opened. ${failure}` : `${name} is on its way.${kernelBusy() ? " The kernel is busy." : ""}`);
    show(track, !failure);
    show(retry, Boolean(failure));
    if (!el.open) el.showModal();
  };

  const load = async () => {
    failure = "";
    waits();
    if (el.open) draw();
    const patience = setTimeout(draw, PATIENCE);
    try {
      await loader.load();
      const then = wanted;
      el.close();
      then?.();
    } catch (error) {
      failure = /** @type {Error} */ (error).message;
      draw();
    } finally {
      clearTimeout(patience);
    }
  };

  return {
    el,
    update() {
      if (el.open) draw();
    },
    /**
     * Do something as soon as it can be done.
     * @param {string} what  the name of what is opened
     * @param {() => void} then
     */
    open(what, then) {
      if (loader.ready) return then();
      name = what;
      const first = !wanted;
      wanted = then;
      if (first) void load();
    },
  };
};
