// The tools that are opened now and then: their module and their style sheet come over the kernel's
// comm when they are first wanted, and stay. No network: the page imports the text that it was sent.

/** @typedef {import("./types.js").Bytes} Bytes */
/** @typedef {typeof import("../tools/index.js")} Tools */
/** @typedef {{tools: Tools | null, css: string}} Toolbox  of all views of a widget */

/** @returns {Toolbox} */
export const createToolbox = () => ({ tools: null, css: "" });

/** @param {Bytes} bytes */
const textOf = (bytes) => new TextDecoder().decode(bytes);

/**
 * Import a module from its text, by the ways that a page may allow.
 * @param {string} text
 * @returns {Promise<any>} fails if it allows none
 */
export const importText = async (text) => {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await import(url);
  } catch {
    try {
      return await import(`data:text/javascript,${encodeURIComponent(text)}`);
    } catch (error) {
      throw new Error(`This page does not let the widget load it: ${/** @type {Error} */ (error).message}`);
    }
  } finally {
    URL.revokeObjectURL(url);
  }
};

/**
 * What one view does to have the tools.
 * @param {object} props
 * @param {Toolbox} props.toolbox
 * @param {() => Promise<{buffers: Bytes[]}>} props.ask  the kernel, for the module and its style sheet
 * @param {(tools: Tools, css: string) => void} props.equip  called once, with the tools
 */
export const createToolLoader = ({ toolbox, ask, equip }) => {
  /** @type {Promise<void> | null} */
  let loading = null;
  const load = async () => {
    if (!toolbox.tools) {
      const [script, css] = (await ask()).buffers;
      toolbox.tools = await importText(textOf(script));
      toolbox.css = textOf(css);
    }
    equip(/** @type {Tools} */ (toolbox.tools), toolbox.css);
    loader.ready = true;
  };
  const loader = {
    ready: false,
    /** The tools, asked for once; after a failure they may be asked for again. */
    load: () =>
      (loading ??= load().catch((error) => {
        loading = null;
        throw error;
      })),
  };
  return loader;
};
