// Keeps what is typed on a task's page: a moment after the last key, and when the page is left.
// Without this script a button does the same. The answer says which fields need nothing by now,
// and those are hidden; without it all are shown, with the words "if it applies".
"use strict";

(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const told = document.querySelector("[data-draft-told]");
  const button = form.querySelector("button[name=_draft][value=yes]");
  const elsewhere = form.querySelector("[data-elsewhere]");
  const AFTER = 1200;
  let timer = 0;
  let isChanged = false;
  let asked = 0;

  // Said again it would be read out again, after every pause in typing.
  const say = (words) => { if (told && told.textContent !== words) told.textContent = words; };
  const body = () => new URLSearchParams(
    [...new FormData(form)].filter(([, value]) => typeof value === "string"));

  function hide(names) {
    const off = new Set(names);
    form.classList.add("is-live");
    for (const one of form.querySelectorAll("[data-field]")) {
      one.toggleAttribute("data-off", off.has(one.dataset.field));
    }
    form.dispatchEvent(new Event("hid"));
  }

  // What was typed on another device stands until it is said that this takes its place.
  async function keep(isOver = false) {
    clearTimeout(timer);
    if (!isChanged && !isOver) return;
    isChanged = false;
    const mine = ++asked;
    const sent = body();
    if (isOver) sent.set("_over", "yes");
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: sent, keepalive: true });
      if (elsewhere) elsewhere.hidden = answer.headers.get("Portal-Refusal") !== "kept-elsewhere";
      say(answer.ok ? form.dataset.kept : await answer.text());
      if (answer.status === 200 && mine === asked) hide((await answer.json()).hidden);
    } catch {
      isChanged = true;
      say(form.dataset.away);
    }
  }

  // What was chosen or left may show or hide others, which should not take a moment.
  function change(event) {
    isChanged = true;
    clearTimeout(timer);
    timer = setTimeout(() => keep(), event.type === "change" && "hidden" in form.dataset ? 0 : AFTER);
  }

  form.addEventListener("input", change);
  form.addEventListener("change", change);
  form.addEventListener("submit", () => { clearTimeout(timer); isChanged = false; });
  elsewhere?.querySelector("button").addEventListener("click", (event) => {
    event.preventDefault();
    keep(true);
  });
  addEventListener("pagehide", () => keep());
  addEventListener("online", () => keep());
  if (button) button.hidden = true;
  if ("hidden" in form.dataset) hide(form.dataset.hidden.split(" "));
})();
