// Which key does what, while the focus is inside the grid, the zoom dialog or the lens.

/**
 * @typedef {{do: "move", by: "left" | "right" | "up" | "down" | "first" | "last"}
 *   | {do: "jump", to: number} | {do: "like" | "dislike" | "clear" | "undo" | "redo" | "zoom" | "lens" | "generate" | "leave" | "help" | "more"}
 *   | {do: "nudge", steps: number}} Command
 */

/** @type {Record<string, Command>} */
const commands = {
  arrowleft: { do: "move", by: "left" },
  arrowright: { do: "move", by: "right" },
  arrowup: { do: "move", by: "up" },
  arrowdown: { do: "move", by: "down" },
  home: { do: "move", by: "first" },
  end: { do: "move", by: "last" },
  l: { do: "like" },
  k: { do: "dislike" },
  0: { do: "clear" },
  backspace: { do: "clear" },
  "+": { do: "nudge", steps: 1 },
  "=": { do: "nudge", steps: 1 },
  "-": { do: "nudge", steps: -1 },
  _: { do: "nudge", steps: -1 },
  z: { do: "undo" },
  enter: { do: "zoom" },
  i: { do: "lens" },
  g: { do: "generate" },
  escape: { do: "leave" },
  "?": { do: "help" },
  ".": { do: "more" },
  contextmenu: { do: "more" },
};

/** Commands that a key held down repeats. */
const repeatable = new Set(["move"]);

/**
 * The command of a key press, or null: keys with Ctrl, Meta or Alt belong to others.
 * @param {{key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, shiftKey?: boolean, repeat?: boolean}} event
 * @returns {Command | null}
 */
export const commandOf = (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const key = event.key.toLowerCase();
  /** @type {Command | undefined} */
  let command = Object.hasOwn(commands, key) ? commands[key] : undefined;
  if (/^[1-9]$/.test(key)) command = { do: "jump", to: Number(key) - 1 };
  if (event.shiftKey && key === "z") command = { do: "redo" };
  if (event.shiftKey && key === "f10") command = { do: "more" };
  if (!command || (event.repeat && !repeatable.has(command.do))) return null;
  return command;
};

/**
 * Where an arrow leads in a grid.
 * @param {number} at
 * @param {"left" | "right" | "up" | "down" | "first" | "last"} by
 * @param {number} count
 * @param {number} columns
 */
export const moved = (at, by, count, columns) => {
  const target = {
    left: at - 1,
    right: at + 1,
    up: at - columns,
    down: at + columns,
    first: 0,
    last: count - 1,
  }[by];
  return target >= 0 && target < count ? target : at;
};

/** What the help dialog lists. */
export const KEYS = /** @type {const} */ ([
  ["← ↑ → ↓  Home  End", "move between pictures"],
  ["1 … 9", "jump to a picture"],
  ["L", "like, or take the like back"],
  ["K", "dislike, or take the dislike back"],
  ["+  −", "stronger or weaker"],
  ["0  Backspace", "clear the vote"],
  ["Enter", "zoom"],
  ["I", "lens: what shaped the picture"],
  [".", "more for the picture"],
  ["G", "next round"],
  ["Z  Shift+Z", "undo, redo"],
  ["Esc", "leave the grid or close"],
  ["?", "this list"],
  ["Ctrl+Enter", "in the prompt: next round"],
  ["Shift+Enter", "in the prompt: new line"],
]);
