import assert from "node:assert/strict";
import { test } from "node:test";

test("modules that share a page make different ids", async () => {
  const modules = await Promise.all([1, 2, 3].map((at) => import(`../../src/dom/elements.js?${at}`)));
  const ids = modules.flatMap(({ freshId }) => [freshId(), freshId()]);
  assert.equal(new Set(ids).size, ids.length);
});
