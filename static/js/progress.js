// Counts what is answered in a long form while it is filled in. Without this script the counts are
// those of the draft as it was kept last.
"use strict";

(() => {
  const shown = document.querySelector("[data-progress]");
  const form = shown?.closest("form");
  if (!form) return;
  const { words, none } = shown.dataset;
  const bars = form.querySelectorAll("progress[max]");

  // Where nobody says what the conditions hide, what hangs on another answer does not count.
  const isNeeded = (field) => !field.hasAttribute("data-off")
    && (form.classList.contains("is-live") || !("field" in field.dataset));

  // A currency that was offered is no answer.
  const isGiven = (one) => {
    if (one.name.startsWith("_") || one.matches(".money > :nth-child(2)")) return false;
    return one.type === "radio" || one.type === "checkbox" ? one.checked : one.value.trim() !== "";
  };
  const isAnswered = (field) => [...field.querySelectorAll("input, select, textarea")].some(isGiven);

  function tell(part, answered, needed) {
    const said = needed ? words.replace("{n}", answered).replace("{of}", needed) : none;
    for (const one of form.querySelectorAll(`[data-count="${part}"]`)) {
      if (one.textContent !== said) one.textContent = said;
      one.toggleAttribute("data-done", needed > 0 && answered === needed);
    }
  }

  function count() {
    let answered = 0;
    let needed = 0;
    for (const part of form.querySelectorAll("[data-part]")) {
      const fields = [...part.querySelectorAll("[data-need]")].filter(isNeeded);
      const done = fields.filter(isAnswered).length;
      const { part: name } = part.dataset;
      const isOff = !part.querySelector(".field:not([data-off])");
      tell(name, done, fields.length);
      part.toggleAttribute("data-off", isOff);
      form.querySelector(`[data-to="${name}"]`)?.toggleAttribute("hidden", isOff);
      answered += done;
      needed += fields.length;
    }
    tell("", answered, needed);
    for (const bar of bars) [bar.max, bar.value] = [Math.max(needed, 1), answered];
  }

  for (const name of ["input", "change", "hid"]) form.addEventListener(name, count);
  count();
})();
