// The module that anywidget loads for the playground. What its views share lives in the factory.

import { createPictureCache } from "./picture-cache.js";
import { createPlayground } from "./playground-view.js";

export default () => {
  const cache = createPictureCache();
  return {
    initialize() {},
    /** @param {{model: import("./playground-types.js").Model, el: HTMLElement}} props */
    render({ model, el }) {
      return createPlayground({ model, el, cache });
    },
  };
};
