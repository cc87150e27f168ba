import assert from "node:assert/strict";
import { test } from "node:test";

import { because, namesOf, rated, strengthOf, toggled, votesOn, withVote } from "../../src/model/votes.js";

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
  assert.deepEqual(namesOf({ a: 1, b: -1, c: 0.5 }, 1), ["c", "a"]);
});

test("a picture is rated with all that was said of it; what was said against it stays", () => {
  assert.deepEqual(rated({}, "a", 0.25), { a: 0.25 });
  assert.deepEqual(rated({ a: 0.25 }, "a", 0), {});
  assert.deepEqual(rated({ "a:form": 1, "a:colors": 1, "a:x": -1, b: 1 }, "a", 2), { "a:form": 2, "a:colors": 2, "a:x": -1, b: 1 });
  assert.deepEqual(rated({ "a:x": -1, "a:form": 1, "a:colors": 1, b: 1 }, "a", 2), { "a:x": -1, "a:form": 2, "a:colors": 2, b: 1 });
  assert.deepEqual(rated({ "a:colors": 1, "a:x": -1, b: 1 }, "a", 0), { b: 1 });
  assert.deepEqual(rated({ "a:colors": 1 }, "a", -1), { "a:colors": -1 });
  const votes = { a: 2 };
  assert.equal(rated(votes, "a", 2.5), votes);
});

test("a reason narrows a like, several stand together, and without any all of it counts", () => {
  const narrowed = because({ a: 1.5, b: 1 }, "a", "colors");
  assert.deepEqual(narrowed, { b: 1, "a:colors": 1.5 });
  const both = because(narrowed, "a", "subject");
  assert.deepEqual(both, { b: 1, "a:colors": 1.5, "a:subject": 1.5 });
  const one = because(both, "a", "colors");
  assert.deepEqual(one, { b: 1, "a:subject": 1.5 });
  assert.deepEqual(because(one, "a", "subject"), { b: 1, a: 1.5 });
});

test("a reason is a like by itself, and one of a dislike is a dislike", () => {
  assert.deepEqual(because({}, "a", "form"), { "a:form": 1 });
  assert.deepEqual(because({ a: -0.5 }, "a", "form"), { "a:form": -0.5 });
  assert.deepEqual(because({ "a:x": -1, "a:form": 1 }, "a", "form"), { "a:x": -1, a: 1 });
});

test("a thumb takes back its side of a picture, or speaks of all of it", () => {
  assert.deepEqual(toggled({ "a:colors": 1, "a:form": 1, "a:x": -1 }, "a", 1), { "a:x": -1 });
  assert.deepEqual(toggled({ "a:colors": 1, "a:form": 1, b: 1 }, "a", -1), { b: 1, a: -1 });
});

test("names of pictures that begin alike are not mixed up", () => {
  const votes = { ab: 1, "ab:colors": 1, a: 0.5 };
  assert.deepEqual(votesOn(votes, "a"), ["a"]);
  assert.equal(strengthOf(votes, "b"), 0);
  assert.equal(strengthOf({ "ab:colors": -1, "ab:form": 1 }, "ab"), 1);
  assert.equal(strengthOf({ ab: 0.5, "ab:form": 1 }, "ab"), 0.5);
});

test("names of the language's own objects are not votes", () => {
  assert.equal(strengthOf({}, "constructor"), 0);
});
