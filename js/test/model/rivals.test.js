import assert from "node:assert/strict";
import { test } from "node:test";
import { rivalsOf } from "../../src/model/votes.js";

/** @param {Record<string, number>} votes @param {string[]} starred */
const rivals = (votes, starred) => rivalsOf(/** @type {any} */ ({ votes, starred }), "a", ["a", "b", "c"]);

test("likes come first, then stars, each newest first, then the neighbours, never the picture itself", () => {
  assert.deepEqual(rivals({}, []), ["b", "c"]);
  assert.deepEqual(rivals({}, ["d", "b", "a"]), ["b", "d", "c"]);
  const [first, ...others] = rivals({ "x:colors": 1, y: 2, a: 1, c: -1 }, ["d"]);
  assert.ok(["x", "y"].includes(first));
  assert.deepEqual([first, ...others].sort(), ["b", "c", "d", "x", "y"]);
});
