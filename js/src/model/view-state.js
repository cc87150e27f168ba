// What is to be seen, worked out from the traits and from what this view knows by itself.

/**
 * @typedef {import("./types.js").Traits} Traits
 * @typedef {import("./types.js").Local} Local
 * @typedef {import("./types.js").ViewState} ViewState
 * @typedef {import("./types.js").Shown} Shown
 */

/** @type {import("./types.js").Status} */
const SILENT = {
  revision: 0, phase: "idle", message: "", job: 0, step: 0, steps: 0, eta: null, rate: null, count: 0,
  width: 0, height: 0, again: "", look: "", pending: false, error: null, notice: null, undo: "", redo: "",
};

const BUSY = new Set(["loading", "running", "stopping"]);

/**
 * The round with this index, or the current one.
 * @param {Traits} traits
 * @param {number | null} pinned
 * @returns {Shown | null}
 */
const roundToShow = ({ round, history }, pinned) => {
  if (pinned !== null && pinned !== round?.index) {
    return history.find(({ index }) => index === pinned) ?? round;
  }
  return round;
};

/**
 * @param {Traits} traits
 * @param {Local} local
 * @returns {ViewState}
 */
export const viewStateOf = (traits, local) => {
  const status = { ...SILENT, ...traits.status };
  const closed = local.connection === "closed";
  // Without a kernel nothing is under way, whatever the last status said.
  const phase = closed && BUSY.has(status.phase) ? (traits.round ? "ready" : "idle") : status.phase;
  const making = (phase === "running" || phase === "stopping" || (phase === "loading" && status.job > 0)) && status.count > 0;
  const coming = Math.max(-1, traits.round?.index ?? -1, ...traits.history.map(({ index }) => index)) + 2;
  const forming = making && local.pinned === null
    ? { count: status.count, width: status.width, height: status.height, number: coming }
    : null;
  return {
    traits, phase, status, busy: BUSY.has(phase), closed, connection: local.connection,
    shown: roundToShow(traits, local.pinned), forming, making, coming, local,
  };
};

/**
 * What the live region says: phases, never single steps.
 * @param {ViewState} viewState
 */
export const announcement = ({ phase, status, traits, connection }) => {
  if (connection === "closed") return "Not connected to a kernel";
  if (connection === "waiting") return "Kernel busy: your click is queued";
  if ((status.look || (status.bake && !status.bake.waits)) && phase !== "error") return status.message;
  switch (phase) {
    case "loading":
      return "Loading the model";
    case "running":
      return status.count === 1 ? "Making 1 picture" : `Making ${status.count} pictures`;
    case "stopping":
      return "Stopping";
    case "error":
      return status.error?.title ?? "The round failed";
    case "ready": {
      const count = traits.round?.images.length ?? 0;
      return traits.round ? `Round ${traits.round.index + 1} is ready: ${count} ${count === 1 ? "picture" : "pictures"}` : "";
    }
    default:
      return "";
  }
};

/**
 * Where a picture stands, both counted from 1; null if no round made it.
 * @param {Traits} traits
 * @param {string} id
 */
const placeOf = ({ round, history }, id) => {
  for (const { index, images } of [...(round ? [round] : []), ...history]) {
    const at = images.findIndex((image) => image.id === id);
    if (at >= 0) return { round: index + 1, picture: at + 1, seed: images[at].seed };
  }
  return null;
};

/**
 * What to call a voted picture, wherever it comes from.
 * @param {Traits} traits
 * @param {string} id
 */
export const nameOf = (traits, id) => {
  const place = placeOf(traits, id);
  if (place) return { label: `Round ${place.round}, picture ${place.picture}`, seed: place.seed };
  const upload = traits.uploads.find((one) => one.id === id);
  return { label: upload?.name ? upload.name : `Picture ${id.slice(0, 4)}`, seed: null };
};

/** @type {Record<string, string>} */
const WHATS = { colors: "colors", form: "form", subject: "the subject", background: "the background" };

/**
 * What a vote is about: "Colors of round 1, picture 2".
 * @param {Traits} traits
 * @param {string} vote  its name
 */
export const aboutOf = (traits, vote) => {
  const [id, ...words] = vote.split(":");
  const { label, seed } = nameOf(traits, id);
  const whats = words.flatMap((word) => (word === "anywhere" ? [] : [WHATS[word] ?? "a part"]));
  const called = [...whats, inSentence(label)].join(" of ");
  return { id, label, called, about: whats.length ? called[0].toUpperCase() + called.slice(1) : label, seed };
};

/**
 * A picture's name where there is little room: the round is left out if it is the one before.
 * @param {Traits} traits
 * @param {Shown | null} shown  the round that the name is read in
 * @param {string} id
 */
export const shortNameOf = (traits, shown, id) => {
  const place = placeOf(traits, id);
  if (!place) return traits.uploads.find((one) => one.id === id)?.name || "your picture";
  return place.round === shown?.index ? `picture ${place.picture}` : `picture ${place.picture} of round ${place.round}`;
};

/**
 * A label as it stands inside a sentence; names of files stay as they are.
 * @param {string} label
 */
export const inSentence = (label) => label.replace(/^(Round|Picture) (?=\w)/, (word) => word.toLowerCase());
