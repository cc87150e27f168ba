// Line icons on a grid of 24, drawn for this widget.

const thumb = "M7.5 11v9H5a2 2 0 0 1-2-2v-5a2 2 0 0 1 2-2zM7.5 11l3.6-7.1c1.6 0 2.7 1.2 2.7 2.7 0 1.2-.3 2.2-.7 3.2h5.3a2.2 2.2 0 0 1 2.15 2.65l-1.25 5.8A2.2 2.2 0 0 1 17.15 20H7.5";

const shapes = {
  like: thumb,
  dislike: thumb,
  more: "M6 12h.01M12 12h.01M18 12h.01",
  close: "M6 6l12 12M18 6L6 18",
  undo: "M8 5L4 9l4 4M4 9h10a6 6 0 0 1 0 12h-4",
  redo: "M16 5l4 4-4 4M20 9H10a6 6 0 0 0 0 12h4",
  next: "M5 12h13M13 6l6 6-6 6",
  stop: "M7 7h10v10H7z",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  unlock: "M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 6.8-1.2",
  again: "M19 12a7 7 0 1 1-2.3-5.2M19 4v4h-4",
  star: "M12 3.5l2.6 5.6 6 .7-4.5 4.2 1.2 6-5.3-3-5.3 3 1.2-6-4.5-4.2 6-.7z",
  compare: "M12 3v18M4 6h5v12H4zM15 6h5v12h-5z",
  enlarge: "M14 4h6v6M20 4l-7 7M10 20H4v-6M4 20l7-7",
  target: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14",
  strength: "M4 8h8M16 8h4M4 16h3M11 16h9M14 5.5v5M9 13.5v5",
  left: "M15 5l-7 7 7 7",
  right: "M9 5l7 7-7 7",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 2.5-2.5L20 17M15.5 9h.01",
  branch: "M7 5v14M7 12c0 3 10 1 10-5M14.5 8.5L17 6l2.5 2.5",
  lens: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.2 15.2L20.5 20.5M10.5 9.4a1.1 1.1 0 1 0 0 2.2 1.1 1.1 0 0 0 0-2.2z",
  eye: "M3 12c4-7.5 14-7.5 18 0-4 7.5-14 7.5-18 0zM12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
  alike: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.5 13.5v6M13.5 16.5h6",
  part: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M9 9h6v6H9z",
  open: "M3 19V5h6l2 2.5h8V11M3 19l3-8h15.5l-3 8z",
  plus: "M12 5v14M5 12h14",
  trash: "M5 7h14M9 7V4.5h6V7M7 7l1 13h8l1-13",
  alert: "M12 4l9 16H3zM12 10v4M12 17h.01",
};

/** @typedef {keyof typeof shapes} IconName */

const svg = "http://www.w3.org/2000/svg";

/**
 * @param {IconName} name
 * @returns {SVGSVGElement}
 */
export const icon = (name) => {
  const element = document.createElementNS(svg, "svg");
  element.setAttribute("viewBox", "0 0 24 24");
  element.setAttribute("class", `fw-icon fw-icon-${name}`);
  element.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(svg, "path");
  path.setAttribute("d", shapes[name]);
  element.append(path);
  return element;
};

/** The mark of the widget: four cards of a grid, one of them chosen. */
export const mark = () => {
  const element = document.createElementNS(svg, "svg");
  element.setAttribute("viewBox", "0 0 24 24");
  element.setAttribute("class", "fw-mark");
  element.setAttribute("aria-hidden", "true");
  for (const [x, y, chosen] of [[2, 2, 0], [13, 2, 0], [2, 13, 0], [13, 13, 1]]) {
    const card = document.createElementNS(svg, "rect");
    for (const [name, value] of Object.entries({ x, y, width: 9, height: 9, rx: 2.5 })) {
      card.setAttribute(name, String(value));
    }
    card.setAttribute("class", chosen ? "fw-mark-chosen" : "fw-mark-card");
    element.append(card);
  }
  return element;
};
