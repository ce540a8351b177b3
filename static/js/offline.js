// What is started or stopped while the connection is away: kept in this browser with its true time and an id of its own,
// shown in the bar as waiting, and sent in its order when the connection is back. The id makes sending it twice harmless.
// What is refused then is shown until somebody has seen it. What one person did, nobody else sends.

const WAITS = "chronos-waits:"; // and when, and the id: an item each, so that two tabs never write the same one
const PAGE = "chronos-page"; // whose pages this browser shows, for the page that is shown while the server is away
const RUNS = "chronos-runs"; // what runs, likewise
const KEPT = /^\/(timer\/(start|stop)|(entries|favourites)\/[\w-]+\/(continue|start))$/;
const PATIENCE = 8000;
const meta = document.querySelector('meta[name="page-key"]');
const who = meta?.content ?? localStorage.getItem(PAGE);
const bar = () => document.getElementById("timer-running");
const offset = () => document.documentElement.dataset.clockOffset ?? localStorage.getItem("chronos-clock");
const now = () => Math.round(Date.now() + (Number(offset()) || 0));
let pause = 2000;
let again;
let sending = null;

// A UUIDv7.
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const time = BigInt(Date.now());
  for (let at = 0; at < 6; at += 1) bytes[at] = Number((time >> BigInt(40 - 8 * at)) & 255n);
  bytes[6] = (bytes[6] & 15) | 112;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// ---- What waits

function all() {
  const names = Object.keys(localStorage).filter((name) => name.startsWith(WAITS));
  const items = names.sort().map((name) => ({ ...JSON.parse(localStorage.getItem(name)), name }));
  return items.filter((item) => item.who === who);
}

const waiting = () => all().filter((item) => !item.refused);

function keep(path, fields, at, label) {
  const last = waiting().at(-1)?.at ?? 0;
  const item = { path, at: Math.max(at, last + 1), who, label, fields: [...fields] };
  localStorage.setItem(`${WAITS}${item.at}:${fields.get("id") ?? newId()}`, JSON.stringify(item));
}

async function send({ path, at, fields }) {
  const body = new URLSearchParams(fields);
  body.set("at", at);
  body.set("who", who);
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), 2 * PATIENCE);
  try {
    return await fetch(path, {
      method: "POST",
      body,
      headers: { "HX-Request": "true" },
      signal: controller.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function sendAll() {
  for (let [item] = waiting(); item; [item] = waiting()) {
    const answer = await send(item);
    // Signed out, too busy, or out of order: it waits on. So it does where somebody between here and there answered.
    if ([401, 408, 429].includes(answer.status) || answer.status >= 500) return;
    if (answer.ok && !answer.headers.has("HX-Trigger")) return;
    if (answer.ok) localStorage.removeItem(item.name);
    else await refuse(item, answer);
  }
}

// One at a time: whoever asks meanwhile waits for the one that is under way.
function drain() {
  clearTimeout(again);
  if (waiting().length) sending ??= attempt();
  return sending;
}

async function attempt() {
  try {
    if (navigator.locks) await navigator.locks.request("chronos-waits", sendAll);
    else await sendAll();
  } catch {
    // Still away.
  }
  sending = null;
  if (!waiting().length) return sent();
  again = setTimeout(drain, pause);
  pause = Math.min(30_000, 1.5 * pause);
}

function sent() {
  pause = 2000;
  show();
  for (const name of ["timer-changed", "entries-changed"]) {
    document.body.dispatchEvent(new CustomEvent(name, { bubbles: true }));
  }
}

async function refuse({ name, ...item }, answer) {
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const words = page.querySelector('.error, [role="alert"] p, p')?.textContent.trim();
  localStorage.setItem(name, JSON.stringify({ ...item, refused: words || String(answer.status) }));
  tellRefused();
}

function tellRefused() {
  const region = document.getElementById("toasts");
  const template = document.getElementById("toast-refused");
  const clock = {
    hour: "numeric",
    minute: "2-digit",
    hour12: document.documentElement.dataset.clock === "12",
  };
  for (const { name, at, label, refused } of region && template ? all() : []) {
    if (!refused || region.querySelector(`[data-item="${CSS.escape(name)}"]`)) continue;
    const toast = template.content.firstElementChild.cloneNode(true);
    toast.dataset.item = name;
    toast.querySelector("b").textContent = label;
    toast.querySelector("time").textContent = new Date(at).toLocaleTimeString(
      document.documentElement.lang,
      clock,
    );
    toast.querySelector("[data-why]").textContent = refused;
    region.append(toast);
  }
}

// ---- What is shown meanwhile

function show() {
  const box = bar();
  const last = waiting().at(-1);
  if (!box) return;
  if (!last) return remember(box);
  if (box.dataset.waits === last.name) return;
  const begins = !last.path.endsWith("/stop");
  fill(box, begins ? "timer-waits" : "timer-stop-waits", {
    ...last,
    id: new URLSearchParams(last.fields).get("id"),
  });
}

// <template id="timer-waits">: .what, .clock, the id of the form that stops it.
function fill(box, id, { name = "", label, at, id: entry }) {
  const template = document.getElementById(id);
  if (!template) return;
  const content = template.content.cloneNode(true);
  const clock = content.querySelector(".clock");
  const what = content.querySelector(".what");
  if (label && what) what.textContent = label;
  if (clock) {
    clock.dataset.since = Math.floor(at / 1000);
    clock.dataset.title = label;
    content.querySelector('[name="id"]').value = entry;
  }
  box.className = clock ? "timerbar running waits" : "timerbar waits";
  box.dataset.waits = name;
  const words = content.querySelector(".waits-words")?.textContent;
  box.dataset.announce = [label, words].filter(Boolean).join(". ");
  box.replaceChildren(content);
  globalThis.htmx?.process(box);
  document.dispatchEvent(new CustomEvent("timer-pending"));
}

// What runs, as the server says it; a page that is shown without the server shows that.
function remember(box) {
  if (!meta) {
    const known = JSON.parse(localStorage.getItem(RUNS));
    if (known && who) return fill(box, "timer-runs", known);
    box.className = "";
    return box.replaceChildren();
  }
  const clock = box.querySelector(".clock[data-since]");
  const entry = box.querySelector('form [name="id"]')?.value;
  const label = box.querySelector(".what")?.textContent;
  if (clock) localStorage.setItem(RUNS, JSON.stringify({ at: clock.dataset.since * 1000, id: entry, label }));
  else localStorage.removeItem(RUNS);
}

// ---- Forms

function labelOf(form, path, fields) {
  const row = path.startsWith("/timer/") ? null : form.closest("li, tr")?.querySelector(".what, .desc, a");
  const field =
    path === "/timer/start" && (fields.get("description") || form.elements.project?.selectedOptions?.[0]);
  const source = path === "/timer/stop" ? bar()?.querySelector(".what") : row || field;
  return (source?.textContent ?? source ?? "").trim();
}

function wait(form, path, fields, at) {
  const starts = !path.endsWith("/stop");
  const runs = bar()?.querySelector('form [name="id"]')?.value;
  if (!fields.get("id") && (starts || runs)) fields.set("id", starts ? newId() : runs);
  keep(path, fields, at, labelOf(form, path, fields));
  if (path === "/timer/start") {
    if (form.contains(document.activeElement)) document.getElementById("timer-bar")?.focus();
    form.reset();
    if (form.elements.id) form.elements.id.value = newId();
  }
  show();
  again = setTimeout(drain, pause);
}

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  const path = new URL(ctx.request.action, location.href).pathname;
  if (!who || ctx.request.method !== "POST" || !KEPT.test(path)) return;
  const at = now();
  ctx.fetch = async (url, request) => {
    if (!path.endsWith("/stop") && !request.body.get("id")) request.body.set("id", newId());
    if (!waiting().length) {
      const timer = setTimeout(() => request.abort("timeout"), PATIENCE);
      try {
        const answer = await fetch(url, request);
        if (![502, 503, 504].includes(answer.status)) return answer;
      } catch (error) {
        if (request.signal.aborted && request.signal.reason !== "timeout") throw error;
      } finally {
        clearTimeout(timer);
      }
    }
    wait(ctx.sourceElement, path, request.body, at);
    return new Response(null, { status: 204 });
  };
});

// Of the page that is shown without the server, where there is no htmx.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const { pathname } = new URL(form.action, location.href);
  if (pathname.startsWith("/logout")) forget();
  if (globalThis.htmx || !who || !KEPT.test(pathname)) return;
  event.preventDefault();
  wait(form, pathname, new URLSearchParams(new FormData(form)), now());
});

function forget() {
  navigator.clearAppBadge?.().catch(() => {});
  if (localStorage.getItem(PAGE) !== who) return; // somebody else is here by now
  localStorage.removeItem(PAGE);
  localStorage.removeItem(RUNS);
}

// The bar does not take back what it shows as waiting.
document.addEventListener("htmx:config:request", (event) => {
  const { sourceElement, sourceEvent } = event.detail.ctx;
  if (sourceElement === bar() && sourceEvent instanceof CustomEvent && waiting().length)
    event.preventDefault();
});

document.addEventListener("click", ({ target }) => {
  const toast = target instanceof Element && target.closest("[data-dismiss]")?.closest("[data-item]");
  if (toast) localStorage.removeItem(toast.dataset.item);
});

// Another tab has sent, or kept, something.
window.addEventListener("storage", ({ key, newValue }) => {
  if (!key?.startsWith(WAITS)) return;
  if (newValue === null && !waiting().length) sent();
  else show();
  tellRefused();
});

document.addEventListener("signed-out", forget);
document.addEventListener("resync", drain);
document.addEventListener("htmx:after:swap", show);
window.addEventListener("online", drain);
if (meta) localStorage.setItem(PAGE, who);
show();
tellRefused();
drain();

if (meta) navigator.serviceWorker?.register("/sw.js").catch(() => {});
// The page that is shown without the server is no longer needed once that answers.
async function look() {
  try {
    if ((await fetch("/manifest.webmanifest", { method: "HEAD" })).ok) {
      await drain(); // what is half sent would be told to nobody
      // It stands under the address that was meant, unless somebody asked for it by its own.
      return void (location.pathname === "/offline" ? location.replace("/timer") : location.reload());
    }
  } catch {
    // Not yet.
  }
  setTimeout(look, 5000);
}
const away = document.querySelector("[data-away]");
if (away) {
  away.querySelector("form.timerbar").hidden = !who;
  away.querySelector("[data-away-words]").hidden = Boolean(who);
  window.addEventListener("online", look, { once: true });
  setTimeout(look, 2000);
}
