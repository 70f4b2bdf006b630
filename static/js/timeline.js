// Opens a row in its place, brings the next rows and the news. Without this script every row leads
// to a page of its own, and the next rows to the next page.
"use strict";

(() => {
  const time = document.querySelector(".time");
  if (!time) return;
  const list = time.querySelector(".plane > .spans");
  const news = document.querySelector("[data-news]");
  const here = () => new URL(location.href);

  async function part(address, what, tag) {
    const url = new URL(address, location.href);
    url.searchParams.set("part", what);
    const answer = await fetch(url, tag ? { headers: { "If-None-Match": tag } } : {});
    if (answer.status === 304) return null;
    if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
    const holder = document.createElement("template");
    holder.innerHTML = await answer.text();
    return { content: holder.content, tag: answer.headers.get("ETag") };
  }

  // A row

  function shut(row) {
    row.querySelector(":scope > .opened")?.remove();
    row.classList.remove("is-open");
    row.querySelector(":scope > a").setAttribute("aria-expanded", "false");
  }

  async function open(row, link) {
    const address = new URL(link.href);
    for (const name of ["zoom", "from"]) {
      const value = here().searchParams.get(name);
      if (value) address.searchParams.set(name, value);
    }
    try {
      const { content } = await part(address, "row");
      row.append(content);
      row.classList.add("is-open");
      link.setAttribute("aria-expanded", "true");
    } catch {
      location.href = link.href;
    }
  }

  const marked = (scope) => {
    for (const link of scope.querySelectorAll("li[id] > a:not([aria-expanded])")) link.setAttribute("aria-expanded", "false");
  };

  list.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const link = event.target.closest("a");
    if (!link || link.closest(".opened")) return;
    const row = link.parentElement;
    if (row.classList.contains("next")) {
      event.preventDefault();
      await more(row, link);
    } else if (row.id) {
      event.preventDefault();
      if (row.classList.contains("is-open")) shut(row);
      else await open(row, link);
    }
  });

  // The arrows go from row to row.
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest("li");
    if (!["ArrowDown", "ArrowUp", "Escape"].includes(event.key) || !row || event.target.matches("input, select, textarea")) return;
    if (event.key === "Escape") {
      if (row.classList.contains("is-open")) { shut(row); row.querySelector("a").focus(); }
      return;
    }
    const next = event.key === "ArrowDown" ? row.nextElementSibling : row.previousElementSibling;
    if (!next) return;
    event.preventDefault();
    next.querySelector("a").focus();
  });

  async function more(row, link) {
    try {
      const { content } = await part(link.href, "rows");
      marked(content);
      const first = content.querySelector("li");
      row.replaceWith(content);
      first?.querySelector("a").focus();
    } catch {
      location.href = link.href;
    }
  }

  // The news: the first rows as they are now. Those beyond, and what is open or in use, stay.

  let tag = "";
  async function look() {
    if (document.hidden || list.contains(document.activeElement?.closest(".opened"))) return;
    const found = await part(location.href, "rows", tag);
    if (!found) return;
    const isFirst = tag === "";
    tag = found.tag;
    const changed = apply(found.content, isFirst);
    if (changed && !isFirst) news.textContent = changed === 1 ? "One row has changed." : `${changed} rows have changed.`;
  }

  function apply(content, isFirst) {
    let changed = 0;
    let before = null;
    const seen = new Set();
    const firsts = [...list.children].slice(0, content.querySelectorAll("li[id]").length);
    marked(content);
    for (const fresh of content.querySelectorAll("li[id]")) {
      seen.add(fresh.id);
      const old = document.getElementById(fresh.id);
      if (!old) {
        if (!isFirst) fresh.classList.add("is-new");
        if (before) before.after(fresh); else list.prepend(fresh);
        before = fresh;
        changed += 1;
        continue;
      }
      const [was, is] = [old.querySelector(":scope > a"), fresh.querySelector(":scope > a")];
      if (was.innerHTML !== is.innerHTML) {
        was.innerHTML = is.innerHTML;
        old.classList.remove("is-stuck", "is-late");
        for (const one of fresh.classList) old.classList.add(one);
        if (!isFirst) old.classList.add("is-new");
        changed += 1;
      }
      const place = before ? before.nextElementSibling : list.firstElementChild;
      if (place !== old && !old.contains(document.activeElement)) {
        if (before) before.after(old); else list.prepend(old);
      }
      before = old;
    }
    for (const old of firsts) {
      const isKept = !old.id || seen.has(old.id) || old.classList.contains("is-open") || old.contains(document.activeElement);
      if (!isKept) { old.remove(); changed += 1; }
    }
    return changed;
  }

  marked(list);
  const every = Number(time.dataset.every) * 1000;
  if (every && !here().searchParams.has("cursor")) {
    const fresh = () => look().catch(() => {});
    setInterval(fresh, every);
    document.addEventListener("visibilitychange", fresh);
  }
})();
