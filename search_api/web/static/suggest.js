// Suggestions under the search box, by the combobox pattern (WAI-ARIA 1.2); without this file the box just searches.
"use strict";
(() => {
  const box = document.getElementById("q");
  const list = document.getElementById("suggestions");
  const status = document.querySelector(".finder [role=status]");
  if (!box || !list || !window.fetch || !window.AbortController) { return; }
  const WAIT = 120;
  let timer = 0, asking = null, found = [], active = -1, dismissed = false;

  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");
  list.setAttribute("role", "listbox");

  const isOpen = () => !list.hidden;
  const close = () => {
    list.hidden = true;
    active = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
    status.textContent = "";
  };
  // Ranges count characters as people do; JavaScript's strings count some of them twice.
  const marked = (text, ranges) => {
    const letters = Array.from(text), piece = document.createElement("bdi");
    let at = 0;
    for (const [start, end] of ranges) {
      const strong = document.createElement("b");
      strong.textContent = letters.slice(start, end).join("");
      piece.append(letters.slice(at, start).join(""), strong);
      at = end;
    }
    piece.append(letters.slice(at).join(""));
    return piece;
  };
  const option = (one, place) => {
    const item = document.createElement("li");
    item.id = `suggestion-${place}`;
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", "false");
    const kind = document.createElement("span"), count = document.createElement("i");
    kind.textContent = list.dataset[one.kind];
    count.textContent = one.kind === "title" ? "" : one.count.toLocaleString(document.documentElement.lang);
    item.append(marked(one.text, one.highlights), " ", kind, " ", count);
    // The box keeps the focus, so that what is open stays open until the tap is over.
    item.addEventListener("pointerdown", (event) => event.preventDefault());
    item.addEventListener("click", () => choose(one));
    return item;
  };
  const show = (results) => {
    found = results;
    active = -1;
    box.removeAttribute("aria-activedescendant");
    list.replaceChildren(...results.map(option));
    list.hidden = results.length === 0;
    box.setAttribute("aria-expanded", String(isOpen()));
    const said = results.length === 0 ? "none" : results.length === 1 ? "one" : "many";
    status.textContent = list.dataset[said].replace("{count}", results.length);
  };
  const choose = (one) => {
    close();
    if (one.work || one.url.startsWith("/?container=")) {
      const url = new URL(one.url, location.href), ui = box.form.querySelector("input[name=ui]");
      if (ui) { url.searchParams.set("ui", ui.value); }
      location.assign(url);
      return;
    }
    box.value = one.query;
    box.form.requestSubmit ? box.form.requestSubmit() : box.form.submit();
  };
  const move = (step) => {
    const before = list.children[active];
    // One place more than there are suggestions: what was typed.
    active = (active + 1 + step + found.length + 1) % (found.length + 1) - 1;
    if (before) { before.setAttribute("aria-selected", "false"); }
    const now = list.children[active];
    if (!now) { box.removeAttribute("aria-activedescendant"); return; }
    now.setAttribute("aria-selected", "true");
    now.scrollIntoView({ block: "nearest" });
    box.setAttribute("aria-activedescendant", now.id);
  };
  const ask = async () => {
    if (asking) { asking.abort(); }
    const typed = box.value;
    if (!typed.trim()) { close(); return; }
    asking = new AbortController();
    try {
      const answer = await fetch(`/v1/suggest?${new URLSearchParams({ q: typed })}`, { signal: asking.signal });
      const body = answer.ok ? await answer.json() : { results: [] };
      if (typed === box.value && !dismissed && document.activeElement === box) { show(body.results); }
    } catch (error) {
      if (error.name !== "AbortError") { close(); }
    }
  };

  box.addEventListener("input", () => {
    dismissed = false;
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229) { return; }
    if (event.key === "Escape" && isOpen()) {
      dismissed = true;
      close();
    } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && isOpen()) {
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "ArrowDown" && box.value.trim()) {
      dismissed = false;
      ask();
    } else if (event.key === "Enter" && isOpen() && active >= 0) {
      choose(found[active]);
    } else {
      return;
    }
    event.preventDefault();
  });
  box.addEventListener("blur", close);
  box.form.addEventListener("submit", () => { dismissed = true; clearTimeout(timer); close(); });
})();
