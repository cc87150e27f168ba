import assert from "node:assert/strict";
import { test } from "node:test";
import { createToolbox, createToolLoader, importText } from "../../src/model/toolbox.js";

const bytes = (/** @type {string} */ text) => new TextEncoder().encode(text);
const answer = (script = "export const made = 1;") => ({ buffers: [bytes(script), bytes(".a{}")] });

/** @param {() => Promise<any>} ask @param {any} [toolbox] */
const loaderOf = (ask, toolbox = createToolbox()) => {
  /** @type {[any, string][]} */
  const equipped = [];
  const loader = createToolLoader({ toolbox, ask, equip: (tools, css) => equipped.push([tools, css]) });
  return { loader, equipped };
};

test("tools are asked for once, however often they are wanted", async () => {
  let asked = 0;
  const { loader, equipped } = loaderOf(async () => (asked++, answer()));
  assert.equal(loader.ready, false);
  await Promise.all([loader.load(), loader.load()]);
  await loader.load();
  assert.deepEqual([asked, equipped.length, equipped[0][0].made, equipped[0][1], loader.ready], [1, 1, 1, ".a{}", true]);
});

test("what one view has, others need not ask for", async () => {
  const toolbox = createToolbox();
  await loaderOf(async () => answer(), toolbox).loader.load();
  const { loader, equipped } = loaderOf(() => assert.fail("asked"), toolbox);
  await loader.load();
  assert.equal(equipped[0][0].made, 1);
});

test("after a failure they may be asked for again", async () => {
  let fails = true;
  const { loader, equipped } = loaderOf(async () => {
    if (fails) throw new Error("the kernel is gone");
    return answer();
  });
  await assert.rejects(loader.load(), /the kernel is gone/);
  assert.deepEqual([loader.ready, equipped.length], [false, 0]);
  fails = false;
  await loader.load();
  assert.deepEqual([loader.ready, equipped.length], [true, 1]);
});

test("where a module may not come from a blob it comes from its own text", async () => {
  // Node imports no blobs either.
  const { text } = await importText("export const text = 'a % b # c \\u00d7 ×';");
  assert.equal(text, "a % b # c × ×");
});

test("where it may come from neither, that is said", async () => {
  await assert.rejects(importText("this is no module"), /^Error: This page does not let the widget load it: /);
});
