// Bundles src/ into the package's static folder: of each widget one module and one style sheet, and
// one of each for what is opened now and then.
// `node js/build.mjs --verify` builds elsewhere and fails if the committed files differ.
import { build } from "esbuild";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const committed = join(here, "..", "fabric_widget", "static");
/** The most each file may weigh, in bytes, and compressed: they travel with every widget that is opened. */
const limits = {
  "widget.js": [75_000, 25_000],
  "widget.css": [27_000, 6_000],
  "widget-tools.js": [38_000, 16_000],
  "widget-tools.css": [6_000, 2_000],
  "playground.js": [40_000, 15_500],
  "playground.css": [20_000, 5_000],
};

/**
 * Long names that parts only hand to one another: nothing outside the bundles reads them. The widget
 * and its tools hand them to each other too, so both must have the same short ones.
 */
const shortNames = Object.fromEntries(
  [
    "objectUrls", "pictureStore", "viewState", "setTabStop", "focusCard", "focusNext", "openMenu", "savePreset",
    "deletePreset", "dismissFailure", "dismissNotice", "expectVote", "keepPolling", "fetchTools", "kernelBusy", "moreLike",
  ].map((name, at) => [name, `$${at.toString(36)}`]),
);

const bundle = (outdir) =>
  build({
    absWorkingDir: here,
    entryPoints: { widget: "src/index.js", "widget-tools": "src/tools/index.js", playground: "src/playground/index.js" },
    outdir,
    bundle: true,
    format: "esm",
    minify: true,
    mangleProps: new RegExp(`^(${Object.keys(shortNames).join("|")})$`),
    mangleCache: shortNames,
    charset: "utf8",
    legalComments: "none",
    target: ["es2022", "chrome123", "firefox121", "safari17.5"],
    logLevel: "warning",
  }).then(() =>
    build({
      absWorkingDir: here,
      entryPoints: { widget: "src/styles/widget.css", "widget-tools": "src/styles/tools.css", playground: "src/styles/playground.css" },
      outdir,
      bundle: true,
      minify: true,
      charset: "utf8",
      target: ["chrome123", "firefox121", "safari17.5"],
      logLevel: "warning",
    }),
  );

const verify = process.argv.includes("--verify");
const out = verify ? await mkdtemp(join(tmpdir(), "widget-")) : committed;
try {
  await bundle(out);
  for (const [name, [limit, compressedLimit]] of Object.entries(limits)) {
    const built = await readFile(join(out, name));
    const compressed = gzipSync(built).length;
    const sizes = `${name}: ${built.length} bytes, ${compressed} compressed`;
    if (built.length > limit || compressed > compressedLimit) {
      throw new Error(`${sizes}; at most ${limit} and ${compressedLimit} are allowed`);
    }
    if (!verify) {
      console.log(sizes);
    } else if (!built.equals(await readFile(join(committed, name)).catch(() => Buffer.alloc(0)))) {
      throw new Error(
        `fabric_widget/static/${name} is not what js/src makes: run "npm run build" and commit it`,
      );
    }
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  if (verify) await rm(out, { recursive: true });
}
