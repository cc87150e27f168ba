// The module that anywidget loads. Its factory runs once per widget: what views share lives here.

import { createPictureCache } from "./model/object-urls.js";
import { createView } from "./view.js";

export default () => {
  const cache = createPictureCache();
  return {
    initialize() {},
    /** @param {{model: import("./model/types.js").Model, el: HTMLElement}} props */
    render({ model, el }) {
      return createView({ model, el, cache });
    },
  };
};
