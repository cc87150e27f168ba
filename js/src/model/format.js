// Numbers as people read them.

/**
 * @param {number} seconds
 */
export const duration = (seconds) => {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest ? ` ${rest} min` : ""}`;
};

/**
 * @param {number} perSecond
 */
export const speed = (perSecond) => {
  if (perSecond >= 10) return `${Math.round(perSecond)} pictures/s`;
  if (perSecond >= 0.5) return `${perSecond.toFixed(1)} pictures/s`;
  return `${duration(1 / perSecond)} per picture`;
};

/** @param {number} strength */
export const signed = (strength) =>
  `${strength > 0 ? "+" : strength < 0 ? "−" : ""}${Number(Math.abs(strength).toFixed(2))}`;

/** @param {number} share */
export const percent = (share) => `${Math.round(share * 100)} %`;

/** @param {number} count */
export const pictures = (count) => `${count} ${count === 1 ? "picture" : "pictures"}`;

/**
 * One line about the job under way.
 * @param {{step: number, steps: number, eta: number | null, rate: number | null}} status
 */
export const progressLine = ({ step, steps, eta, rate }) =>
  [
    steps > 0 ? `Step ${step} of ${steps}` : "",
    eta === null || eta === undefined ? "" : `${duration(eta)} left`,
    rate ? speed(rate) : "",
  ]
    .filter(Boolean)
    .join(" · ");

/**
 * @param {number} value
 * @param {readonly [number, number, number]} range  least, greatest, step
 */
export const clampTo = (value, [least, greatest, step]) => {
  const snapped = step > 0 ? Math.round(value / step) * step : value;
  return Number(Math.max(least, Math.min(greatest, snapped)).toFixed(6));
};
