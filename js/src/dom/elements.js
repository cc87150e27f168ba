// Making and changing elements. Text is always a text node; nothing is written that has not changed.

import { icon } from "./icons.js";

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export const h = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
};

/**
 * Set attributes; false, null and undefined remove one, true sets it empty.
 * @param {Element} element
 * @param {Record<string, string | number | boolean | null | undefined>} attributes
 */
export const set = (element, attributes) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) {
      if (element.hasAttribute(name)) element.removeAttribute(name);
    } else {
      const next = value === true ? "" : String(value);
      if (element.getAttribute(name) !== next) element.setAttribute(name, next);
    }
  }
};

/**
 * @param {Element} element
 * @param {string} text
 */
export const setText = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

/**
 * @param {HTMLElement} element
 * @param {boolean} visible
 */
export const show = (element, visible) => {
  if (element.hidden === visible) element.hidden = !visible;
};

/**
 * Let a button refuse clicks and keep the focus, which the disabled attribute would take away.
 * @param {HTMLElement} element
 * @param {boolean} disabled
 */
export const setDisabled = (element, disabled) =>
  set(element, { "aria-disabled": disabled ? "true" : null });

/**
 * Give an element its accessible name, and a title.
 * @param {Element} element
 * @param {string} label
 * @param {string} [title]
 */
export const call = (element, label, title = label) => set(element, { "aria-label": label, title });

/**
 * Say whether a toggle is on.
 * @param {Element} element
 * @param {boolean} on
 */
export const setPressed = (element, on) => set(element, { "aria-pressed": String(on) });

/** Several modules like this one may be on a page, and ids must differ all over it. */
const mine = Math.random().toString(36).slice(2, 8);
let counter = 0;
/** A fresh id for label and description references. */
export const freshId = () => `fw-${mine}-${(counter += 1)}`;

/**
 * Close a dialog by a click beside it.
 * @param {HTMLDialogElement} dialog
 */
export const closeOnBackdrop = (dialog) =>
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });

/**
 * A button that does nothing while it is aria-disabled.
 * @param {{label?: string, title?: string, class?: string, icon?: Node, tabindex?: number}} looks
 * @param {(event: MouseEvent) => void} press
 */
export const button = (looks, press) => {
  const element = h(
    "button",
    {
      type: "button",
      class: looks.class ?? "fw-button",
      "aria-label": looks.icon ? looks.label : null,
      title: looks.title ?? (looks.icon ? looks.label : null),
      tabindex: looks.tabindex,
    },
    looks.icon ?? looks.label ?? "",
  );
  element.addEventListener("click", (event) => {
    if (element.getAttribute("aria-disabled") !== "true") press(event);
  });
  return element;
};

/**
 * A button that shows an icon only.
 * @param {import("./icons.js").IconName} name
 * @param {string} label
 * @param {(event: MouseEvent) => void} press
 * @param {string} [also]  a further class
 * @param {number} [tabindex]
 */
export const iconButton = (name, label, press, also = "", tabindex) =>
  button({ class: `fw-icon-button ${also}`, label, icon: icon(name), tabindex }, press);

/**
 * An image that shows pictures of the cache.
 * @param {import("../model/object-urls.js").ObjectUrls} objectUrls
 * @param {string} name  its class
 */
export const imagePart = (objectUrls, name) => {
  const el = h("img", { class: name, alt: "", decoding: "async", draggable: "false" });
  return { el, ...objectUrls(el) };
};

/**
 * A list whose parts live as long as their keys: nothing that stays is built anew or moved without need.
 * @template T
 * @template {{el: HTMLElement, update: (item: T) => void, remove?: () => void}} P
 * @param {HTMLElement} parent
 * @param {(item: T) => string} keyOf
 * @param {(item: T) => P} make
 */
export const keyedList = (parent, keyOf, make) => {
  /** @type {Map<string, P>} */
  const parts = new Map();
  /** @param {T[]} items */
  const update = (items) => {
    const wanted = new Set(items.map(keyOf));
    for (const [key, part] of parts) {
      if (wanted.has(key)) continue;
      part.remove?.();
      part.el.remove();
      parts.delete(key);
    }
    let cursor = parent.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      let part = parts.get(key);
      if (!part) {
        part = make(item);
        parts.set(key, part);
      }
      part.update(item);
      if (part.el === cursor) cursor = cursor.nextElementSibling;
      else parent.insertBefore(part.el, cursor);
    }
  };
  return { parts, update };
};
