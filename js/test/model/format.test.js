import assert from "node:assert/strict";
import { test } from "node:test";

import { clampTo, duration, percent, progressLine, signed, speed } from "../../src/model/format.js";

test("durations", () => {
  assert.deepEqual([0, 0.2, 59, 60, 150, 3600, 4000, -3].map(duration), ["0 s", "1 s", "59 s", "1 min", "3 min", "1 h", "1 h 7 min", "0 s"]);
});

test("speeds turn around when they are slow", () => {
  assert.deepEqual([12.4, 1.26, 0.1].map(speed), ["12 pictures/s", "1.3 pictures/s", "10 s per picture"]);
});

test("signs are those of print", () => {
  assert.deepEqual([1, -0.25, 0, 1.5].map(signed), ["+1", "−0.25", "0", "+1.5"]);
  assert.equal(percent(0.8), "80 %");
});

test("the progress line leaves out what is not known", () => {
  assert.equal(progressLine({ step: 3, steps: 20, eta: 4.2, rate: 2 }), "Step 3 of 20 · 5 s left · 2.0 pictures/s");
  assert.equal(progressLine({ step: 0, steps: 0, eta: null, rate: null }), "");
  assert.equal(progressLine({ step: 1, steps: 2, eta: 0, rate: null }), "Step 1 of 2 · 0 s left");
});

test("numbers are brought into their range and onto their grid", () => {
  assert.equal(clampTo(99, [1, 16, 1]), 16);
  assert.equal(clampTo(2.4, [1, 16, 1]), 2);
  assert.equal(clampTo(500, [64, 2048, 8]), 504);
  assert.equal(clampTo(7.25, [0, 30, 0]), 7.25);
});
