import assert from "node:assert/strict";
import { test } from "node:test";

import { nudged, strengthOf, toggled, votedIds, withVote } from "../../src/model/votes.js";

test("a vote is a new object; the old one stays as it was", () => {
  const before = Object.freeze({ a: 1 });
  assert.deepEqual(withVote(before, "b", -1), { a: 1, b: -1 });
  assert.deepEqual(before, { a: 1 });
});

test("strength 0 is no vote, and an unchanged vote is the same object", () => {
  assert.deepEqual(withVote({ a: 1, b: 1 }, "a", 0), { b: 1 });
  const votes = { a: 1 };
  assert.equal(withVote(votes, "a", 1), votes);
  assert.equal(withVote(votes, "x", 0), votes);
});

test("strengths keep to the scale", () => {
  assert.equal(withVote({}, "a", 7).a, 2);
  assert.equal(withVote({}, "a", -7).a, -2);
  assert.equal(withVote({}, "a", 0.6).a, 0.5);
  assert.ok(!("a" in withVote({}, "a", -0.1)));
});

test("like and dislike exclude each other, and a second press takes the vote back", () => {
  assert.deepEqual(toggled({}, "a", 1), { a: 1 });
  assert.deepEqual(toggled({ a: 1 }, "a", -1), { a: -1 });
  assert.deepEqual(toggled({ a: 1.5 }, "a", 1), {});
});

test("the order is that of the votes: a changed strength keeps its place, a changed mind does not", () => {
  const votes = { a: 1, b: 1 };
  assert.deepEqual(Object.keys(withVote(votes, "a", 2)), ["a", "b"]);
  assert.deepEqual(Object.keys(toggled(votes, "a", -1)), ["b", "a"]);
  assert.deepEqual(votedIds({ a: 1, b: -1, c: 0.5 }, 1), ["c", "a"]);
});

test("a nudge passes through no vote", () => {
  assert.equal(strengthOf(nudged({}, "a", 1), "a"), 0.25);
  assert.deepEqual(nudged({ a: 0.25 }, "a", -1), {});
  assert.equal(nudged({ a: 2 }, "a", 1).a, 2);
});

test("names of the language's own objects are not votes", () => {
  assert.equal(strengthOf({}, "constructor"), 0);
});
