// Object URLs of pictures, shared by all views of a widget: made once per picture, revoked when
// nobody shows it any more.

/** @typedef {import("./types.js").Bytes} Bytes */

export const createObjectUrlCache = () => {
  /** @type {Map<string, {url: string, users: number}>} */
  const entries = new Map();
  return {
    /**
     * @param {string} key
     * @param {Bytes} bytes
     * @param {string} mime
     */
    acquire(key, bytes, mime) {
      let entry = entries.get(key);
      if (!entry) {
        const blob = new Blob([/** @type {BlobPart} */ (bytes)], { type: mime });
        entry = { url: URL.createObjectURL(blob), users: 0 };
        entries.set(key, entry);
      }
      entry.users += 1;
      return entry.url;
    },
    /** @param {string} key */
    release(key) {
      const entry = entries.get(key);
      if (!entry) return;
      entry.users -= 1;
      if (entry.users > 0) return;
      entries.delete(key);
      URL.revokeObjectURL(entry.url);
    },
  };
};

/** @typedef {ReturnType<typeof createObjectUrlCache>} ObjectUrlCache */

/**
 * Images of one view. Each holds one picture of the cache at a time and lets go of it in the end.
 * @param {ObjectUrlCache} cache
 * @param {AbortSignal} signal
 */
export const createObjectUrls = (cache, signal) => {
  /** @type {Set<() => void>} */
  const held = new Set();
  signal.addEventListener("abort", () => {
    for (const release of held) release();
  });
  /** @param {HTMLImageElement} image */
  return (image) => {
    let shown = "";
    const release = () => {
      if (shown) cache.release(shown);
      shown = "";
      held.delete(release);
    };
    return {
      release,
      /** @param {{key: string, bytes: Bytes, mime: string} | null} picture */
      show(picture) {
        if (signal.aborted || (picture?.key ?? "") === shown) return;
        const before = shown;
        if (picture) {
          image.src = cache.acquire(picture.key, picture.bytes, picture.mime);
          held.add(release);
        } else {
          image.removeAttribute("src");
          held.delete(release);
        }
        shown = picture?.key ?? "";
        if (before) cache.release(before);
      },
    };
  };
};

/** @typedef {ReturnType<typeof createObjectUrls>} ObjectUrls */
