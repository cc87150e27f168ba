// The module that anywidget loads for the playground. What its views share lives in the factory.

import { createObjectUrlCache } from "../model/object-urls.js";
import { createPlayground } from "./view.js";

export default () => {
  const cache = createObjectUrlCache();
  return {
    initialize() {},
    /** @param {{model: import("./types.js").Model, el: HTMLElement}} props */
    render({ model, el }) {
      return createPlayground({ model, el, cache });
    },
  };
};
