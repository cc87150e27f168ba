// The line to the kernel: requests with answers, the poll, and what is known about whether anybody
// listens at the other end.

/**
 * @typedef {import("./types.js").Model} Model
 * @typedef {import("./types.js").Connection} Connection
 * @typedef {import("./types.js").Bytes} Bytes
 * @typedef {{message: Record<string, any>, buffers: Bytes[]}} Answer
 */

/** Silence after which a click counts as queued, and after which the kernel is asked for a sign of life. */
const PATIENCE = 2000;
const ASK_AFTER = 1200;
/** Time between two polls. */
const POLL = 700;

/** The class with which Jupyter marks the view of a model without a kernel. */
const DISCONNECTED = "jupyter-widgets-disconnected";

/** Answers go to all views of a widget, so request numbers of two views must not meet. */
const firstRequest = () => Math.floor(Math.random() * 2 ** 30) * 2 ** 20;

/**
 * @param {object} props
 * @param {Model} props.model
 * @param {HTMLElement} props.host  the element that the host gave to this view
 * @param {AbortSignal} props.signal
 * @param {(connection: Connection, before: Connection) => void} props.onConnection
 * @param {(message: Record<string, any>, buffers: Bytes[]) => void} props.onMessage
 * @param {() => Record<string, unknown> | null} props.poll  what to poll with, or null while nothing runs
 */
export const createKernelLink = ({ model, host, signal, onConnection, onMessage, poll }) => {
  let request = firstRequest();
  /** @type {Map<number, {resolve: (answer: Answer) => void, reject: (error: Error) => void, click: boolean}>} */
  const open = new Map();
  /** @type {Connection} */
  let connection = "live";
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let patience;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let ask;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let nextPoll;
  let polling = false;

  const calm = () => {
    clearTimeout(patience);
    clearTimeout(ask);
    patience = ask = undefined;
  };

  /** @param {Connection} next */
  const become = (next) => {
    if (next === connection || signal.aborted) return;
    const before = connection;
    connection = next;
    if (next === "closed") {
      calm();
      clearTimeout(nextPoll);
      polling = false;
      for (const { reject } of open.values()) reject(new Error("Not connected to a kernel."));
      open.clear();
    }
    onConnection(next, before);
  };

  const clicksOpen = () => [...open.values()].some(({ click }) => click);

  /** Any word from the kernel: it is alive. */
  const word = () => {
    calm();
    if (connection === "waiting") become("live");
    if (clicksOpen()) expectWord(false);
  };

  /**
   * Something was asked for: say so if no word comes.
   * @param {boolean} mayAsk  whether nothing on its way is sure to be answered
   */
  const expectWord = (mayAsk) => {
    if (connection === "closed") return;
    patience ??= setTimeout(() => become("waiting"), PATIENCE);
    if (mayAsk) ask ??= setTimeout(() => void send({ type: "hello" }, false).catch(() => {}), ASK_AFTER);
  };

  /**
   * @param {Record<string, unknown>} content
   * @param {(ArrayBuffer | ArrayBufferView)[]} [buffers]
   */
  const post = (content, buffers) => {
    try {
      model.send(content, undefined, /** @type {ArrayBuffer[]} */ (buffers ?? []));
      return true;
    } catch {
      become("closed");
      return false;
    }
  };

  /**
   * @param {Record<string, unknown>} content
   * @param {boolean} click  whether the person waits for it
   * @param {(ArrayBuffer | ArrayBufferView)[]} [buffers]
   * @returns {Promise<Answer>}
   */
  const send = (content, click, buffers) => {
    if (connection === "closed") return Promise.reject(new Error("Not connected to a kernel."));
    const number = (request += 1);
    const answer = new Promise((resolve, reject) => open.set(number, { resolve, reject, click }));
    answer.catch(() => {});
    post({ ...content, request: number }, buffers);
    return /** @type {Promise<Answer>} */ (answer);
  };

  /**
   * @param {any} message
   * @param {Bytes[]} [buffers]
   */
  const receive = (message, buffers = []) => {
    if (signal.aborted || !message || typeof message !== "object") return;
    word();
    const waiting = open.get(message.request);
    if (waiting && (message.type === "answer" || message.type === "failed")) {
      open.delete(message.request);
      if (message.type === "answer") waiting.resolve({ message, buffers });
      else waiting.reject(new Error(String(message.message ?? "The kernel could not do that.")));
      if (!clicksOpen()) calm();
    } else {
      onMessage(message, buffers);
    }
  };

  /** Poll while there is something to poll for; at most one is unanswered. */
  const keepPolling = () => {
    if (polling || nextPoll !== undefined || connection === "closed" || !poll()) return;
    nextPoll = setTimeout(() => {
      nextPoll = undefined;
      const content = poll();
      if (!content || polling || signal.aborted) return;
      polling = true;
      send({ type: "poll", ...content }, false)
        .catch(() => {})
        .finally(() => {
          polling = false;
          keepPolling();
        });
    }, POLL);
  };

  /**
   * Hosts differ in what they tell. Jupyter triggers events at the model whose `this` is the view,
   * and marks the view's element; other hosts may show nothing of it.
   * @param {any} [teller]
   */
  const look = (teller) => {
    const raw = /** @type {any} */ (model);
    const live = teller?.model?.comm_live ?? teller?.comm_live ?? raw.comm_live;
    const marked = host.classList.contains(DISCONNECTED);
    const gone = live === undefined ? "comm" in raw && !raw.comm : !live;
    if (gone || (marked && live !== true)) become("closed");
    else if (connection === "closed" && (live === true || !marked)) become("live");
  };

  /** @type {[string, (...parameters: any[]) => void][]} */
  const listeners = [
    ["msg:custom", receive],
    ["comm_live_update", /** @this {any} */ function () { look(this); }],
    ["comm:close", () => become("closed")],
    ["destroy", () => become("closed")],
  ];
  for (const [name, listener] of listeners) model.on(name, listener);
  const watcher = new MutationObserver(() => look());
  watcher.observe(host, { attributes: true, attributeFilter: ["class"] });
  signal.addEventListener("abort", () => {
    for (const [name, listener] of listeners) model.off(name, listener);
    watcher.disconnect();
    calm();
    clearTimeout(nextPoll);
    open.clear();
  });

  return {
    look,
    word,
    keepPolling,
    /** A vote is on its way, or something else that the kernel answers with a word. */
    expectVote: () => expectWord(true),
    /**
     * Ask for something that the person waits for; the promise fails with the kernel's own words.
     * @param {Record<string, unknown>} content
     * @param {(ArrayBuffer | ArrayBufferView)[]} [buffers]
     */
    request(content, buffers) {
      const answer = send(content, true, buffers);
      expectWord(false);
      return answer;
    },
    /**
     * Ask for something in the background.
     * @param {Record<string, unknown>} content
     */
    ask: (content) => send(content, false),
    /**
     * Say something that needs no answer.
     * @param {Record<string, unknown>} content
     */
    tell(content) {
      if (connection !== "closed") post(content);
    },
  };
};
