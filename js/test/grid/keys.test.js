import assert from "node:assert/strict";
import { test } from "node:test";

import { commandOf, moved } from "../../src/grid/keys.js";

const press = (key, more = {}) => commandOf({ key, ...more })?.do ?? null;

test("letters work in both cases, Shift+Z redoes", () => {
  assert.equal(press("l"), "like");
  assert.equal(press("K"), "dislike");
  assert.equal(press("z"), "undo");
  assert.equal(press("Z", { shiftKey: true }), "redo");
  assert.equal(press("?", { shiftKey: true }), "help");
  assert.equal(press("I"), "lens");
});

test("the first letter of what may count says that it does", () => {
  const said = ["c", "F", "s", "B"].map((key) => commandOf({ key }));
  assert.deepEqual(said, ["colors", "form", "subject", "background"].map((why) => ({ do: "why", why })));
  assert.equal(press("c", { ctrlKey: true }), null);
  assert.equal(press("c", { repeat: true }), null);
});

test("digits jump, 0 clears", () => {
  assert.deepEqual(commandOf({ key: "1" }), { do: "jump", to: 0 });
  assert.deepEqual(commandOf({ key: "9" }), { do: "jump", to: 8 });
  assert.equal(press("0"), "clear");
  assert.equal(press("Backspace"), "clear");
});

test("keys with Ctrl, Meta or Alt are left alone", () => {
  for (const modifier of ["ctrlKey", "metaKey", "altKey"]) assert.equal(press("l", { [modifier]: true }), null);
});

test("a key held down moves on, and votes once", () => {
  assert.equal(press("ArrowRight", { repeat: true }), "move");
  assert.equal(press("l", { repeat: true }), null);
  assert.equal(press("g", { repeat: true }), null);
});

test("the notebook's own command keys mean nothing here", () => {
  for (const key of ["d", "a", "x", "m", "v", "constructor"]) assert.equal(press(key), null);
});

test("a star and a comparison have keys", () => {
  assert.equal(press("*"), "star");
  assert.equal(press("t"), "compare");
  assert.equal(press("n"), "moreLike");
});

test("arrows stay inside the grid", () => {
  assert.equal(moved(0, "left", 4, 2), 0);
  assert.equal(moved(0, "right", 4, 2), 1);
  assert.equal(moved(1, "down", 4, 2), 3);
  assert.equal(moved(3, "down", 4, 2), 3);
  assert.equal(moved(1, "down", 3, 2), 1);
  assert.equal(moved(2, "up", 4, 2), 0);
  assert.equal(moved(2, "first", 4, 2), 0);
  assert.equal(moved(0, "last", 4, 2), 3);
});
