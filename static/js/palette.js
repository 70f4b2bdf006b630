// The palette (Ctrl-K) and keys for the desk. Without this script the field in the rail finds the
// same on a page of its own.
"use strict";

(() => {
  const PLACES = { d: "/", t: "/timeline", p: "/processes", a: "/tasks", f: "/definitions", i: "/insights", e: "/exceptions" };
  const NAMES = { d: "the desk", t: "the timeline", p: "processes", a: "tasks", f: "definitions", i: "insights", e: "exceptions" };
  const WAIT = 120; // milliseconds that somebody may type on before what they typed is looked up
  const OFF = "keys-off";

  function make(tag, attributes = {}, ...children) {
    const one = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) one.setAttribute(name, value);
    one.append(...children);
    return one;
  }

  const stored = (() => { try { return window.localStorage; } catch { return null; } })();
  const isOff = () => stored?.getItem(OFF) === "yes";

  // The palette

  const input = make("input", {
    type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list",
    "aria-autocomplete": "list", "aria-label": "Find, go or do", placeholder: "Find, go or do …",
    autocomplete: "off", spellcheck: "false",
  });
  const list = make("ul", { id: "palette-list", role: "listbox", "aria-label": "What was found" });
  const hint = make("p", { class: "hint", role: "status" });
  const palette = make("dialog", { class: "palette", "aria-label": "Find, go or do" }, input, list, hint);
  let items = [], at = 0, asked = 0, timer = 0;

  const label = (one) => one.textContent.replace(/\s+/g, " ").trim();

  // What can be done on this page: its links that stand out, and the verbs that open a small form.
  // A button that acts at once is shown and focused, never pressed from here.
  function verbs() {
    const found = document.querySelectorAll("main .verb > summary, main .head a.button, main .at-once button, main form > button[type=submit]");
    return [...found].filter((one) => one.checkVisibility?.() ?? true).map((one) => ({
      name: label(one), note: "On this page", act: () => act(one),
    }));
  }

  function act(one) {
    if (one.tagName === "A") { location.assign(one.href); return; }
    if (one.tagName === "SUMMARY") one.parentElement.open = true;
    one.scrollIntoView({ block: "center" });
    const first = one.tagName === "SUMMARY" && one.parentElement.querySelector("form input:not([type=hidden]), form select, form textarea, form button");
    (first || one).focus();
  }

  function places() {
    const links = document.querySelectorAll(".rail nav a, .rail .who a, .views a");
    const told = [...links].map((one) => ({ name: label(one), note: "Go to", href: one.href }));
    return [...told, { name: "Keys", note: "Show the list", act: showKeys }];
  }

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const fits = (text, words) => words.every((word) => plain(text).split(/[^\p{L}\p{N}]+/u).some((one) => one.startsWith(word)));

  function show(found, told) {
    items = found;
    list.replaceChildren(...items.map((one, index) => make(
      "li", { role: "option", id: `palette-${index}`, "aria-selected": "false", "data-index": index },
      make("span", {}, one.name), make("small", {}, one.note),
    )));
    hint.textContent = told;
    pick(0);
  }

  function pick(index) {
    at = items.length ? (index + items.length) % items.length : 0;
    for (const one of list.children) one.setAttribute("aria-selected", String(one.dataset.index === String(at)));
    const chosen = list.children[at];
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
    else input.removeAttribute("aria-activedescendant");
  }

  async function look() {
    const q = input.value.trim(), words = plain(q).split(/[^\p{L}\p{N}]+/u).filter(Boolean), mine = ++asked;
    const here = [...verbs(), ...places()].filter((one) => fits(one.name, words));
    if (!words.length) { show(here, "Type to find a process, a person, an answer, a file."); return; }
    const all = { name: `All that holds “${q}”`, note: "Find", href: `/search?q=${encodeURIComponent(q)}` };
    show([...here, all], "Looking …");
    try {
      const answer = await fetch(`/search.json?q=${encodeURIComponent(q)}`, { headers: { Accept: "application/json" } });
      const found = answer.ok ? (await answer.json()).items : [];
      if (mine !== asked) return;
      const told = found.length === 1 ? "One was found." : found.length ? `${found.length} were found.` : "No process holds all of these words.";
      show([...here, ...found, all], told);
    } catch {
      if (mine === asked) hint.textContent = "The portal does not answer just now.";
    }
  }

  function choose(index) {
    const one = items[index];
    if (!one) return;
    palette.close();
    if (one.act) one.act();
    else location.assign(one.href);
  }

  function open() {
    if (!palette.isConnected) document.body.append(palette);
    input.value = "";
    palette.showModal();
    input.focus();
    look();
  }

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(look, WAIT); });
  input.addEventListener("keydown", (event) => {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move) { event.preventDefault(); pick(at + move); }
    else if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); choose(at); }
  });
  list.addEventListener("click", (event) => {
    const one = event.target.closest("[role=option]");
    if (one) choose(Number(one.dataset.index));
  });
  palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });

  // The list of keys

  const KEYS = [
    [["Ctrl", "K"], "find, go or do"], [["/"], "to the field that finds"], [["j"], "next row"], [["k"], "row before"],
    [["Enter"], "open the row"], ...Object.entries(NAMES).map(([key, name]) => [["g", key], `go to ${name}`]), [["?"], "this list"],
  ];
  let keys;

  function showKeys() {
    if (!keys) {
      const box = make("input", { type: "checkbox" });
      box.checked = !isOff();
      box.addEventListener("change", () => stored?.setItem(OFF, box.checked ? "no" : "yes"));
      const close = make("button", { type: "button" }, "Close");
      close.addEventListener("click", () => keys.close());
      const rows = KEYS.flatMap(([pressed, does]) => [
        make("dt", {}, ...pressed.flatMap((key, index) => [index ? " " : "", make("kbd", {}, key)])), make("dd", {}, does),
      ]);
      keys = make("dialog", { class: "keys", "aria-labelledby": "keys-title" },
        make("h2", { id: "keys-title" }, "Keys"), make("dl", {}, ...rows),
        make("label", {}, box, "Single keys do this"), close);
      document.body.append(keys);
    }
    keys.showModal();
  }

  // Keys

  const rows = () => [...document.querySelectorAll("main [data-row], main .rows tbody th a, main .troubles li > a")];

  function step(by) {
    const all = rows();
    if (!all.length) return;
    const here = all.indexOf(document.activeElement);
    all[here < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + by, 0), all.length - 1)].focus();
  }

  const isTyping = (one) => one instanceof HTMLElement && (one.isContentEditable || one.matches("input:not([type=checkbox], [type=radio], [type=submit], [type=button]), select, textarea"));
  let after = 0; // until when a place may follow the `g`

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette.open) palette.close();
      else if (!document.querySelector("dialog[open]")) open();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (isOff()) return;
    if (event.key === "?") { event.preventDefault(); showKeys(); return; }
    const place = event.timeStamp < after && PLACES[event.key];
    after = event.key === "g" ? event.timeStamp + 1500 : 0;
    if (place) { event.preventDefault(); location.assign(place); }
    else if (event.key === "/") { event.preventDefault(); document.querySelector("[data-find]")?.focus(); }
    else if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
  });

  const field = document.querySelector("[data-find]");
  field?.setAttribute("aria-keyshortcuts", "/");
  if (field && window.matchMedia("(pointer: fine)").matches) field.placeholder = /Mac/.test(navigator.platform) ? "Find (⌘K)" : "Find (Ctrl K)";
})();
