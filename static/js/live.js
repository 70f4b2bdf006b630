// Keeps the desk as it is now: asks every few seconds while it is looked at, and puts what is new
// in place unless somebody is at work in it. Without this script the page is as fresh as it was.
"use strict";

(() => {
  const told = document.querySelector("[data-live-told]");
  const EVERY = 8000;
  let timer = 0;

  const here = () => document.querySelector("[data-live]");
  // What is open or focused is not taken away from under anybody's hands.
  const isInUse = (part) => part.contains(document.activeElement) || part.querySelector("details[open]") !== null;

  async function look() {
    clearTimeout(timer);
    const part = here();
    if (document.hidden || !part) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("[data-live]");
      if (fresh && fresh.dataset.live !== part.dataset.live && !isInUse(part)) {
        part.replaceWith(fresh);
        if (told) told.textContent = fresh.querySelector(".lead")?.textContent ?? "";
      }
    } catch { /* the next look may get through */ }
    timer = setTimeout(look, EVERY);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
  timer = setTimeout(look, EVERY);
})();
