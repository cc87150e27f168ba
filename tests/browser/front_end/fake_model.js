/**
 * The model of a notebook host, without a notebook: traits, messages and their two dialects.
 *
 * It keeps a log of everything the widget sent. What the kernel would do is said from outside:
 * `fromKernel` writes traits, `message` sends, `hold` leaves messages unanswered.
 */

/**
 * @typedef {"backbone" | "marimo"} Shape the arguments of `change:x`: (model, value) or (value)
 * @typedef {"view" | "array"} Buffers what bytes arrive as: DataView or Uint8Array
 * @typedef {{mime: string, name: string, thumb: string, screen: string, full: string}} Stored
 * @typedef {{told: any, buffers: string[]}} Lens
 * @typedef {(...values: any[]) => void} Listener
 * @typedef {{at: number, kind: "send", content: any, buffers: string[]}
 *   | {at: number, kind: "save", changes: Record<string, any>}} Entry
 */

/** @type {(text: string) => Uint8Array} */
const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** @type {(buffer: ArrayBuffer | ArrayBufferView) => string} */
const encode = (buffer) => {
  const bytes = ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
};

/** @type {(a: any, b: any) => boolean} */
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Cells of a reference. */
const REFERENCE = { rows: 8, columns: 8 };

/** Every place looks at its own mirror image from above to below. @param {number} rows @param {number} columns */
const looksOf = (rows, columns) => {
  const size = REFERENCE.rows * REFERENCE.columns;
  return Uint8Array.from({ length: rows * columns * size }, (_, at) => {
    const [place, cell] = [Math.floor(at / size), at % size];
    const [row, column] = [1 - Math.floor(place / columns) / (rows - 1), (place % columns) / (columns - 1)];
    const down = Math.floor(cell / REFERENCE.columns) - row * (REFERENCE.rows - 1);
    const right = (cell % REFERENCE.columns) - column * (REFERENCE.columns - 1);
    return Math.round(255 * Math.exp(-(down ** 2 + right ** 2) / 3));
  });
};

export class FakeModel {
  /** @type {Record<string, any>} */ #traits = {};
  /** @type {Record<string, any>} */ #unsaved = {};
  /** @type {{name: string, listener: Listener, context: unknown}[]} */ #listeners = [];
  /** @type {Set<string>} */ #held = new Set();
  /** @type {Record<string, Stored>} */ #library;
  /** Where places looked, by level and part. @type {Record<string, any>} */ #looks;
  /** @type {Record<string, Lens>} */ #lenses;
  /** The script and the style sheet of the tools. */ #tools = ["", ""];
  /** @type {Set<string>} */ #looked = new Set();
  /** @type {Shape} */ #shape;
  /** @type {Buffers} */ #buffers;
  #closed = false;

  /** @type {Entry[]} */ log = [];
  /** How many messages with a request wait for an answer, by type; and the most there ever were. */
  /** @type {Record<string, {now: number, most: number}>} */ waiting = {};

  /**
   * @param {Record<string, any>} traits bytes stand in them as {bytes: base64}
   * @param {{shape: Shape, buffers: Buffers, library: Record<string, Stored>, lenses: Record<string, Lens>, looks?: Record<string, any>, tools?: string[]}} options
   */
  constructor(traits, { shape, buffers, library, lenses, looks = {}, tools = ["", ""] }) {
    this.#shape = shape;
    this.#buffers = buffers;
    this.#library = library;
    this.#lenses = lenses;
    this.#looks = looks;
    this.#tools = tools;
    for (const [name, value] of Object.entries(traits)) this.#traits[name] = this.#revive(value);
  }

  // What the widget sees.

  /** @param {string} name */
  get(name) {
    return this.#traits[name];
  }

  /** @param {string} name @param {any} value */
  set(name, value) {
    this.#unsaved[name] = value;
    this.#write(name, value);
  }

  save_changes() {
    const changes = structuredClone(this.#unsaved);
    this.#unsaved = {};
    this.log.push({ at: performance.now(), kind: "save", changes });
    // The kernel's echo: new objects of equal value. marimo drops it.
    if (!this.#closed && this.#shape === "backbone") {
      queueMicrotask(() => {
        for (const [name, value] of Object.entries(structuredClone(changes))) {
          if (same(this.#traits[name], value)) this.#write(name, value);
        }
      });
    }
  }

  /** @param {any} content @param {unknown} [_callbacks] @param {(ArrayBuffer | ArrayBufferView)[]} [buffers] */
  send(content, _callbacks, buffers = []) {
    const { request, type } = content;
    this.log.push({
      at: performance.now(),
      kind: "send",
      content: structuredClone(content),
      buffers: buffers.map(encode),
    });
    if (this.#closed || request === undefined) return;
    const count = (this.waiting[type] ??= { now: 0, most: 0 });
    count.most = Math.max(count.most, ++count.now);
    if (!this.#held.has(type) && !this.#held.has("*")) queueMicrotask(() => this.#answer(content));
  }

  /** @param {string} name @param {Listener} listener @param {unknown} [context] */
  on(name, listener, context) {
    for (const one of name.split(" ")) this.#listeners.push({ name: one, listener, context });
  }

  /** @param {string | null} [name] @param {Listener | null} [listener] @param {unknown} [context] */
  off(name, listener, context) {
    this.#listeners = this.#listeners.filter(
      (one) =>
        (name && !name.split(" ").includes(one.name)) ||
        (listener && listener !== one.listener) ||
        (context && context !== one.context),
    );
  }

  /** What hosts hand to a widget: these six methods, and listeners called in the view's name. */
  /** @param {unknown} context */
  face(context) {
    return {
      get: this.get.bind(this),
      set: this.set.bind(this),
      save_changes: this.save_changes.bind(this),
      send: this.send.bind(this),
      /** @param {string} name @param {Listener} listener */
      on: (name, listener) => this.on(name, listener, context),
      /** @param {string | null} [name] @param {Listener | null} [listener] */
      off: (name, listener) => this.off(name, listener, context),
    };
  }

  // What the tests do in the kernel's place.

  /** @param {Record<string, any>} changes */
  fromKernel(changes) {
    for (const [name, value] of Object.entries(changes)) this.#write(name, this.#revive(value));
  }

  /** @param {any} content @param {string[]} [buffers] */
  message(content, buffers = []) {
    const bytes = buffers.map((text) => this.#bytes(decode(text)));
    this.#emit("msg:custom", content, bytes);
  }

  /** Leave messages of these types unanswered; "*" is all of them. @param {string[]} types */
  hold(types) {
    this.#held = new Set(types);
  }

  /** Answer the newest message of this type. @param {string} type @param {any} [more] */
  answer(type, more = {}) {
    const entry = this.log.findLast((one) => one.kind === "send" && one.content.type === type);
    if (entry?.kind !== "send") throw new Error(`no ${type} was sent`);
    this.#count(type);
    this.message({ type: "answer", request: entry.content.request, ...more }, type === "tools" ? this.#tools : []);
  }

  /** Refuse the newest message of this type. @param {string} type @param {string} words */
  refuse(type, words) {
    this.answer(type, { type: "failed", message: words });
  }

  /** The kernel has looked at a picture, and says so. @param {string} id @param {boolean} made */
  looked(id, made) {
    if (made) this.#looked.add(id);
    this.message({ type: "looked", id, made });
  }

  /** The kernel has gone: nothing arrives there any more, and the model says so. */
  close() {
    this.#closed = true;
    this.comm_live = false;
    this.#emit("comm_live_update");
  }

  comm_live = true;

  listenerCount() {
    return this.#listeners.length;
  }

  /** @param {any} content */
  #answer({ type, request, id, kind, level, part }) {
    this.#count(type);
    if (type === "looks") {
      const { data, ...more } = this.#looks[`${level} ${part}`];
      this.message({ type: "answer", request, ...more }, [data]);
    } else if (type === "tools") {
      this.message({ type: "answer", request }, this.#tools);
    } else if (type === "look") {
      const [lens, there] = [this.#lenses[id], this.#looked.has(id)];
      const { told, buffers } = there ? lens : { told: null, buffers: [] };
      this.message({ type: "answer", request, id, lens: told, making: Boolean(lens) && !there }, buffers);
    } else if (type === "look_at") {
      const { rows, columns } = this.#lenses[id].told.levels[level ?? 0];
      const looks = looksOf(rows, columns);
      this.message({ type: "answer", request, ...REFERENCE }, [encode(looks)]);
    } else if (type !== "fetch") {
      const more = type === "upload" ? { added: [], problems: [] } : {};
      this.message({ type: "answer", request, ...more });
    } else if (this.#library[id]) {
      const { mime, name, ...kinds } = this.#library[id];
      const data = kinds[/** @type {keyof typeof kinds} */ (kind)];
      this.message({ type: "answer", request, id, kind, mime, name }, [data]);
    } else {
      this.message({ type: "failed", request, message: `There is no picture ${id}.` });
    }
  }

  /** @param {string} type */
  #count(type) {
    const count = this.waiting[type];
    if (count) count.now -= 1;
  }

  /** @param {string} name @param {any} value */
  #write(name, value) {
    const before = this.#traits[name];
    this.#traits[name] = value;
    // Backbone compares values, marimo compares references.
    if (this.#shape === "backbone" ? same(before, value) : before === value) return;
    if (this.#shape === "backbone") this.#emit(`change:${name}`, this, value);
    else this.#emit(`change:${name}`, value);
    this.#emit("change");
  }

  /** @param {string} name @param {any[]} values */
  #emit(name, ...values) {
    for (const one of [...this.#listeners]) {
      if (one.name === name) one.listener.apply(one.context ?? this, values);
    }
  }

  /** A slice of something larger, as hosts hand it over. @param {Uint8Array} bytes */
  #bytes(bytes) {
    const larger = new Uint8Array(bytes.length + 16).fill(0xff);
    larger.set(bytes, 8);
    return this.#buffers === "view"
      ? new DataView(larger.buffer, 8, bytes.length)
      : new Uint8Array(larger.buffer, 8, bytes.length);
  }

  /** @param {any} value @returns {any} */
  #revive(value) {
    if (Array.isArray(value)) return value.map((one) => this.#revive(one));
    if (value === null || typeof value !== "object") return value;
    if (typeof value.bytes === "string") return this.#bytes(decode(value.bytes));
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.#revive(v)]));
  }
}
