import assert from "node:assert/strict";
import { test } from "node:test";

import { aboutOf, announcement, inSentence, nameOf, shortNameOf, viewStateOf } from "../../src/model/view-state.js";

const past = (index) => ({ index, prompt: `p${index}`, images: [{ id: `a${index}`, seed: index }, { id: `b${index}`, seed: index + 1 }], width: 64, height: 64 });
const traits = (more = {}) => ({ votes: {}, round: past(1), history: [past(0), past(1)], uploads: [], status: { phase: "ready", count: 2 }, ...more });
const local = (more = {}) => ({ pinned: null, arrived: false, connection: "live", notices: [], dismissed: "", hidden: new Set(), previews: { job: 0, pictures: new Map() }, ...more });

test("the newest round is shown, or the one that the person looks at", () => {
  assert.equal(viewStateOf(traits(), local()).shown.index, 1);
  assert.equal(viewStateOf(traits(), local({ pinned: 0 })).shown.index, 0);
  assert.equal(viewStateOf(traits(), local({ pinned: 7 })).shown.index, 1);
});

test("a round that is being made takes the grid, unless the person looks at another", () => {
  const running = traits({ status: { phase: "running", count: 4, width: 64, height: 96 } });
  assert.deepEqual(viewStateOf(running, local()).forming, { count: 4, width: 64, height: 96, number: 3 });
  assert.equal(viewStateOf(running, local({ pinned: 1 })).forming, null);
  assert.equal(viewStateOf(running, local({ pinned: 1 })).making, true);
});

test("loading the model alone forms no round", () => {
  assert.equal(viewStateOf(traits({ status: { phase: "loading", count: 0, job: 0 } }), local()).forming, null);
});

test("without a kernel nothing is under way", () => {
  const viewState = viewStateOf(traits({ status: { phase: "running", count: 4 } }), local({ connection: "closed" }));
  assert.equal(viewState.phase, "ready");
  assert.equal(viewState.busy, false);
  assert.equal(viewState.shown.index, 1);
});

test("a model without status is idle", () => {
  const viewState = viewStateOf(traits({ round: null, history: [], status: {} }), local());
  assert.deepEqual([viewState.phase, viewState.shown, viewState.coming], ["idle", null, 1]);
});

test("the live region speaks of phases, not of steps", () => {
  const say = (status) => announcement(viewStateOf(traits({ status }), local()));
  assert.equal(say({ phase: "running", count: 4, step: 1 }), say({ phase: "running", count: 4, step: 2 }));
  assert.equal(say({ phase: "ready" }), "Round 2 is ready: 2 pictures");
});

test("voted pictures are called by their round, their file or their id", () => {
  const all = traits({ uploads: [{ id: "u", name: "Rounds of cats.png" }] });
  assert.deepEqual(nameOf(all, "b0"), { label: "Round 1, picture 2", seed: 1 });
  assert.equal(nameOf(all, "u").label, "Rounds of cats.png");
  assert.equal(nameOf(all, "0123456789ab").label, "Picture 0123");
  assert.equal(inSentence("Round 1, picture 2"), "round 1, picture 2");
  assert.equal(inSentence("Rounds of cats.png"), "Rounds of cats.png");
});

test("a look at a picture leaves the grid as it is, and is announced", () => {
  const status = { phase: "running", count: 0, job: 3, look: "a1", message: "Looking at picture 1 of round 2." };
  const viewState = viewStateOf(traits({ status }), local());
  assert.equal(viewState.forming, null);
  assert.equal(viewState.busy, true);
  assert.equal(announcement(viewState), status.message);
});

test("a picture's short name leaves out the round before", () => {
  const known = traits({ uploads: [{ id: "u", name: "cat.png" }, { id: "v", name: "" }] });
  const named = (id, index) => shortNameOf(known, { ...past(index) }, id);
  assert.equal(named("b0", 1), "picture 2");
  assert.equal(named("a0", 2), "picture 1 of round 1");
  assert.equal(named("u", 1), "cat.png");
  assert.equal(named("v", 1), "your picture");
  assert.equal(named("gone", 1), "your picture");
});

test("a vote is called after what it is about", () => {
  const traits = { round: { index: 1, images: [{ id: "a", seed: 3 }, { id: "b", seed: 4 }] }, history: [], uploads: [{ id: "c", name: "cat.png" }] };
  const called = (vote) => aboutOf(traits, vote).about;
  assert.equal(called("b"), "Round 2, picture 2");
  assert.equal(called("b:colors"), "Colors of round 2, picture 2");
  assert.equal(called("b:form:subject:anywhere"), "Form of the subject of round 2, picture 2");
  assert.equal(called("c:background"), "The background of cat.png");
  assert.equal(called("c"), "cat.png");
  assert.equal(called("b:0123456789ab"), "A part of round 2, picture 2");
  const { id, label, called: sentence, seed } = aboutOf(traits, "a:form");
  assert.deepEqual([id, label, sentence, seed], ["a", "Round 2, picture 1", "form of round 2, picture 1", 3]);
});
