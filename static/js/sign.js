// A signature drawn with finger, pen or mouse. The strokes go with the form as points; without
// this script the name is typed.
"use strict";

(() => {
  const box = document.querySelector("[data-drawing]");
  if (!box) return;
  const field = box.querySelector("input[name=drawing]");
  const sheet = box.querySelector("canvas");
  const pen = sheet.getContext("2d");
  const WIDTH = 1000;
  const HEIGHT = 400;
  let strokes = [];
  let now = null;

  try { strokes = JSON.parse(field.value || "[]"); } catch { strokes = []; }
  box.hidden = false;

  const point = (event) => {
    const at = sheet.getBoundingClientRect();
    const within = (n, most) => Math.max(0, Math.min(most, Math.round(n)));
    return [
      within((event.clientX - at.left) / at.width * WIDTH, WIDTH),
      within((event.clientY - at.top) / at.height * HEIGHT, HEIGHT),
    ];
  };

  function paint() {
    const scale = devicePixelRatio || 1;
    const at = sheet.getBoundingClientRect();
    sheet.width = at.width * scale;
    sheet.height = at.height * scale;
    pen.setTransform(sheet.width / WIDTH, 0, 0, sheet.height / HEIGHT, 0, 0);
    pen.strokeStyle = getComputedStyle(sheet).color;
    pen.lineWidth = 6;
    pen.lineCap = pen.lineJoin = "round";
    for (const stroke of now ? [...strokes, now] : strokes) {
      pen.beginPath();
      pen.moveTo(...stroke[0]);
      for (const one of stroke.length > 1 ? stroke.slice(1) : stroke) pen.lineTo(...one);
      pen.stroke();
    }
  }

  function keep() {
    field.value = strokes.length ? JSON.stringify(strokes) : "";
    paint();
  }

  sheet.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    sheet.setPointerCapture(event.pointerId);
    now = [point(event)];
    paint();
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!now) return;
    now.push(point(event));
    paint();
  });
  const lift = () => {
    if (!now) return;
    strokes.push(now);
    now = null;
    keep();
  };
  sheet.addEventListener("pointerup", lift);
  sheet.addEventListener("pointercancel", lift);
  box.querySelector("[data-undo]").addEventListener("click", () => { strokes.pop(); keep(); });
  box.querySelector("[data-clear]").addEventListener("click", () => { strokes = []; keep(); });
  addEventListener("resize", paint);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  paint();
})();
