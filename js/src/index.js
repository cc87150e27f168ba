// The module that anywidget loads. Its factory runs once per widget: what views share lives here.
//
// view.js      one view: parts put together, clicks turned into traits and messages
// model/       state without elements: traits, kernel link, requests, votes, uploads, formats
// grid/        the round: cards, thumbs, keys
// feedback/    the shelf of liked and disliked pictures
// history/     earlier rounds
// settings/    prompt, pipeline settings, feedback settings
// lens/        which reference shaped which place
// playground/  the AttentionPlayground, a module of its own
// dom/         elements, fields, icons, dialogs, status line, themes: what the other folders build with
// styles/      style sheets; widget.css and playground.css are what is built

import { createObjectUrlCache } from "./model/object-urls.js";
import { createView } from "./view.js";

export default () => {
  const cache = createObjectUrlCache();
  return {
    initialize() {},
    /** @param {{model: import("./model/types.js").Model, el: HTMLElement}} props */
    render({ model, el }) {
      return createView({ model, el, cache });
    },
  };
};
