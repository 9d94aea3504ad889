// Comfort only: every page works without this file.
"use strict";
(() => {
  // Beside the results there is room for the filters; browsers that cannot unfold them by style get them opened.
  const filters = document.querySelector("details.filters");
  const wide = matchMedia("(min-width: 60em)");
  if (filters && !CSS.supports("selector(::details-content)")) {
    const unfold = () => { filters.open = wide.matches; };
    unfold();
    wide.addEventListener("change", unfold);
  }
  // Copying needs a secure address; where there is none the button stays away.
  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) { continue; }
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
    });
  }
  // A slash goes to the search box, as in many catalogues.
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      document.getElementById("q").focus();
    }
  });
})();
