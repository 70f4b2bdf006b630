// Tells how far a batch is while one looks at its page; at its end the page is fetched anew.
// Without this script a link does the same.
"use strict";

(() => {
  const here = document.querySelector("[data-progress]");
  if (!here) return;
  const bar = here.querySelector("progress");
  const told = here.querySelector("[data-told]");
  const EVERY = 1500;

  async function look() {
    try {
      const answer = await fetch(here.dataset.progress, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const now = await answer.json();
      bar.value = now.through;
      const [n, of] = [now.through, now.total].map((one) => one.toLocaleString(document.documentElement.lang));
      told.textContent = (told.dataset.told || "{n} of {of}").replace("{n}", n).replace("{of}", of);
      if (now.state !== "running") { location.reload(); return; }
    } catch { /* the next look may get through */ }
    setTimeout(look, EVERY);
  }
  setTimeout(look, EVERY);
})();
