// Requests to the kernel, and what people are told if it refuses one.

const KEPT = 5;

/**
 * @param {object} props
 * @param {{connection: import("./types.js").Connection, notices: import("./types.js").Notice[]}} props.local
 * @param {ReturnType<typeof import("./kernel-link.js").createKernelLink>} props.link
 * @param {AbortSignal} props.signal
 * @param {() => void} props.changed  there is a new notice
 */
export const createRequests = ({ local, link, signal, changed }) => {
  let ids = 0;

  /**
   * @param {string} text
   * @param {string} [made]  the name of an upload that says what it was made from
   */
  const notice = (text, made) => {
    ids += 1;
    local.notices = [...local.notices.slice(1 - KEPT), { id: ids, text, made }];
    changed();
  };

  /**
   * Send a request; if the kernel refuses it, say why.
   * @param {Record<string, unknown>} content
   * @param {ArrayBuffer[]} [buffers]
   */
  const request = (content, buffers) =>
    link.request(content, buffers).catch((/** @type {Error} */ error) => {
      if (local.connection !== "closed" && !signal.aborted) notice(error.message);
      return null;
    });

  return { notice, request };
};
