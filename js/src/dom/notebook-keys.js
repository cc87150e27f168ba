// No key that is pressed inside the widget may reach the notebook around it, which would delete cells.

const SWITCH = "data-lm-suppress-shortcuts";

/**
 * Keep keys inside `root`.
 * @param {HTMLElement} root
 */
export const keepKeys = (root) => {
  // Notebook 7 listens before anybody else, and looks at the focused element before those around it:
  // its own switch has to be on that very element.
  root.setAttribute(SWITCH, "true");
  root.addEventListener("focusin", (event) => /** @type {Element} */ (event.target).setAttribute(SWITCH, "true"));

  root.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    const command = ctrlKey || metaKey;
    // The suppressed shortcut would end in the browser's dialog for saving the page.
    if (command && key.toLowerCase() === "s" && !altKey && !document.body.dataset.vscodeThemeKind) event.preventDefault();
    // Plain keys belong to the widget, whichever part has the focus. All others listen after us.
    if ((!command && !altKey) || (command && key === "Enter")) event.stopPropagation();
  });
};
