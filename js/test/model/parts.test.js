import assert from "node:assert/strict";
import { test } from "node:test";

import { gridFor, markedIn, maskOf, runsOf, steppedBox, withBox, withStroke } from "../../src/model/parts.js";
import { markedOn } from "../../src/model/votes.js";

const empty = (rows, columns) => ({ rows, columns, cells: new Uint8Array(rows * columns) });
const drawn = ({ columns, cells }) => Array.from({ length: cells.length / columns }, (_, row) => cells.slice(row * columns, (row + 1) * columns).join(""));

test("runs and cells say the same, wherever the part begins", () => {
  for (const text of ["000000", "111111", "011010", "100001", "000001"]) {
    const mask = { rows: 2, columns: 3, cells: Uint8Array.from(text, Number) };
    const part = runsOf(mask);
    assert.equal(part.runs.reduce((sum, run) => sum + run, 0), 6);
    assert.deepEqual(maskOf(part), mask, text);
  }
  assert.deepEqual(runsOf({ rows: 1, columns: 3, cells: Uint8Array.of(1, 1, 0) }).runs, [0, 2, 1]);
});

test("the grid has the picture's shape and at most 64 cells a side", () => {
  assert.deepEqual(gridFor(1), { rows: 64, columns: 64 });
  assert.deepEqual(gridFor(2), { rows: 32, columns: 64 });
  assert.deepEqual(gridFor(0.5), { rows: 64, columns: 32 });
  assert.deepEqual(gridFor(1000), { rows: 1, columns: 64 });
});

test("boxes and strokes add to what is marked", () => {
  const box = withBox(empty(3, 4), { left: 1, top: 0, right: 3, bottom: 2 });
  assert.deepEqual(drawn(box), ["0110", "0110", "0000"]);
  assert.deepEqual(drawn(withBox(box, { left: 0, top: 2, right: 1, bottom: 3 })), ["0110", "0110", "1000"]);
  const stroke = withStroke(empty(11, 40), [5, 5], [35, 5]);
  assert.deepEqual(drawn(stroke)[5].indexOf("1"), 2);
  assert.deepEqual(drawn(stroke)[5].lastIndexOf("1"), 37);
  assert.equal(drawn(stroke)[0].includes("1"), false);
  assert.ok(withStroke(empty(9, 9), [4, 4], [4, 4]).cells.includes(1), "a dab is a stroke");
});

test("a box stays in the grid, whichever way it is moved or sized", () => {
  const grid = { rows: 10, columns: 10 };
  let box = { left: 1, top: 1, right: 5, bottom: 5 };
  for (const by of ["left", "up", "up"]) box = steppedBox(box, by, false, grid);
  assert.deepEqual(box, { left: 0, top: 0, right: 4, bottom: 4 });
  for (let i = 0; i < 9; i += 1) box = steppedBox(steppedBox(box, "right", true, grid), "up", true, grid);
  assert.deepEqual(box, { left: 0, top: 0, right: 10, bottom: 2 });
  assert.deepEqual(steppedBox(box, "down", false, grid), { left: 0, top: 2, right: 10, bottom: 4 });
});

test("all that was marked of a picture is shown, on the finest of the grids", () => {
  const [coarse, fine] = ["00112233aabb", "ffeeddccbbaa"];
  const parts = { [coarse]: { rows: 1, columns: 2, runs: [1, 1] }, [fine]: { rows: 2, columns: 4, runs: [0, 1, 7] } };
  assert.equal(markedIn(parts, ["x", "x:colors"]), null);
  assert.deepEqual(drawn(markedIn(parts, [`x:${coarse}`, `x:colors:${fine}`])), ["1011", "0011"]);
  const votes = { x: 1, [`x:${coarse}`]: 1, [`x:colors:${fine}:anywhere`]: -1, "x:subject": 1, [`y:${fine}`]: 1 };
  assert.deepEqual(markedOn(votes, "x"), [coarse, `colors:${fine}:anywhere`]);
});
