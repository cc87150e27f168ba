import assert from "node:assert/strict";
import { test } from "node:test";

import { colourOf } from "../../src/lens/colours.js";
import { borrowed, carried, gridOf, lookOf, namedReferences, peakOf, readLens, scaleEnd, scaleStart, stepped, taken } from "../../src/lens/maps.js";
import { callLevel, callPart, callPlace, placeText, shareText } from "../../src/lens/words.js";

const facts = {
  steps: 20,
  references: [{ id: "a", strength: 1, contribution: 0.2 }, { id: "b", strength: -1, contribution: 0.1 }, { id: "c", strength: 0.5, contribution: 0 }],
  parts: [[1, 5], [6, 6]],
  levels: [{ rows: 2, columns: 3, places: [32, 48] }, { rows: 1, columns: 1, places: [8, 12] }],
  sides: ["liked", "disliked"],
};

/** Shares that sum to 1 on each side, told as the kernel tells them; each map is another one. */
const shares = (seed, cell) => {
  const [a, b, c] = [((seed * 7 + cell * 3) % 10) / 25, ((seed * 5 + cell) % 10) / 20, ((seed + cell * 2) % 10) / 25];
  return { own: { liked: 1 - a - c, disliked: 1 - b }, of: [a, b, c] };
};
const buffer = (seed, cells) => {
  const all = Array.from({ length: cells }, (_, cell) => shares(seed, cell));
  const maps = [all.map((one) => one.own.liked), all.map((one) => one.own.disliked), ...[0, 1, 2].map((index) => all.map((one) => one.of[index]))];
  // Inside something larger and at an odd place, as hosts hand it over.
  const data = new DataView(new ArrayBuffer(3 + 2 * cells * maps.length + 5), 3, 2 * cells * maps.length);
  maps.flat().forEach((share, at) => data.setUint16(2 * at, Math.round(share * 65535), true));
  return data;
};
const selections = [[null, null], [null, 0], [null, 1], [0, null], [0, 0], [0, 1], [1, null], [1, 0], [1, 1]].map(([level, part]) => ({ level, part }));
const lens = readLens(facts, selections.map(({ level }, seed) => buffer(seed, level === 1 ? 1 : 6)));

test("every map is read where the kernel put it, right to a thousandth of a per cent", () => {
  selections.forEach((selection, seed) => {
    const { rows, columns } = gridOf(lens, selection.level);
    for (let cell = 0; cell < rows * columns; cell += 1) {
      const wanted = shares(seed, cell);
      for (const { side, own, references } of taken(lens, selection, cell)) {
        assert.ok(Math.abs(own - wanted.own[side]) < 1e-5);
        for (const { index, share } of references) assert.ok(Math.abs(share - wanted.of[index]) < 1e-5);
      }
    }
  });
});

test("at every place each side sums to one", () => {
  for (const selection of selections) {
    const { rows, columns } = gridOf(lens, selection.level);
    for (let cell = 0; cell < rows * columns; cell += 1) {
      for (const { own, references } of taken(lens, selection, cell)) {
        assert.ok(Math.abs(references.reduce((sum, { share }) => sum + share, own) - 1) < 1e-4);
      }
    }
  }
});

test("what a side lent is the sum of what its references lent", () => {
  const [selection] = selections;
  const [all, a, c] = ["liked", 0, 2].map((from) => borrowed(lens, selection, from));
  all.forEach((share, cell) => assert.ok(Math.abs(share - a[cell] - c[cell]) < 1e-9));
  assert.deepEqual([...borrowed(lens, selection, "disliked")], [...borrowed(lens, selection, 1)]);
});

test("references are counted on their own side", () => {
  assert.deepEqual(namedReferences(facts).map(({ side, number }) => `${side} ${number}`), ["liked 1", "disliked 1", "liked 2"]);
});

test("the scale ends above every share, at a round number", () => {
  for (let share = 0; share <= 1; share += 0.013) {
    assert.ok(scaleEnd(share) >= share);
    assert.equal(Math.round(scaleEnd(share) * 100), scaleEnd(share) * 100);
  }
  assert.equal(scaleEnd(0), 0.01);
});

test("the scale begins at 0, or below every share where all are alike", () => {
  for (let most = 0; most <= 1; most += 0.013) {
    for (let least = 0; least <= most; least += 0.013) {
      const end = scaleEnd(most);
      const start = scaleStart(least, end);
      assert.ok(start >= 0 && start <= least && start < end);
      assert.ok(start === 0 || least > end / 2);
    }
  }
  assert.equal(scaleStart(0.39, 0.5), 0.35);
  assert.equal(scaleStart(0.2, 0.5), 0);
});

test("arrows stay in the grid, Home and End in the row", () => {
  const grid = { rows: 2, columns: 3 };
  assert.deepEqual(["left", "right", "up", "down", "first", "last"].map((by) => stepped(4, by, grid)), [3, 5, 1, 4, 3, 5]);
  for (const by of ["left", "up", "first"]) assert.equal(stepped(0, by, grid), 0);
  for (const by of ["right", "down", "last"]) assert.equal(stepped(5, by, grid), 5);
});

test("a place stays where it is when the grid becomes finer or coarser", () => {
  const [fine, coarse] = [{ rows: 8, columns: 8 }, { rows: 4, columns: 4 }];
  for (let cell = 0; cell < 16; cell += 1) assert.equal(carried(carried(cell, coarse, fine), fine, coarse), cell);
  assert.equal(carried(63, fine, coarse), 15);
});

test("a look is cut out of all looks, wherever they lie in memory", () => {
  const bytes = Uint8Array.from({ length: 2 + 12 }, (_, at) => at);
  const look = lookOf(new DataView(bytes.buffer, 2, 12), 1, { rows: 2, columns: 3 });
  assert.deepEqual([...look], [8, 9, 10, 11, 12, 13]);
  assert.equal(peakOf(look), 5);
});

test("more is lighter, and the ends are the ends", () => {
  const light = (value) => colourOf(value).reduce((sum, channel, at) => sum + channel * [0.2126, 0.7152, 0.0722][at], 0);
  for (let at = 1; at <= 20; at += 1) assert.ok(light(at / 20) > light((at - 1) / 20));
  assert.deepEqual(colourOf(7), colourOf(1));
  assert.deepEqual(colourOf(-1), colourOf(0));
});

test("shares, places, steps and levels in words", () => {
  assert.deepEqual([0, 0.0004, 0.0832, 0.0996, 0.304, 1].map(shareText), ["0 %", "0 %", "8.3 %", "10 %", "30 %", "100 %"]);
  assert.equal(callPlace(5, 3), "Row 2, column 3");
  assert.deepEqual([null, 0, 1].map((part) => callPart(facts, part)), ["all steps", "steps 1–5 of 20", "step 6 of 20"]);
  assert.deepEqual([null, 0, 1].map((level) => callLevel(facts, level)), ["all levels", "32 × 48, fine", "8 × 12, coarse"]);
  const liked = { side: "liked", own: 0.62, references: [{ side: "liked", number: 1, share: 0.3, index: 0 }, { side: "liked", number: 2, share: 0.08, index: 2 }] };
  const disliked = { side: "disliked", own: 0.9, references: [{ side: "disliked", number: 1, share: 0.1, index: 1 }] };
  assert.equal(placeText("Row 3, column 5", [liked]), "Row 3, column 5: 62 % own, 30 % like 1, 8 % like 2");
  assert.equal(placeText("Row 3, column 5", [liked, disliked]), "Row 3, column 5: with the likes 62 % own, 30 % like 1, 8 % like 2; with the dislikes 90 % own, 10 % dislike 1");
});
