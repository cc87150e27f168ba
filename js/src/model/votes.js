// Votes as plain values: {id: strength}, never 0, in the order in which they were given.

/** @typedef {import("./types.js").Votes} Votes */

export const STEP = 0.25;
export const MOST = 2;

/** @param {number} value */
const onScale = (value) =>
  Math.max(-MOST, Math.min(MOST, Math.round(value / STEP) * STEP)) || 0;

/**
 * @param {Votes} votes
 * @param {string} id
 */
export const strengthOf = (votes, id) => (Object.hasOwn(votes, id) ? votes[id] : 0);

/**
 * The votes with one more, changed or (strength 0) without it. A vote whose sign changes counts as new.
 * @param {Votes} votes
 * @param {string} id
 * @param {number} strength
 * @returns {Votes}
 */
export const withVote = (votes, id, strength) => {
  const value = onScale(strength);
  const before = strengthOf(votes, id);
  if (value === before) return votes;
  if (value !== 0 && Math.sign(value) === Math.sign(before)) return { ...votes, [id]: value };
  const { [id]: _, ...others } = votes;
  return value === 0 ? others : { ...others, [id]: value };
};

/**
 * @param {Votes} votes
 * @param {string} id
 * @param {1 | -1} sign
 */
export const toggled = (votes, id, sign) =>
  withVote(votes, id, Math.sign(strengthOf(votes, id)) === sign ? 0 : sign);

/**
 * @param {Votes} votes
 * @param {string} id
 * @param {number} steps
 */
export const nudged = (votes, id, steps) => withVote(votes, id, strengthOf(votes, id) + steps * STEP);

/**
 * The voted ids of one sign, newest first.
 * @param {Votes} votes
 * @param {1 | -1} sign
 */
export const votedIds = (votes, sign) =>
  Object.keys(votes)
    .filter((id) => Math.sign(votes[id]) === sign)
    .reverse();
