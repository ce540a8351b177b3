// Tells Chronos that somebody is at work in this page while a timer runs, once a minute at most and only if they are:
// "last activity" is what a forgotten timer offers to stop at (quart_app/activity.py).

let told = Date.now(); // to load the page was a sign of life, too

function noteLife() {
  const now = Date.now();
  if (now - told < 60_000 || document.hidden || !document.querySelector("#timer-running .clock")) return;
  told = now;
  fetch("/forgotten/active", { method: "POST", keepalive: true }).catch(() => {});
}

for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
  document.addEventListener(kind, noteLife, { capture: true, passive: true });
}
