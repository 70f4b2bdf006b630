// Sends the files of a task's page one by one and piece by piece (tus 1.0.0), each as it is chosen:
// a lost connection costs the piece on its way, and nothing more. Without this script the form
// sends them itself.
"use strict";

(() => {
  const form = document.querySelector("form[data-uploads]");
  if (!form || !window.fetch) return;
  const { uploads, token } = form.dataset;
  const words = JSON.parse(form.dataset.words);
  const said = form.querySelector("[data-said]");
  const LEAST = 2 ** 18, MOST = 2 ** 24, QUICK = 2000, AT_ONCE = 2;
  const jobs = [];
  let pressed = null;

  const put = (text, values) => text.replace(/[A-Z]{3,}/g, (key) => values[key] ?? key);
  const say = (text, values = {}) => { said.textContent = put(text, values); };
  const sized = (n) => {
    const unit = n < 1e6 ? ["kB", 1e3] : n < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
    return `${(n / unit[1]).toFixed(n < 1e6 ? 0 : 1)} ${unit[0]}`;
  };
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
  const encoded = (text) => base64(new TextEncoder().encode(text));
  const digest = async (blob) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
  const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const call = (job, method, url, headers, body) => fetch(url, {
    method, body, signal: job.stop.signal,
    headers: { "Tus-Resumable": "1.0.0", "X-CSRF-Token": token, ...headers },
  });
  const element = (name, text = "", more = {}) =>
    Object.assign(document.createElement(name), { textContent: text }, more);

  class Refused extends Error {
    constructor(why, isFinal = true) {
      super(why);
      this.isFinal = isFinal;
    }
  }
  const isPassing = (status) => status === 429 || (status > 500 && status < 505);
  const taken = async (answer) => {
    if (answer.ok) return answer;
    if (isPassing(answer.status)) throw new TypeError("away");
    throw new Refused(await answer.text(), [404, 410, 413, 422].includes(answer.status));
  };

  // One row for each file on its way.

  function show(job, text, { buttons = [], isFaulty = false } = {}) {
    job.row.classList.toggle("is-faulty", isFaulty);
    job.note.textContent = text;
    job.bar.hidden = isFaulty;
    job.bar.value = job.at;
    const wanted = buttons.map(([word]) => word).join();
    if (job.row.dataset.buttons === wanted) return;
    job.row.dataset.buttons = wanted;
    const hadFocus = job.row.contains(document.activeElement);
    job.row.querySelectorAll("button").forEach((one) => one.remove());
    for (const [word, act] of buttons) {
      const button = element("button", word, { type: "button", className: "plain", onclick: act });
      button.append(element("span", ` ${job.file.name}`, { className: "sr" }));
      job.row.append(button);
    }
    if (hadFocus) job.row.querySelector("button")?.focus();
  }

  const cancel = (job) => [words.cancel, () => {
    job.stop.abort();
    if (job.url) fetch(job.url, { method: "DELETE", headers: { "X-CSRF-Token": token } }).catch(() => {});
    close(job);
  }];

  function close(job) {
    const hadFocus = job.row.contains(document.activeElement);
    jobs.splice(jobs.indexOf(job), 1);
    job.row.remove();
    job.list.hidden = !job.list.children.length;
    if (hadFocus) job.input.focus();
    if (pressed && !jobs.length) form.requestSubmit(pressed);
    next();
  }

  function add(field, file) {
    const job = { field, file, at: 0, state: "waiting", stop: new AbortController() };
    job.input = field.querySelector("input[type=file]");
    job.list = field.querySelector("[data-going]");
    job.row = element("li");
    job.note = element("small");
    job.bar = element("progress", "", { max: file.size || 1, value: 0 });
    job.bar.setAttribute("aria-label", file.name);
    const about = element("span", `${file.name} `);
    about.append(job.note, job.bar);
    job.row.append(about);
    job.list.append(job.row);
    job.list.hidden = false;
    jobs.push(job);
    show(job, words.waiting, { buttons: [cancel(job)] });
  }

  function next() {
    const waiting = jobs.filter((job) => job.state === "waiting");
    const room = AT_ONCE - jobs.filter((job) => job.state === "going").length;
    waiting.slice(0, Math.max(room, 0)).forEach(run);
  }

  async function run(job) {
    job.state = "going";
    try {
      while (!job.result) {
        try {
          job.url ??= await known(job) ?? await begin(job);
          await send(job);
        } catch (error) {
          if (!(error instanceof TypeError) || job.stop.signal.aborted) throw error;
          await wait(job);
        }
      }
      say(job.result === "repeated" ? words.twice : words.arrived, { NAME: job.file.name });
      await refresh(job.field);
      close(job);
    } catch (error) {
      if (job.stop.signal.aborted) return;
      job.state = "failed";
      if (error.isFinal) Object.assign(job, { url: null, at: 0 });
      const why = error instanceof Refused ? error.message : words.unreadable;
      const again = () => { Object.assign(job, { state: "waiting" }); next(); };
      show(job, why, { isFaulty: true, buttons: [[words.retry, again], [words.remove, () => close(job)]] });
      pressed = null;
      say(words.failed, { NAME: job.file.name, WHY: why });
      next();
    }
  }

  async function begin(job) {
    const about = `document ${encoded(job.field.dataset.document)},filename ${encoded(job.file.name)}`;
    const answer = await taken(await call(job, "POST", uploads,
      { "Upload-Length": job.file.size, "Upload-Metadata": about }));
    return answer.headers.get("Location");
  }

  // What arrived in part from here or another device, if this is the very same file.
  async function known(job) {
    const name = job.file.name.normalize("NFC");
    const part = [...job.field.querySelectorAll("[data-part]")].find((one) =>
      one.dataset.name === name && +one.dataset.size === job.file.size &&
      !jobs.some((other) => other.url?.endsWith(one.dataset.part)));
    if (!part || !window.crypto?.subtle) return null;
    const url = `${uploads}/${part.dataset.part}`;
    const answer = await call(job, "GET", url);
    if (!answer.ok) return null;
    let at = 0;
    for (const line of (await answer.text()).split("\n").filter(Boolean)) {
      const [end, sum] = line.split(" ");
      show(job, words.checking, { buttons: [cancel(job)] });
      if (hex(await digest(job.file.slice(at, +end))) !== sum) {
        say(words.other, { NAME: job.file.name });
        job.at = 0;
        return null;
      }
      job.at = at = +end;
    }
    part.hidden = true;
    return url;
  }

  async function send(job) {
    let size = LEAST;
    while (!job.result) {
      const going = put(words.going, { HERE: sized(job.at), ALL: sized(job.file.size) });
      show(job, going, { buttons: [cancel(job)] });
      const piece = job.file.slice(job.at, job.at + size);
      const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": job.at };
      if (window.crypto?.subtle) headers["Upload-Checksum"] = `sha256 ${base64(await digest(piece))}`;
      const began = Date.now();
      const answer = await call(job, "PATCH", job.url, headers, piece);
      if (answer.status === 409 || answer.status === 460) throw new TypeError("elsewhere");
      await taken(answer);
      job.at = +answer.headers.get("Upload-Offset");
      job.result = answer.headers.get("Upload-Result");
      size = Date.now() - began < QUICK ? Math.min(size * 2, MOST) : Math.max(size / 2, LEAST);
    }
  }

  // Until the portal answers again, and then from where it says.
  async function wait(job) {
    let seconds = 1;
    for (;;) {
      if (seconds === 2) say(words.away);
      if (seconds > 1) show(job, words.away, { buttons: [cancel(job)] });
      await pause(seconds);
      if (job.stop.signal.aborted || !job.url) return;
      seconds = Math.min(seconds * 2, 32);
      try {
        const answer = await call(job, "HEAD", job.url);
        if (isPassing(answer.status)) continue;
        if (!answer.ok) throw new Refused(words.lost);
        job.at = +answer.headers.get("Upload-Offset");
        job.result = answer.headers.get("Upload-Result");
        return;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
    }
  }

  const pause = (seconds) => new Promise((done) => {
    setTimeout(done, seconds * 1000);
    addEventListener("online", done, { once: true });
  });

  // The list of what is here comes from the portal, as whoever opens the page anew sees it.
  async function refresh(field, answer = fetch(form.action)) {
    const got = await answer.catch(() => null);
    if (!got?.ok) return;
    const page = new DOMParser().parseFromString(await got.text(), "text/html");
    const id = field.dataset.document;
    const fresh = page.querySelector(`[data-document="${id}"] [data-here]`);
    if (!fresh) return;
    for (const part of fresh.querySelectorAll("[data-part]")) {
      if (jobs.some((job) => job.url?.endsWith(part.dataset.part))) part.remove();
    }
    field.querySelector("[data-here]").replaceChildren(...fresh.childNodes);
    field.querySelector(".fault")?.remove();
    field.classList.remove("is-faulty");
    watch(field);
  }

  // While the malware scanner looks at something, its verdict is asked for now and then.
  function watch(field) {
    clearTimeout(field.later);
    if (field.querySelector("[data-checking]")) field.later = setTimeout(refresh, 4000, field);
  }

  function choose(field, files) {
    const most = +field.dataset.max;
    const going = jobs.filter((job) => job.field === field && job.state !== "failed").length;
    const here = most > 1 ? field.querySelectorAll("[data-file]").length : 0;
    if (files.length + going + here > most) {
      say(words.many, { MOST: most === 1 ? words.one : put(words.some, { COUNT: most }) });
      return;
    }
    [...files].forEach((file) => add(field, file));
    next();
  }

  for (const field of form.querySelectorAll("[data-document]")) {
    const input = field.querySelector("input[type=file]");
    const box = field.querySelector(".drop");
    const camera = field.querySelector("[data-camera]");
    box.classList.add("is-live");
    watch(field);
    input.addEventListener("change", () => { choose(field, input.files); input.value = ""; });
    const over = (event) => { event.preventDefault(); box.classList.add("is-over"); };
    field.addEventListener("dragover", over);
    field.addEventListener("dragleave", () => box.classList.remove("is-over"));
    field.addEventListener("drop", (event) => {
      box.classList.remove("is-over");
      choose(field, event.dataTransfer.files);
    });
    if (matchMedia("(pointer: fine)").matches) field.querySelector("[data-hint]").hidden = false;
    else if (camera) {
      camera.hidden = false;
      camera.onclick = () => {
        const lens = element("input", "", { type: "file", accept: "image/jpeg" });
        lens.setAttribute("capture", "environment");
        lens.onchange = () => choose(field, lens.files);
        lens.click();
      };
    }
  }
  for (const name of ["dragover", "drop"]) addEventListener(name, (event) => event.preventDefault());

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (button?.name === "_drop") {
      event.preventDefault();
      const field = button.closest("[data-document]");
      const body = new FormData(form, button);
      refresh(field, fetch(form.action, { method: "POST", body }));
      field.querySelector("input[type=file]").focus();
    } else if (jobs.some((job) => job.state !== "failed")) {
      event.preventDefault();
      pressed = button ?? form.querySelector(".send button");
      say(words.then);
    }
  });
})();
