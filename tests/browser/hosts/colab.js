/**
 * A model as Colab's widget manager makes it: Backbone's arguments, buffers as Uint8Array.
 *
 * Each message goes to `window.toKernel`, whose answer is all that the kernel sent meanwhile.
 */

const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
const textOf = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));

/** Put buffers back where they were taken from. */
const fill = (state, paths, buffers) => {
  paths.forEach((path, index) => {
    const parent = path.slice(0, -1).reduce((value, key) => value[key], state);
    parent[path.at(-1)] = buffers[index];
  });
  return state;
};

class Model {
  #state = {};
  #unsaved = {};
  #listeners = [];

  get = (name) => this.#state[name];

  set = (name, value) => {
    this.#unsaved[name] = value;
    this.#write(name, value);
  };

  save_changes = () => {
    const state = this.#unsaved;
    this.#unsaved = {};
    void this.#toKernel({ method: "update", state, buffer_paths: [] });
  };

  send = (content, _callbacks, buffers = []) => {
    const views = buffers.map((buffer) =>
      ArrayBuffer.isView(buffer)
        ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
        : new Uint8Array(buffer),
    );
    void this.#toKernel({ method: "custom", content }, views.map(textOf));
  };

  on = (names, listener) => {
    for (const name of names.split(" ")) this.#listeners.push({ name, listener });
  };

  off = (name, listener) => {
    this.#listeners = this.#listeners.filter(
      (one) => (name && one.name !== name) || (listener && one.listener !== listener),
    );
  };

  receive({ method, state, buffer_paths: paths, content }, buffers) {
    if (method === "custom") this.#emit("msg:custom", content, buffers);
    if (method !== "update") return;
    for (const [name, value] of Object.entries(fill(state, paths, buffers))) {
      this.#write(name, value);
    }
  }

  async #toKernel(data, buffers = []) {
    for (const message of await window.toKernel(JSON.stringify({ data, buffers }))) {
      this.receive(message.data, message.buffers.map(bytesOf));
    }
  }

  #write(name, value) {
    if (this.#state[name] === value) return;
    this.#state[name] = value;
    this.#emit(`change:${name}`, this, value);
  }

  #emit(name, ...values) {
    for (const one of [...this.#listeners]) if (one.name === name) one.listener(...values);
  }
}

window.show = async (script, style, opening) => {
  const model = new Model();
  model.receive(opening.data, opening.buffers.map(bytesOf));
  const element = document.createElement("style");
  element.textContent = style;
  document.head.append(element);
  const source = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const widget = await (await import(source)).default();
  await widget.initialize?.({ model });
  const el = document.body.appendChild(document.createElement("div"));
  await widget.render({ model, el });
};
