// Votes as plain values: {name: strength}, never 0, in the order in which they were given. A name is
// that of a picture, or more: after colons, what of the picture counts ("0a1b:colors").

/** @typedef {import("./types.js").Votes} Votes */

export const STEP = 0.25;
export const MOST = 2;

/** @param {number} value */
const onScale = (value) =>
  Math.max(-MOST, Math.min(MOST, Math.round(value / STEP) * STEP)) || 0;

/**
 * The names of all votes on a picture.
 * @param {Votes} votes
 * @param {string} id
 */
export const votesOn = (votes, id) => Object.keys(votes).filter((name) => name.split(":")[0] === id);

/**
 * How strongly a picture is voted on: all of it, or else what of it was liked last, or disliked last.
 * @param {Votes} votes
 * @param {string} id
 */
export const strengthOf = (votes, id) => {
  if (Object.hasOwn(votes, id)) return votes[id];
  const strengths = votesOn(votes, id).map((name) => votes[name]).reverse();
  return strengths.find((strength) => strength > 0) ?? strengths[0] ?? 0;
};

/**
 * @param {Votes} votes
 * @param {string[]} names
 */
const without = (votes, names) => Object.fromEntries(Object.entries(votes).filter(([name]) => !names.includes(name)));

/**
 * The votes with one more, changed or (strength 0) without it. A vote whose sign changes counts as new.
 * @param {Votes} votes
 * @param {string} name
 * @param {number} strength
 * @returns {Votes}
 */
export const withVote = (votes, name, strength) => {
  const value = onScale(strength);
  const before = Object.hasOwn(votes, name) ? votes[name] : 0;
  if (value === before) return votes;
  if (value * before > 0) return { ...votes, [name]: value };
  const others = without(votes, [name]);
  return value === 0 ? others : { ...others, [name]: value };
};

/**
 * The votes with all that was said of a picture at this strength; what was said against it stays.
 * @param {Votes} votes
 * @param {string} id
 * @param {number} strength
 */
export const rated = (votes, id, strength) => {
  const before = strengthOf(votes, id);
  const names = votesOn(votes, id).filter((name) => !strength || votes[name] * before > 0);
  return (names.length ? names : [id]).reduce((next, name) => withVote(next, name, strength), votes);
};

/**
 * A press on a thumb: a like or dislike of all of the picture, or none of that sign any more.
 * @param {Votes} votes
 * @param {string} id
 * @param {1 | -1} sign
 * @returns {Votes}
 */
export const toggled = (votes, id, sign) => {
  const names = votesOn(votes, id);
  const taken = names.filter((name) => votes[name] * sign > 0);
  return taken.length ? without(votes, taken) : { ...without(votes, names), [id]: sign };
};

/**
 * What was marked of a picture, as reasons.
 * @param {Votes} votes
 * @param {string} id
 */
export const markedOn = (votes, id) =>
  votesOn(votes, id).filter((name) => /:[0-9a-f]{12}(:|$)/.test(name)).map((name) => name.slice(id.length + 1));

/**
 * A press on a reason: only that of the picture counts, with other reasons; without any, all of it.
 * @param {Votes} votes
 * @param {string} id
 * @param {string} why
 * @returns {Votes}
 */
export const because = (votes, id, why) => {
  const name = `${id}:${why}`;
  const strength = strengthOf(votes, id) || 1;
  if (!Object.hasOwn(votes, name)) return { ...without(votes, [id]), [name]: strength };
  const others = without(votes, [name]);
  return votesOn(others, id).some((other) => votes[other] * votes[name] > 0) ? others : { ...others, [id]: votes[name] };
};

/**
 * The names of the votes of one sign, newest first.
 * @param {Votes} votes
 * @param {1 | -1} sign
 */
export const namesOf = (votes, sign) =>
  Object.keys(votes)
    .filter((name) => votes[name] * sign > 0)
    .reverse();

/**
 * The pictures to compare one with: the newest like first, then stars, then its neighbours.
 * @param {{votes: Votes, starred: string[]}} traits
 * @param {string} id
 * @param {string[]} neighbours
 */
export const rivalsOf = (traits, id, neighbours) => {
  const liked = namesOf(traits.votes, 1).map((name) => name.split(":")[0]);
  return [...new Set([...liked, ...[...traits.starred].reverse(), ...neighbours])].filter((one) => one !== id);
};
