// Changes made elsewhere (live-worker.js holds the stream of all tabs). Each name becomes an event on the body, and
// fragments that have it in their hx-trigger refresh themselves; `resync` has all of them do so after every interruption.
// <meta name="page-key" content="whose page this is" data-worker="address of the worker">; [data-live] shows the state,
// in the words that its data-connected, data-reconnecting and data-offline have.

const meta = document.querySelector('meta[name="page-key"]');
const [person] = meta?.content.split(".") ?? [];
const missed = new Set(); // names that wait until somebody looks at this tab
const asked = new WeakMap(); // when a fragment was last asked for
let worker = null;
let shown = "";
let delayed = null;
let isMine = true; // else this page is of somebody whose session is over
let hasHeard = performance.now() > 5000; // a page that comes late may be out of date already

function say(name, detail) {
  document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

function show(state) {
  clearTimeout(delayed);
  delayed = null;
  shown = state;
  for (const element of document.querySelectorAll("[data-live]")) {
    element.dataset.state = state;
    const label = element.querySelector("[data-live-label]");
    const words = element.dataset[state];
    if (label && words && label.textContent !== words) label.textContent = words;
  }
}

// A blink is not worth telling.
function showLost(state) {
  if (["reconnecting", "offline"].includes(shown)) return show(state);
  clearTimeout(delayed);
  delayed = setTimeout(show, 1500, state);
}

function signedOut() {
  show("offline");
  say("signed-out");
  if (!document.querySelector("#toasts [data-signed-out]")) say("toast", "toast-signed-out");
}

function changed({ state, key, revision, again }) {
  if (state === "ended") return signedOut();
  if (state !== "connected") return showLost(state === "connecting" ? "reconnecting" : state);
  isMine = key === meta.content;
  if (!isMine) {
    // Somebody else has signed in here since, or the same person looks at another workspace.
    return key.split(".")[0] === person ? location.reload() : signedOut();
  }
  if (again && shown === state) return;
  document.querySelector("#toasts [data-signed-out]")?.remove();
  show("connected");
  // What changed between the making of this page and the beginning of the stream, nobody told it.
  if (hasHeard || (!again && revision !== meta.dataset.revision)) say("resync");
  hasHeard = true;
}

function heard({ data }) {
  if (data.state) changed(data);
  else if (data.beat) say("beat", { data: data.beat });
  else for (const name of data.names) say(name);
}

function join() {
  if (!meta) return;
  if (!worker) {
    const shared = window.SharedWorker && new SharedWorker(meta.dataset.worker);
    worker = shared ? shared.port : new Worker(meta.dataset.worker);
    worker.onmessage = heard;
    (shared ?? worker).onerror = () => {
      worker = null;
      showLost("reconnecting");
      setTimeout(join, 5000);
    };
  }
  worker.postMessage({ key: meta.content, since: hasHeard ? Infinity : performance.timeOrigin });
}

// A worker of its own would be one more connection for each tab, and a browser has six: a hidden tab lets it go.
function leave() {
  if (window.SharedWorker) worker?.postMessage({ bye: true });
  else worker?.terminate();
  if (!window.SharedWorker) worker = null;
}

// A fragment that was asked for within the last moment shows this change as well. A hidden tab needs no more than what
// its title tells; the rest waits.
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, sourceEvent } = event.detail.ctx;
  const name = sourceEvent?.type ?? "";
  if (!/-changed$|^resync$/.test(name)) return;
  const now = performance.now();
  if (!isMine) return event.preventDefault();
  if (document.hidden && sourceElement.id !== "timer-running") missed.add(name);
  else if (name === "resync" || !(now - asked.get(sourceElement) < 30))
    return void asked.set(sourceElement, now);
  event.preventDefault();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    if (!window.SharedWorker) leave();
    return;
  }
  join();
  const names = missed.has("resync") ? ["resync"] : [...missed];
  missed.clear();
  for (const name of names) say(name);
});

for (const name of ["online", "offline"]) {
  window.addEventListener(name, () => worker?.postMessage({ online: name === "online" }));
}
window.addEventListener("pagehide", leave);
// Out of the browser's cache of pages, where it heard nothing.
window.addEventListener("pageshow", ({ persisted }) => {
  if (!persisted) return;
  shown = "";
  join();
});

join();
