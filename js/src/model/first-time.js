// Whether something is done for the first time: it is explained once, then never again on this page.

const KEY = "fabric-widget-whys";
let told = false;

export const firstTime = () => {
  const first = !told;
  told = true;
  try {
    if (localStorage.getItem(KEY)) return false;
    localStorage.setItem(KEY, "1");
  } catch {
    // Hosts may sandbox storage away; then it is explained once for each page.
  }
  return first;
};
