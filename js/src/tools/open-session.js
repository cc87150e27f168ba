// A session file on its way to the kernel: in pieces, each acknowledged, with a bar and a Cancel.
// Whether it can be taken, and what is wrong with it, the kernel says.

import { button, h, set, setDisabled, setText, show } from "../dom/elements.js";

/**
 * How much of a file has been sent, in a unit that suits its size.
 * @param {number} sent  in bytes
 * @param {number} size
 */
const transferred = (sent, size) => {
  const [bytes, unit] = size < 1e6 ? [1e3, "kB"] : [1e6, "MB"];
  return `${(sent / bytes).toFixed(1)} of ${(size / bytes).toFixed(1)} ${unit}`;
};

/**
 * @param {object} props
 * @param {import("../model/types.js").Request} props.request  what the kernel refuses is told
 * @param {(text: string) => void} props.notice
 * @param {() => void} props.leave  where the focus goes when this is gone
 */
export const openSessionPart = ({ request, notice, leave }) => {
  /** The file that is sent. @type {{name: string, stopped: boolean} | null} */
  let sending = null;
  const words = h("strong", { role: "status" });
  const facts = h("span", { class: "fw-soft" });
  const progress = h("progress", { class: "fw-progress", "aria-label": "Sent", max: 1 });
  const gone = () => {
    if (el.contains(/** @type {ShadowRoot} */ (el.getRootNode()).activeElement)) leave();
    show(el, false);
    setText(words, "");
    sending = null;
  };
  const cancel = button({ label: "Cancel" }, () => {
    if (sending) sending.stopped = true;
    gone();
  });
  const el = h("section", { class: "fw-offer fw-sending", "aria-label": "A session is opened", hidden: true },
    h("div", {}, words, " ", facts), h("div", { class: "fw-track" }, progress), h("div", { class: "fw-row" }, cancel));

  /**
   * @param {File} file
   * @param {{name: string, stopped: boolean}} mine
   */
  const send = async (file, mine) => {
    const { name, size } = file;
    const begun = await request({ type: "open_file", name, size });
    if (!begun) return;
    const { file: number, piece } = begun.message;
    for (let index = 0; index * piece < size; index += 1) {
      const sent = index * piece;
      setText(facts, transferred(sent, size));
      set(progress, { value: sent / size });
      const bytes = await file.slice(sent, sent + piece).arrayBuffer().catch((/** @type {Error} */ error) => {
        notice(`${name} cannot be read: ${error.message}`);
        return null;
      });
      if (mine.stopped || !bytes) return void request({ type: "open_cancel", file: number });
      if (!(await request({ type: "open_piece", file: number, index }, [bytes]))) return;
    }
    if (mine.stopped) return void request({ type: "open_cancel", file: number });
    setText(facts, "");
    set(progress, { value: null });
    setDisabled(cancel, true);
    await request({ type: "open_whole", file: number });
  };

  return {
    el,
    /** @param {File[]} files */
    async take([file, ...others]) {
      if (sending) return notice(`${sending.name} is being opened: wait for it, or cancel it.`);
      if (others.length) notice(`One session at a time: ${file.name} is opened, not ${others.map(({ name }) => name).join(", ")}.`);
      const mine = (sending = { name: file.name, stopped: false });
      setDisabled(cancel, false);
      setText(facts, "");
      set(progress, { value: null });
      show(el, true);
      setText(words, `Opening ${file.name}`);
      try {
        await send(file, mine);
      } finally {
        if (sending === mine) gone();
      }
    },
  };
};
