import assert from "node:assert/strict";
import { test } from "node:test";

import { cellOf, floatsOf, gateOf, logit, looksAt, mapOf, moved, placeOf, signedNumber } from "../../src/model/gate.js";

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
const grid = { rows: 3, columns: 5 };

test("the numbers of a place fulfil the formula", () => {
  for (const weight of [0.05, 0.8, 1, 2]) {
    for (const share of [0.001, 0.25, 0.5, 0.9]) {
      const { odds, logWeight } = gateOf(share, weight);
      assert.ok(Math.abs(sigmoid(odds + logWeight) - share) < 1e-12);
      assert.ok(Math.abs(logWeight - Math.log(weight)) < 1e-12);
    }
  }
});

test("at weight 1 the log-odds of the share are those of the keys", () => {
  assert.equal(gateOf(0.3, 1).odds, logit(0.3));
});

test("at weight 0 nothing can be said of the keys", () => {
  assert.deepEqual(gateOf(0, 0), { share: 0, logWeight: -Infinity, odds: NaN });
  assert.equal(signedNumber(NaN), "?");
  assert.equal(signedNumber(-Infinity), "−∞");
});

test("numbers are read with their sign, and nothing is a negative nothing", () => {
  assert.deepEqual([-1.234, -0.001, 0, 2].map(signedNumber), ["−1.23", "0.00", "0.00", "2.00"]);
});

test("every cell is found again from its middle, and the edges belong to the outer cells", () => {
  for (let row = 0; row < grid.rows; row += 1) {
    for (let column = 0; column < grid.columns; column += 1) {
      assert.deepEqual(cellOf(placeOf({ row, column }, grid), grid), { row, column });
    }
  }
  assert.deepEqual(cellOf({ x: 1, y: 1 }, grid), { row: 2, column: 4 });
  assert.deepEqual(cellOf({ x: -0.1, y: -0.1 }, grid), { row: 0, column: 0 });
});

test("keys move by a cell and stop at the edges", () => {
  const to = (key, row, column) => {
    const place = moved(key, placeOf({ row, column }, grid), grid);
    return place && cellOf(place, grid);
  };
  assert.deepEqual(to("ArrowRight", 1, 1), { row: 1, column: 2 });
  assert.deepEqual(to("ArrowUp", 1, 1), { row: 0, column: 1 });
  assert.deepEqual(to("ArrowUp", 0, 1), { row: 0, column: 1 });
  assert.deepEqual(to("End", 1, 1), { row: 1, column: 4 });
  assert.deepEqual(to("PageDown", 1, 1), { row: 2, column: 1 });
  assert.equal(to("a", 1, 1), null);
  assert.equal(to("toString", 1, 1), null);
});

test("maps are found by what they are means over", () => {
  const maps = [{ level: null, part: null }, { level: 0, part: null }, { level: 0, part: 1 }];
  assert.equal(mapOf({ maps }, { level: -1, part: -1 }), maps[0]);
  assert.equal(mapOf({ maps }, { level: 0, part: 1 }), maps[2]);
  assert.equal(mapOf({ maps }, { level: 4, part: 1 }), null);
  assert.equal(mapOf({}, { level: -1, part: -1 }), null);
});

test("numbers are read from bytes wherever they begin", () => {
  const bytes = new Uint8Array(11);
  bytes.set(new Uint8Array(new Float32Array([0.5, 2]).buffer), 3);
  assert.deepEqual([...floatsOf(new DataView(bytes.buffer, 3, 8))], [0.5, 2]);
  assert.deepEqual([...floatsOf(bytes.slice(3).buffer)], [0.5, 2]);
});

test("a place knows where it looked most", () => {
  const looks = { rows: 2, columns: 2, data: new Uint8Array([0, 1, 255, 3, 0, 0, 0, 0]) };
  const pair = { rows: 1, columns: 2 };
  const seen = looksAt(looks, { x: 0.2, y: 0.5 }, pair);
  assert.deepEqual([...seen.values], [0, 1, 255, 3]);
  assert.deepEqual(seen.most, { row: 1, column: 0 });
  assert.equal(looksAt(looks, { x: 0.8, y: 0.5 }, pair).most, null);
});
