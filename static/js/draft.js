// Keeps what is typed on a task's page: a moment after the last key, and when the page is left.
// Without this script a button does the same. The answer says which fields need nothing by now,
// and those are hidden; without it all are shown, with the words "if it applies".
"use strict";

(() => {
  const form = document.querySelector("form[data-draft]");
  if (!form) return;
  const told = document.querySelector("[data-draft-told]");
  const button = form.querySelector("button[name=_draft]");
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

  async function keep() {
    clearTimeout(timer);
    if (!isChanged) return;
    isChanged = false;
    const mine = ++asked;
    try {
      const answer = await fetch(form.dataset.draft, { method: "POST", body: body(), keepalive: true });
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
    timer = setTimeout(keep, event.type === "change" && "hidden" in form.dataset ? 0 : AFTER);
  }

  form.addEventListener("input", change);
  form.addEventListener("change", change);
  form.addEventListener("submit", () => { clearTimeout(timer); isChanged = false; });
  addEventListener("pagehide", keep);
  addEventListener("online", keep);
  if (button) button.hidden = true;
  if ("hidden" in form.dataset) hide(form.dataset.hidden.split(" "));
})();
