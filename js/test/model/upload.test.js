import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted, inMessages, refusal } from "../../src/model/upload.js";

test("what is not a picture is refused by name", () => {
  assert.match(refusal({ name: "notes.txt", type: "text/plain", size: 5 }), /^notes\.txt is not a picture/);
  assert.match(refusal({ name: "notes", type: "", size: 5 }), /not a picture/);
  assert.match(refusal({ name: "empty.png", type: "image/png", size: 0 }), /empty/);
  assert.match(refusal({ name: "big.png", type: "image/png", size: 1e9 }), /larger than 80 MB/);
  assert.equal(refusal({ name: "a.png", type: "image/png", size: 5 }), "");
  assert.equal(refusal({ name: "a.JPG", type: "", size: 5 }), "");
});

test("the longest side is bounded and the shape is kept", () => {
  assert.deepEqual(fitted(3072, 1536), { width: 1536, height: 768 });
  assert.deepEqual(fitted(64, 32), { width: 64, height: 32 });
  assert.deepEqual(fitted(20000, 1), { width: 1536, height: 1 });
});

test("files travel in messages that stay small", () => {
  const file = (name, size) => ({ name, bytes: new ArrayBuffer(size) });
  const groups = inMessages([file("a", 10), file("b", 10), file("c", 1_500_000), file("d", 1)]);
  assert.deepEqual(groups.map((group) => group.map(({ name }) => name)), [["a", "b"], ["c"], ["d"]]);
  assert.deepEqual(inMessages([]), []);
});
