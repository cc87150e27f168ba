// Which key does what, while the focus is inside the grid, the zoom dialog or the lens.

import { STEP, strengthOf } from "../model/votes.js";

/**
 * @typedef {{do: "move", by: "left" | "right" | "up" | "down" | "first" | "last"}
 *   | {do: "jump", to: number} | {do: "like" | "dislike" | "clear" | "undo" | "redo" | "zoom" | "lens" | "generate" | "leave" | "help" | "more" | "moreLike" | "part" | "star" | "compare"}
 *   | {do: "why", why: string}
 *   | {do: "nudge", steps: number}} Command
 */

/** What of a picture may count, each by its first letter. */
export const WHYS = ["colors", "form", "subject", "background"];

/** Those that work only where the model tells them apart. */
export const SUBJECTS = ["subject", "background"];

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
  "*": { do: "star" },
  t: { do: "compare" },
  z: { do: "undo" },
  enter: { do: "zoom" },
  i: { do: "lens" },
  n: { do: "moreLike" },
  p: { do: "part" },
  g: { do: "generate" },
  escape: { do: "leave" },
  "?": { do: "help" },
  ".": { do: "more" },
  contextmenu: { do: "more" },
  ...Object.fromEntries(WHYS.map((why) => [why[0], { do: "why", why }])),
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
 * Do what a key says about a picture's votes; false if it says something else.
 * @param {Command} command
 * @param {string | undefined} id
 * @param {import("../model/types.js").Act} act
 * @param {import("../model/types.js").Votes} votes
 */
export const voteByKey = (command, id, act, votes) => {
  switch (command.do) {
    case "like":
    case "dislike":
      if (id) act[command.do](id);
      return true;
    case "clear":
      if (id) act.rate(id, 0);
      return true;
    case "nudge":
      if (id) act.rate(id, strengthOf(votes, id) + command.steps * STEP);
      return true;
    case "why":
      if (id) act.because(id, command.why);
      return true;
    case "star":
      if (id) act.star(id);
      return true;
    case "undo":
    case "redo":
      act.travel(command.do);
      return true;
  }
  return false;
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
