// What is opened now and then: a module of its own, which the kernel sends when it is first wanted.
// It shares no memory with the widget's module; whatever it needs of that is handed to its parts.

export { lensPart } from "../lens/lens.js";
export { feedbackSettingsPart } from "../settings/feedback-settings.js";
export { comparePart } from "./compare.js";
export { helpPart } from "./help.js";
export { keepTastePart } from "./keep-taste.js";
export { openSessionPart } from "./open-session.js";
export { partEditor } from "./part-editor.js";
export { stylesPart } from "./styles.js";
