// The module that anywidget loads. Its factory runs once per widget: what views share lives here.
//
// view.js      one view: parts put together, clicks turned into traits and messages
// model/       state without elements: traits, kernel link, requests, votes, uploads, formats
// grid/        the round: cards, thumbs, keys
// feedback/    the shelf of liked and disliked pictures
// history/     earlier rounds
// settings/    prompt, pipeline settings, feedback settings
// lens/        which reference shaped which place; among the tools
// tools/       what is opened now and then (lens, part editor, comparison, help), a module of its own
// playground/  the AttentionPlayground, a module of its own
// dom/         elements, fields, icons, dialogs, status line, themes: what the other folders build with
// styles/      style sheets; widget.css, widget-tools.css and playground.css are what is built

import { createObjectUrlCache } from "./model/object-urls.js";
import { createToolbox } from "./model/toolbox.js";
import { createView } from "./view.js";

export default () => {
  const cache = createObjectUrlCache();
  const toolbox = createToolbox();
  return {
    initialize() {},
    /** @param {{model: import("./model/types.js").Model, el: HTMLElement}} props */
    render({ model, el }) {
      return createView({ model, el, cache, toolbox });
    },
  };
};
