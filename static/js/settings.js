// Shows how a name and a colour would look while they are typed. Without it a button does the same.
"use strict";

(() => {
  const form = document.querySelector("form[data-look]");
  const place = document.querySelector("[data-looked]");
  if (!form || !place) return;
  let timer = 0;
  let asked = 0;

  async function look() {
    const mine = ++asked;
    const wanted = new URLSearchParams();
    for (const name of ["brand_name", "brand_colour"]) wanted.set(name, form.elements[name].value);
    try {
      const answer = await fetch(`${form.dataset.look}?${wanted}`);
      if (answer.ok && mine === asked) place.innerHTML = await answer.text();
    } catch {
      // Away: what was shown last stays, and the button still asks.
    }
  }

  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    clearTimeout(timer);
    timer = setTimeout(look, 250);
  });
})();
