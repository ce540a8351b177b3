// The stream of changes (#live, hx-sse): shows its state on [data-live], catches up after every interruption by
// `resync` on the body, and covers what hx-sse leaves out: a first connection that fails, a stream that died in silence.

const LABELS = { connected: "Live", reconnecting: "Reconnecting", offline: "Offline" };
const loaded = performance.now();
let stream = null; // hx-sse's connection, while there is one
let opened = false;
let failures = 0;
let retry;
let delayed = null;
let silence;
let beats = false;

function show(state) {
  clearTimeout(delayed);
  delayed = null;
  for (const element of document.querySelectorAll("[data-live]")) {
    element.dataset.state = state;
    const label = element.querySelector("[data-live-label]");
    if (label && label.textContent !== LABELS[state]) label.textContent = LABELS[state];
  }
}

// A blink is not worth telling.
function showLost() {
  delayed ??= setTimeout(
    () => show(navigator.onLine && failures < 4 ? "reconnecting" : "offline"),
    opened ? 1500 : 0,
  );
}

function resync() {
  document.body.dispatchEvent(new CustomEvent("resync", { bubbles: true }));
}

// An idle stream sends `beat` every 25 s; once one was heard, a minute of silence means a dead line.
function listen() {
  clearTimeout(silence);
  silence = setTimeout(() => stream?.reader?.cancel(), 60_000);
}

// Also where a stream seems open: after a change of network it may be dead without knowing.
function connectAgain() {
  clearTimeout(retry);
  if (stream) (stream.delayCanceller ?? (() => stream.reader?.cancel()))();
  else document.getElementById("live")?.dispatchEvent(new CustomEvent("live-retry"));
}

document.addEventListener("htmx:sse:after:connection", (event) => {
  stream = event.detail.connection;
  const missed = opened || failures > 0 || performance.now() - loaded > 5000;
  opened = true;
  failures = 0;
  show("connected");
  if (missed) resync();
});

document.addEventListener("htmx:sse:before:connection", (event) => {
  if (event.detail.connection.attempt > 0) showLost();
});

document.addEventListener("htmx:sse:error", (event) => {
  failures += 1;
  showLost();
  const { connection, status } = event.detail;
  if (status !== 401 || !connection) return;
  connection.config.reconnect = false;
  signedOut();
});

document.addEventListener("htmx:sse:close", () => {
  stream = null;
  clearTimeout(silence);
});

document.addEventListener("beat", () => {
  beats = true;
});
document.addEventListener("htmx:sse:after:message", () => beats && listen());

// hx-sse takes over only when the first answer is a stream; until then trying again is up to us.
document.addEventListener("htmx:finally:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (sourceElement?.id !== "live" || stream) return;
  failures += 1;
  showLost();
  if (response?.status === 401) signedOut();
  else retry = setTimeout(connectAgain, Math.min(10_000, 500 * 2 ** failures) * (0.7 + 0.6 * Math.random()));
});

function signedOut() {
  show("offline");
  document.dispatchEvent(new CustomEvent("toast", { detail: "toast-signed-out" }));
}

window.addEventListener("offline", () => show("offline"));
window.addEventListener("online", connectAgain);
window.addEventListener("pageshow", (event) => event.persisted && resync());
