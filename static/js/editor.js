// The editor of a definition: numbers its lines, shows what the text becomes while it is written,
// and offers what may be written at the caret (Ctrl-Space asks at any time). The text stays a
// plain field: without this script the buttons under it do the same, one look at a time.
"use strict";

(() => {
  const field = document.getElementById("text");
  const becomes = document.querySelector("[data-becomes]");
  const form = field && field.form;
  if (!form || !becomes) return;
  const told = document.querySelector("[data-editor-told]");
  const LOOK_AFTER = 500, OFFER_AFTER = 120, LINE = 20, TOP = 8;

  const frame = document.createElement("div");
  const numbers = document.createElement("div");
  frame.className = "written";
  numbers.className = "lines";
  numbers.setAttribute("aria-hidden", "true");
  field.replaceWith(frame);
  frame.append(numbers, field);
  field.setAttribute("wrap", "off");
  field.setAttribute("spellcheck", "false");
  field.setAttribute("aria-autocomplete", "list");

  const post = async (path, more) => {
    const body = new URLSearchParams({ _csrf: form.elements._csrf.value, text: field.value, ...more });
    const answer = await fetch(path, { method: "POST", body });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer;
  };

  // The lines and what is wrong at them

  let marks = { faulty: new Set(), warned: new Set() };
  let shown = "";
  function number() {
    const many = field.value.split("\n").length;
    const key = `${many}|${[...marks.faulty]}|${[...marks.warned]}`;
    if (key !== shown) {
      shown = key;
      numbers.replaceChildren(...Array.from({ length: many }, (_, n) => {
        const line = document.createElement("div");
        line.textContent = n + 1;
        if (marks.faulty.has(n + 1)) line.className = "is-faulty";
        else if (marks.warned.has(n + 1)) line.className = "is-warned";
        return line;
      }));
    }
    numbers.scrollTop = field.scrollTop;
  }

  // What it becomes

  let looking = 0, timer = 0, said = "";
  async function look() {
    const mine = ++looking;
    becomes.classList.add("is-old");
    try {
      const part = await (await post("/definitions/look")).text();
      if (mine !== looking) return;
      becomes.innerHTML = part;
      const lines = (where) => new Set([...becomes.querySelectorAll(where)].map((one) => Number(one.dataset.line)));
      marks = { faulty: lines(".looked-faults [data-line]"), warned: lines("section:not(.looked-faults) [data-line]") };
      number();
      const heading = becomes.querySelector("h2");
      if (heading && told && heading.textContent !== said) told.textContent = said = heading.textContent;
    } catch { /* the next look may get through; the last one stays to be seen */ }
    if (mine === looking) becomes.classList.remove("is-old");
  }
  becomes.addEventListener("click", (event) => {
    const line = Number(event.target.dataset && event.target.dataset.go);
    if (!line) return;
    event.preventDefault();
    const before = field.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    field.focus();
    field.setSelectionRange(before, before + (field.value.split("\n")[line - 1] || "").length);
    field.scrollTop = Math.max(0, (line - 4) * LINE);
  });

  // What may be written

  const offers = document.createElement("ul");
  offers.className = "offers";
  offers.id = "offers";
  offers.hidden = true;
  offers.setAttribute("role", "listbox");
  offers.setAttribute("aria-label", "What may be written here");
  frame.append(offers);
  field.setAttribute("aria-controls", "offers");
  let items = [], chosen = 0, asking = 0, waiting = 0;

  function place() {
    const before = field.value.slice(0, field.selectionStart).split("\n");
    return { line: before.length - 1, column: before.at(-1).length };
  }
  const letter = (() => {
    const canvas = document.createElement("canvas").getContext("2d");
    canvas.font = getComputedStyle(field).font;
    return canvas.measureText("m").width;
  })();
  function close() {
    clearTimeout(waiting);
    asking += 1;
    offers.hidden = true;
    items = [];
    field.removeAttribute("aria-activedescendant");
  }
  function choose(n) {
    chosen = (n + items.length) % items.length;
    [...offers.children].forEach((one, at) => one.setAttribute("aria-selected", String(at === chosen)));
    const one = offers.children[chosen];
    one.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", one.id);
  }
  function show(at) {
    offers.replaceChildren(...items.map((item, n) => {
      const one = document.createElement("li");
      one.id = `offer-${n}`;
      one.setAttribute("role", "option");
      one.append(item.label);
      if (item.detail) {
        const small = document.createElement("small");
        small.textContent = item.detail;
        one.append(small);
      }
      one.addEventListener("mousedown", (event) => { event.preventDefault(); choose(n); take(); });
      return one;
    }));
    offers.hidden = false;
    const left = numbers.offsetWidth + 10 + at.column * letter - field.scrollLeft;
    offers.style.left = `${Math.max(0, Math.min(left, frame.clientWidth - 240))}px`;
    const below = TOP + (at.line + 1) * LINE - field.scrollTop;
    const height = offers.offsetHeight;
    offers.style.top = `${below + height > frame.clientHeight ? Math.max(0, below - LINE - height) : below}px`;
    choose(0);
  }
  async function offer(isAsked) {
    const mine = ++asking;
    const at = place();
    const before = field.value.slice(0, field.selectionStart).split("\n").at(-1);
    if (!isAsked && !/[\w]$/.test(before)) { close(); return; }
    try {
      const found = await (await post("/definitions/complete", { line: at.line, column: at.column })).json();
      if (mine !== asking) return;
      items = found.items;
      if (items.length) show(at); else close();
    } catch { close(); }
  }
  function take() {
    const item = items[chosen];
    const end = field.selectionStart;
    const before = field.value.slice(0, end);
    const begun = /[\w.-]*$/.exec(before)[0];
    const start = item.label.toLowerCase().startsWith(begun.toLowerCase()) ? end - begun.length : end;
    field.setRangeText(item.insert, start, end, "end");
    close();
    changed();
  }

  function changed() {
    number();
    clearTimeout(timer);
    timer = setTimeout(look, LOOK_AFTER);
  }
  field.addEventListener("input", (event) => {
    changed();
    clearTimeout(waiting);
    if (event.inputType && event.inputType.startsWith("insert")) waiting = setTimeout(offer, OFFER_AFTER);
    else close();
  });
  field.addEventListener("scroll", () => { number(); if (items.length) close(); });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.code === "Space") { event.preventDefault(); offer(true); return; }
    if (items.length) {
      const moves = { ArrowDown: 1, ArrowUp: -1 };
      if (event.key in moves) { event.preventDefault(); choose(chosen + moves[event.key]); return; }
      if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); take(); return; }
      if (event.key === "Escape") { event.preventDefault(); close(); return; }
    }
    if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.isComposing) {
      const line = field.value.slice(0, field.selectionStart).split("\n").at(-1);
      const indent = /^ */.exec(line)[0] + (/^\s*- /.test(line) ? "  " : "") + (/:\s*$/.test(line) ? "  " : "");
      if (!indent) return;
      event.preventDefault();
      field.setRangeText(`\n${indent}`, field.selectionStart, field.selectionEnd, "end");
      changed();
    }
  });
  number();
  look();
})();
