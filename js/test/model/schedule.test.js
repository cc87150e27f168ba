import assert from "node:assert/strict";
import { test } from "node:test";

import { barsPath, weights } from "../../src/model/schedule.js";

const feedbackSettings = { strength: 0.8, start: 0.25, end: 0.5, dislike_scale: 0.5, normalize: true };

test("both ends of the window belong to it, as in the engine", () => {
  const likes = weights(feedbackSettings, 8).map(({ like }) => like);
  assert.deepEqual(likes, [0, 0, 0.8, 0.8, 0.8, 0, 0, 0]);
});

test("dislikes weigh by their scale", () => {
  assert.ok(weights(feedbackSettings, 8).every(({ like, dislike }) => dislike === like * 0.5));
});

test("the path has one bar per step and stays inside its box", () => {
  assert.equal(barsPath([2, 0], { width: 10, height: 4, top: 2 }), "M0 0H5L5 4H10");
  assert.equal(barsPath([9], { width: 10, height: 4, top: 2 }), "M0 0H10");
});
