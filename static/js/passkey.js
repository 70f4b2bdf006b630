// Has the browser make or show a passkey, and sends its answer with the form that asked for it.
// Without this script, or in a browser that knows no passkeys, those forms stay hidden.
"use strict";

(() => {
  const known = window.PublicKeyCredential;
  if (!known || !known.parseCreationOptionsFromJSON || !known.parseRequestOptionsFromJSON) return;

  const AWAY = "The portal could not be reached. Try it once more.";
  const NOTHING = "No passkey was used. Try it once more, or sign in another way.";

  async function asked(form) {
    const token = form.querySelector("input[name=_csrf]").value;
    const answer = await fetch(form.dataset.passkey, {
      method: "POST", body: new URLSearchParams({ _csrf: token }),
    });
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.detail || AWAY);
    return told;
  }

  async function used(form, options) {
    try {
      return "makes" in form.dataset
        ? await navigator.credentials.create({ publicKey: known.parseCreationOptionsFromJSON(options) })
        : await navigator.credentials.get({ publicKey: known.parseRequestOptionsFromJSON(options) });
    } catch {
      throw new Error(NOTHING);
    }
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    for (const part of document.querySelectorAll("[data-passkeys]")) part.hidden = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const told = form.querySelector("[data-told]");
      told.textContent = "";
      try {
        const key = await used(form, await asked(form));
        form.querySelector("input[name=answer]").value = JSON.stringify(key.toJSON());
        form.submit();
      } catch (wrong) {
        told.textContent = wrong instanceof TypeError ? AWAY : wrong.message;
      }
    });
  }
})();
