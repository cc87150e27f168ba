// Pictures that the person adds. What is too large for one message is scaled down here.

/** @typedef {{name: string, bytes: ArrayBuffer}} Packed */

const LONGEST = 1536;
const MOST_BYTES = 1_200_000;
/** Beyond this not even the browser is asked to decode. */
const REFUSED_BYTES = 80_000_000;
/** What the kernel reads as it is. */
const KNOWN = new Set(["image/png", "image/jpeg", "image/webp", "image/gif", "image/bmp", "image/tiff"]);

/**
 * Whether a file is a session, which is opened, or a style, which is kept; else it is taken for a picture.
 * @param {{name: string}} file
 */
export const isSession = ({ name }) => /\.fabric(-style)?$/i.test(name);

/**
 * @param {{name: string, type: string, size: number}} file
 * @returns {string} why it cannot be added, or ""
 */
export const refusal = ({ name, type, size }) => {
  const called = name || "What you added";
  if (type && !type.startsWith("image/")) return `${called} is not a picture: add PNG, JPEG or WebP files.`;
  if (!type && !/\.(png|jpe?g|webp|gif|bmp|tiff?|avif)$/i.test(name)) {
    return `${called} is not a picture: add PNG, JPEG or WebP files.`;
  }
  if (size === 0) return `${called} is empty.`;
  if (size > REFUSED_BYTES) return `${called} is larger than ${REFUSED_BYTES / 1e6} MB: make it smaller first.`;
  return "";
};

/**
 * The size at which a picture is sent.
 * @param {number} width
 * @param {number} height
 */
export const fitted = (width, height) => {
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
};

/**
 * Split into groups that each make a small message.
 * @param {Packed[]} files
 */
export const inMessages = (files) => {
  /** @type {Packed[][]} */
  const groups = [];
  let size = Infinity;
  for (const file of files) {
    if (size + file.bytes.byteLength > MOST_BYTES * 1.25) {
      groups.push([]);
      size = 0;
    }
    groups[groups.length - 1].push(file);
    size += file.bytes.byteLength;
  }
  return groups;
};

/**
 * The bytes to send for a file: its own if they are small, a smaller JPEG otherwise.
 * @param {File} file
 * @returns {Promise<Packed>}
 */
export const pack = async (file) => {
  const name = file.name || "pasted picture";
  const known = KNOWN.has(file.type) || !file.type;
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) {
    // The kernel reads formats that a browser does not, and says so if it cannot.
    if (known && file.size <= MOST_BYTES) return { name, bytes: await file.arrayBuffer() };
    throw new Error(`${name} cannot be read as a picture: add PNG, JPEG or WebP files.`);
  }
  try {
    if (known && file.size <= MOST_BYTES && Math.max(bitmap.width, bitmap.height) <= LONGEST) {
      return { name, bytes: await file.arrayBuffer() };
    }
    const canvas = document.createElement("canvas");
    Object.assign(canvas, fitted(bitmap.width, bitmap.height));
    const context = canvas.getContext("2d");
    if (!context) throw new Error(`${name} is too large to be sent.`);
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
    if (!blob) throw new Error(`${name} is too large to be sent.`);
    return { name, bytes: await /** @type {Blob} */ (blob).arrayBuffer() };
  } finally {
    bitmap.close();
  }
};
