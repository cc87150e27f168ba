// Where the bytes of a picture are: in the round, among the thumbnails, or fetched from the kernel
// when somebody first wants to see them.

/**
 * @typedef {import("./types.js").Bytes} Bytes
 * @typedef {import("./types.js").Model} Model
 * @typedef {"thumb" | "screen" | "full"} Kind
 * @typedef {{key: string, bytes: Bytes, mime: string}} Found
 */

/** How many pictures of each kind are kept beyond what the traits hold. */
const KEPT = { thumb: 400, screen: 64, full: 6 };

/**
 * @param {{model: Model, fetchPicture: (id: string, kind: Kind) => Promise<{bytes: Bytes, mime: string} | null>, changed: () => void}} props
 */
export const createPictureStore = ({ model, fetchPicture, changed }) => {
  /** @type {Record<Kind, Map<string, Found>>} */
  const kept = { thumb: new Map(), screen: new Map(), full: new Map() };
  /** @type {Set<string>} */
  const asked = new Set();
  /** @type {Map<string, Found>} */
  let thumbs = new Map();

  /**
   * @param {string} id
   * @param {Kind} kind
   * @param {Bytes} bytes
   * @param {string} mime
   */
  const keep = (id, kind, bytes, mime) => {
    const shelf = kept[kind];
    shelf.delete(id);
    shelf.set(id, { key: `${id}/${kind}`, bytes, mime });
    if (shelf.size > KEPT[kind]) shelf.delete(/** @type {string} */ (shelf.keys().next().value));
  };

  /** Take note of what the traits hold now. */
  const read = () => {
    for (const { id, data, mime } of model.get("round")?.images ?? []) {
      if (data) keep(id, "screen", data, mime);
    }
    thumbs = new Map();
    const past = model.get("history") ?? [];
    const pictures = [...past.flatMap(({ images }) => images), ...(model.get("uploads") ?? [])];
    for (const { id, thumb } of pictures) {
      if (thumb) thumbs.set(id, { key: `${id}/thumb`, bytes: thumb, mime: "image/webp" });
    }
  };

  /**
   * @param {string} id
   * @param {Kind} kind
   */
  const find = (id, kind) => (kind === "thumb" ? thumbs.get(id) : undefined) ?? kept[kind].get(id) ?? null;

  /**
   * The picture, fetched if need be; null where there is none to be had.
   * @param {string} id
   * @param {Kind} kind
   */
  const fetched = async (id, kind) => {
    if (!find(id, kind)) {
      const answer = await fetchPicture(id, kind);
      if (answer) keep(id, kind, answer.bytes, answer.mime);
    }
    return find(id, kind);
  };

  /**
   * Ask once for a picture that is to be shown as soon as it is there.
   * @param {string} id
   * @param {Kind} kind
   */
  const want = (id, kind) => {
    const key = `${id}/${kind}`;
    if (asked.has(key)) return;
    asked.add(key);
    void fetched(id, kind).then((found) => {
      if (found) asked.delete(key);
      changed();
    });
  };

  return {
    read,
    fetched,
    /** Let pictures be asked for again that could not be had, since the kernel is back. */
    retry: () => asked.clear(),
    /**
     * The best picture at hand for a small image.
     * @param {string} id
     */
    small(id) {
      const found = find(id, "thumb") ?? find(id, "screen");
      if (!found) want(id, "thumb");
      return found;
    },
    /**
     * The best picture at hand for a card, and whether it is sharp.
     * @param {string} id
     */
    large(id) {
      const found = find(id, "screen");
      if (found) return { picture: found, sharp: true };
      want(id, "screen");
      return { picture: find(id, "thumb"), sharp: false };
    },
  };
};

/** @typedef {ReturnType<typeof createPictureStore>} PictureStore */
