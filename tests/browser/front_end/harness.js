/** The notebook page around the widget: it loads, shows and removes it, and watches what leaks. */

import { FakeModel } from "./fake_model.js";

/** @typedef {{el: HTMLElement, mount: HTMLElement, close: () => void | Promise<void>}} View */

const cell = /** @type {HTMLElement} */ (document.getElementById("cell"));

/** Object URLs that were made and not yet given back. @type {Set<string>} */
const urls = new Set();
const create = URL.createObjectURL.bind(URL);
const revoke = URL.revokeObjectURL.bind(URL);
URL.createObjectURL = (object) => {
  const url = create(object);
  urls.add(url);
  return url;
};
URL.revokeObjectURL = (url) => {
  urls.delete(url);
  revoke(url);
};

/** Whether it is the widget that calls: the browser's driver watches the page as well. */
const byWidget = () => /\/static\/[\w-]+\.js|blob:|data:text/.test(new Error().stack ?? "");

/** The widget's listeners on the page itself that were added and not removed. */
/** @type {{target: EventTarget, type: string, listener: any, capture: boolean}[]} */
let outside = [];
/** @type {(options: any) => boolean} */
const captures = (options) => (typeof options === "boolean" ? options : Boolean(options?.capture));
for (const target of [window, document, document.documentElement, document.body]) {
  const add = target.addEventListener.bind(target);
  const remove = target.removeEventListener.bind(target);
  /** @type {(type: string, listener: any, options: any) => void} */
  const forget = (type, listener, options) => {
    outside = outside.filter(
      (one) =>
        one.target !== target ||
        one.type !== type ||
        one.listener !== listener ||
        one.capture !== captures(options),
    );
  };
  Object.assign(target, {
    /** @type {typeof forget} */
    addEventListener(type, listener, options) {
      if (listener && byWidget() && !options?.signal?.aborted) {
        outside.push({ target, type, listener, capture: captures(options) });
        options?.signal?.addEventListener("abort", () => forget(type, listener, options));
      }
      add(type, listener, options);
    },
    /** @type {typeof forget} */
    removeEventListener(type, listener, options) {
      forget(type, listener, options);
      remove(type, listener, options);
    },
  });
}

/** The widget's observers that were started and not stopped. @type {Set<object>} */
const observers = new Set();
for (const Observer of [MutationObserver, ResizeObserver, IntersectionObserver]) {
  const { observe, disconnect } = /** @type {any} */ (Observer.prototype);
  Object.assign(Observer.prototype, {
    /** @this {any} @param {any[]} values */
    observe(...values) {
      if (byWidget()) observers.add(this);
      return observe.apply(this, values);
    },
    /** @this {any} */
    disconnect() {
      observers.delete(this);
      return disconnect.apply(this);
    },
  });
}

/** Keys the notebook would have acted on: in the bubble phase, and by Lumino's rule. */
const keys = { bubbled: /** @type {string[]} */ ([]), lumino: /** @type {string[]} */ ([]) };
EventTarget.prototype.addEventListener.call(document, "keydown", (event) => {
  keys.bubbled.push(/** @type {KeyboardEvent} */ (event).key);
});
EventTarget.prototype.addEventListener.call(
  document,
  "keydown",
  (event) => {
    const path = event.composedPath().filter((node) => node instanceof Element);
    if (path.some((node) => node.hasAttribute("data-lm-suppress-shortcuts"))) return;
    keys.lumino.push(/** @type {KeyboardEvent} */ (event).key);
  },
  true,
);

/** The class of a view whose model has no kernel, in Jupyter. */
const DISCONNECTED = "jupyter-widgets-disconnected";

class Harness {
  /** @type {FakeModel} */ model = new FakeModel({}, { shape: "backbone", buffers: "view", library: {}, lenses: {} });
  /** @type {View[]} */ views = [];
  /** @type {any} */ #widget;
  /** @type {any} */ #forget;
  #css = "";

  /** @param {Record<string, any>} traits @param {any} options */
  async open(traits, options) {
    /** @type {(name: string) => Promise<string>} */
    const text = (name) => fetch(`/static/${name}`).then((answer) => answer.text());
    const base64 = (/** @type {string} */ words) => btoa(Array.from(new TextEncoder().encode(words), (byte) => String.fromCharCode(byte)).join(""));
    const [module, css, ...tools] = await Promise.all([
      import(/** @type {any} */ (`/static/${options.script}.js`)),
      text(`${options.script}.css`),
      text("widget-tools.js"),
      text("widget-tools.css"),
    ]);
    this.model = new FakeModel(traits, { ...options, tools: options.tools ?? tools.map(base64) });
    this.model.hold(options.hold);
    this.#css = css;
    this.#widget = await (typeof module.default === "function" ? module.default() : module.default);
    this.#forget = await this.#widget.initialize?.({ model: this.model.face("initialize") });
    for (let i = 0; i < options.views; i += 1) await this.render(options.shadow);
  }

  /** Show one more view, in a shadow root as marimo does, or in the page. @param {boolean} shadow */
  async render(shadow = false) {
    const mount = cell.appendChild(document.createElement("div"));
    mount.className = "output";
    const root = shadow ? mount.attachShadow({ mode: "open" }) : document.head;
    if (shadow || !document.head.querySelector("style")) {
      root.appendChild(document.createElement("style")).textContent = this.#css;
    }
    const el = (shadow ? root : mount).appendChild(document.createElement("div"));
    el.classList.toggle(DISCONNECTED, !this.model.comm_live);
    const model = this.model.face({ model: this.model, el });
    const close = (await this.#widget.render({ model, el })) ?? (() => {});
    this.views.push({ el, mount, close });
  }

  /** The kernel goes, and Jupyter marks every view of its models. */
  disconnect() {
    this.model.close();
    for (const { el } of this.views) el.classList.add(DISCONNECTED);
  }

  /** Take a view away as hosts do. @param {number} index */
  async remove(index) {
    const [view] = this.views.splice(index, 1);
    await view?.close();
    view?.mount.remove();
  }

  async forget() {
    await this.#forget?.();
  }

  leaks() {
    return {
      urls: urls.size,
      listeners: this.model.listenerCount(),
      outside: outside.map(({ type }) => type).sort(),
      observers: observers.size,
    };
  }

  keys() {
    return keys;
  }
}

Object.assign(window, { harness: new Harness() });
document.documentElement.dataset.harness = "ready";
