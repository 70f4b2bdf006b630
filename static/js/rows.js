// Adds rows to tables and takes them away at once. Without this script the same buttons ask the
// server for it.
"use strict";

(() => {
  const NAMES = ["id", "name", "for", "aria-describedby", "data-field"];

  // A row's controls are named TABLE-ROW-COLUMN, counted from 1.
  function renumber(part) {
    const { table } = part.dataset;
    const rows = [...part.querySelectorAll("tbody > tr")];
    rows.forEach((row, index) => {
      const now = index + 1;
      for (const one of row.querySelectorAll("*")) {
        for (const name of NAMES) {
          const value = one.getAttribute(name);
          if (value?.startsWith(`${table}-`)) {
            one.setAttribute(name, `${table}-${now}${value.slice(table.length + 1).replace(/^\d+/, "")}`);
          }
        }
        const label = one.getAttribute("aria-label");
        if (label) one.setAttribute("aria-label", label.replace(/\d+(?=\D*$)/, now));
        if (one.name === "_less") one.value = `${table}-${now}`;
      }
    });
    part.querySelector(`[name="_rows-${table}"]`).value = rows.length;
    part.querySelector("[name=_more]").hidden = rows.length >= Number(part.dataset.most);
    part.dispatchEvent(new Event("change", { bubbles: true }));
    return rows;
  }

  function empty(row) {
    for (const one of row.querySelectorAll("input, select, textarea")) {
      if (one.type === "radio" || one.type === "checkbox") one.checked = false;
      else if (one.tagName === "SELECT") one.selectedIndex = 0;
      else one.value = "";
      one.removeAttribute("aria-invalid");
    }
    row.querySelectorAll(".fault").forEach((one) => one.remove());
  }

  const enter = (row) => row.querySelector("input, select, textarea")?.focus();

  function add(part) {
    const last = part.querySelector("tbody > tr:last-child");
    const row = last.cloneNode(true);
    empty(row);
    last.after(row);
    renumber(part);
    enter(row);
  }

  function take(part, row) {
    const next = row.nextElementSibling ?? row.previousElementSibling ?? row;
    if (next === row) empty(row);
    else row.remove();
    renumber(part);
    part.querySelector("[data-gone]").textContent = part.querySelector("[data-gone]").dataset.gone;
    enter(next);
  }

  for (const one of document.querySelectorAll("[data-table] [data-live]")) one.textContent = one.dataset.live;

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-table] button[name=_more], [data-table] button[name=_less]");
    if (!button) return;
    event.preventDefault();
    const part = button.closest("[data-table]");
    if (button.name === "_more") add(part);
    else take(part, button.closest("tr"));
  });
})();
