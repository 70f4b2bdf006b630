// Keeps what is typed on a task's page: a moment after the last key, and when the page is left.
// Without this script a button does the same.
"use strict";

(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const told = document.querySelector("[data-draft-told]");
  const button = form.querySelector("button[name=_draft]");
  const AFTER = 1200;
  let timer = 0;
  let isChanged = false;

  const say = (words) => { if (told) told.textContent = words; };
  const body = () => new URLSearchParams(
    [...new FormData(form)].filter(([, value]) => typeof value === "string"));

  async function keep() {
    clearTimeout(timer);
    if (!isChanged) return;
    isChanged = false;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: body(), keepalive: true });
      say(answer.ok ? form.dataset.kept : await answer.text());
    } catch {
      isChanged = true;
      say(form.dataset.away);
    }
  }

  function change() {
    isChanged = true;
    clearTimeout(timer);
    timer = setTimeout(keep, AFTER);
  }

  form.addEventListener("input", change);
  form.addEventListener("change", change);
  form.addEventListener("submit", () => { clearTimeout(timer); isChanged = false; });
  addEventListener("pagehide", keep);
  addEventListener("online", keep);
  if (button) button.hidden = true;
})();
