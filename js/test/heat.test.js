import assert from "node:assert/strict";
import { test } from "node:test";

import { colourOf, pixelsOf } from "../src/heat.js";

/** Relative luminance, as WCAG defines it. */
const luminance = (colour) => {
  const [r, g, b] = colour.map((one) => {
    const c = one / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

test("more is lighter, also for who sees no colours", () => {
  const steps = Array.from({ length: 101 }, (_, i) => luminance(colourOf(i / 100)));
  assert.ok(steps.every((one, i) => i === 0 || one > steps[i - 1]));
});

test("values beyond the range get the colours of its ends", () => {
  assert.deepEqual(colourOf(-1), colourOf(0));
  assert.deepEqual(colourOf(2), colourOf(1));
});

test("a map has one pixel for each value, and more hides more of the picture", () => {
  const pixels = pixelsOf([0, 0.5, 1], 1);
  assert.equal(pixels.length, 12);
  assert.ok(pixels[3] < pixels[7] && pixels[7] < pixels[11]);
  assert.deepEqual([...pixels.slice(8, 11)], colourOf(1));
});

test("a map of nothing has no heat", () => {
  assert.deepEqual([...pixelsOf([0], 0).slice(0, 3)], colourOf(0));
});
