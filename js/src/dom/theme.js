// Light or dark, as the host shows it. The operating system is asked only if the host is silent.

const WATCHED = ["class", "style", "theme", "data-theme", "data-jp-theme-light", "data-vscode-theme-kind"];

/**
 * @param {Element} element
 * @returns {Element | null}
 */
const parentOf = (element) => {
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
};

/** @param {Element} element */
const ancestorsOf = (element) => {
  const ancestors = [];
  for (let at = parentOf(element); at; at = parentOf(at)) ancestors.push(at);
  return ancestors;
};

/**
 * @param {Element} root
 * @returns {"light" | "dark" | null}
 */
const hostTheme = (root) => {
  const { body, documentElement: html } = document;
  const { jpThemeLight, vscodeThemeKind } = body.dataset;
  if (jpThemeLight) return jpThemeLight === "false" ? "dark" : "light";
  if (vscodeThemeKind) {
    return vscodeThemeKind === "vscode-dark" || vscodeThemeKind === "vscode-high-contrast" ? "dark" : "light";
  }
  const theme = html.getAttribute("theme");
  if (theme === "dark" || theme === "light") return theme;
  for (const ancestor of ancestorsOf(root)) {
    const named = ancestor.getAttribute("data-theme");
    if (named === "dark" || named === "light") return named;
    if (ancestor.matches(".dark, .dark-theme")) return "dark";
    if (ancestor.matches(".light, .light-theme")) return "light";
  }
  const parent = parentOf(root);
  const scheme = parent ? getComputedStyle(parent).colorScheme : "normal";
  if (scheme === "dark" || scheme === "light") return scheme;
  // Colab marks only its dark theme.
  return /** @type {any} */ (globalThis).google?.colab ? "light" : null;
};

/**
 * Keep data-theme of the root in step with the host.
 * @param {HTMLElement} root
 * @param {AbortSignal} signal
 */
export const followTheme = (root, signal) => {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    root.dataset.theme = hostTheme(root) ?? (system.matches ? "dark" : "light");
  };
  const observer = new MutationObserver(apply);
  const watch = () => {
    observer.disconnect();
    for (const element of [document.documentElement, document.body, ...ancestorsOf(root)]) {
      observer.observe(element, { attributes: true, attributeFilter: WATCHED });
    }
    apply();
  };
  watch();
  // Hosts attach the element after rendering; its ancestors are known from its first layout on.
  let parent = root.isConnected;
  const attached = new ResizeObserver(() => {
    if (root.isConnected === parent) return;
    parent = root.isConnected;
    watch();
  });
  attached.observe(root);
  system.addEventListener("change", apply, { signal });
  signal.addEventListener("abort", () => {
    observer.disconnect();
    attached.disconnect();
  });
};
