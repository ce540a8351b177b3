// The list of entries. A click on a row opens its editor at the field that was clicked; where the focus was it is again
// afterwards. One stop of Tab for all rows; up and down (k, j) go from row to row, left and right within one; e edits,
// c continues, x picks. The buttons "more" share one menu. Without script all are links and buttons of their own.

const OFF = "chronos-keys-off"; // as in shortcuts.js
const ROW = ":is(.entries, .parts) > li:not(.editing)";
const MAIN = ":scope > a.desc, :scope > .unfold > summary";
const CELLS = { project: ".proj", tags: ".tags", billable: ".bill", duration: ".dur" };
const opened = new Map(); // id of an entry that is edited: the field that it was opened at, and whether it is open yet
let current = ""; // id of the row that Tab leads to

function rowOf(target) {
  const row = target instanceof Element ? target.closest("li") : null;
  return row?.matches(ROW) ? row : null;
}
const stopsOf = (row) => (row ? row.querySelectorAll(`${MAIN}, :scope > .pick, :scope > .acts > *`) : []);

const rowsWith = (part) => [...document.querySelectorAll(ROW)].filter((row) => row.querySelector(part));

// ---- Where Tab leads to

function rove() {
  // Rows that are but read (in reports: those of others) have nothing to stop at.
  const row = document.getElementById(current)?.closest(ROW) ?? rowsWith(MAIN)[0];
  const mine = new Set(stopsOf(row));
  for (const stop of document.querySelectorAll(".entries :is(a.desc, .unfold > summary, .pick, .acts > *)")) {
    const wanted = mine.has(stop) ? 0 : -1;
    if (stop.tabIndex !== wanted) stop.tabIndex = wanted;
  }
}

document.addEventListener("focusin", (event) => {
  const row = rowOf(event.target);
  if (!row || row.id === current) return;
  for (const stop of stopsOf(document.getElementById(current))) stop.tabIndex = -1;
  current = row.id;
  for (const stop of stopsOf(row)) stop.tabIndex = 0;
});

// ---- Editing

function edit(row, field) {
  const id = row.dataset.entry;
  const first = document.getElementById(`entries-row-${id}`);
  if (!first) return void location.assign(`/timer?edit=${id}&field=${field}`);
  if (first.matches(".editing")) return void first.querySelector(`[name="${field}"]`)?.focus();
  opened.set(id, { field, isOpen: false });
  // Asked for here: a row that has just come in may not be wired yet.
  htmx.ajax("GET", `/entries/${id}/editor?field=${field}`, {
    source: first,
    target: first,
    swap: "outerHTML",
  });
}

function fieldAt(row, event) {
  if (!event.detail)
    return new URL(event.target.closest("a").href).searchParams.get("field") ?? "description";
  const { clientX: x, clientY: y } = event;
  const hits = (box) => box.left <= x && x < box.right && box.top <= y && y < box.bottom;
  const cell = [...row.children].find((one) => hits(one.getBoundingClientRect()));
  if (!cell?.matches(".span")) {
    return Object.keys(CELLS).find((field) => cell?.matches(CELLS[field])) ?? "description";
  }
  const box = cell.getBoundingClientRect();
  return x < (box.left + box.right) / 2 ? "start" : "end";
}

document.addEventListener("click", (event) => {
  const row = rowOf(event.target);
  if (!row || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const pressed = event.target.closest("a, button, input, label");
  if (!row.querySelector(":scope > a.desc") || pressed?.matches(":not(a)")) return;
  event.preventDefault();
  if (pressed?.matches(".more")) openMenu(pressed, row);
  else edit(row, fieldAt(row, event));
});

// What runs is edited in its row, too, where the page shows one; elsewhere the link leads to it.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest("#timer-running a[data-edit]");
  const row = link && document.getElementById(`entries-row-${link.dataset.edit}`);
  if (!row || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  row.scrollIntoView({ block: "nearest" });
  edit(row, new URL(link.href).searchParams.get("field"));
});

// The cell of a field: only where there is something in it, it takes the focus.
function cellOf(row, field) {
  const link = [...row.querySelectorAll(":scope > a")].find((one) => one.href.endsWith(`&field=${field}`));
  return link ?? (field === "end" || field === "duration" ? row.querySelector("a.span") : null);
}

// What is short is typed anew, what is long is written on.
function mark(field) {
  const box = field?.closest(".editing");
  if (!box || box.dataset.marked) return;
  box.dataset.marked = "1";
  if (field.name === "description") field.setSelectionRange(field.value.length, field.value.length);
  else field.select?.();
}

function settle() {
  const { activeElement: active } = document;
  // What alike entries fold away must not be what somebody is at.
  for (const one of [active, document.querySelector(".parts > .editing")]) {
    const fold = one?.closest(".parts")?.parentElement.querySelector(":scope > .unfold");
    if (fold) fold.open = true;
  }
  mark(active);
  for (const [id, one] of opened) {
    const row = document.getElementById(`entries-row-${id}`);
    if (row?.matches(".editing")) {
      one.isOpen = true;
    } else if (one.isOpen || !row) {
      if (row?.querySelector(MAIN) === active) cellOf(row, one.field)?.focus();
      opened.delete(id);
    }
  }
  rove();
}

document.addEventListener("htmx:after:swap", settle);

// ---- Keys

function step(row, by) {
  const rows = rowsWith(MAIN).filter((one) => one.checkVisibility());
  const next = rows[row ? rows.indexOf(row) + by : 0]?.querySelector(MAIN);
  next?.focus();
  return next;
}

function aside(row, target, by) {
  const stops = [...row.querySelectorAll(`${MAIN}, :scope > a, :scope > .acts > *`)];
  const next = stops[stops.indexOf(target.closest("a, button, summary")) + by];
  next?.focus();
  return next;
}

function press(key, row, target) {
  const ahead = document.documentElement.dir === "rtl" ? -1 : 1;
  if (key === "ArrowDown" || key === "ArrowUp") return row && step(row, key === "ArrowDown" ? 1 : -1);
  if (key === "ArrowRight") return row && aside(row, target, ahead);
  if (key === "ArrowLeft") return row && aside(row, target, -ahead);
  if (localStorage.getItem(OFF)) return null;
  if (key === "j" || key === "k")
    return step(row ?? document.getElementById(current)?.closest(ROW), key === "j" ? 1 : -1);
  const part = row?.querySelector(
    { e: MAIN, c: ':scope > .acts > [formaction$="/continue"]', x: ":scope > .pick" }[key] ?? "no-key",
  );
  part?.click();
  return part;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const row = rowOf(event.target);
  const { target } = event;
  if (!row && (target !== document.body || event.key.length > 1)) return;
  if (press(event.key, row, target)) event.preventDefault();
});

// ---- The menu

const menu = document.getElementById("entries-menu");
let opener = null;
let closing = null; // the button whose press closes the menu, by itself, before its click comes

// An id for what a button makes, so that sending it twice makes one. crypto.randomUUID is missing on plain HTTP.
function newId() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  hex[6] = `4${hex[6][1]}`;
  hex[8] = `a${hex[8][1]}`;
  return hex.join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

function place() {
  const at = opener.getBoundingClientRect();
  const box = menu.getBoundingClientRect();
  const below = at.bottom + 4 + box.height < innerHeight;
  menu.style.top = `${below ? at.bottom + 4 : Math.max(4, at.top - 4 - box.height)}px`;
  menu.style.left = `${Math.max(4, Math.min(at.right - box.width, innerWidth - box.width - 4))}px`;
}

function openMenu(button, row) {
  if (closing === button) {
    closing = null;
    return;
  }
  const id = row.dataset.entry;
  opener = button;
  menu.dataset.entry = id;
  for (const item of menu.querySelectorAll("[data-path]")) {
    const method = item.hasAttribute("hx-get") ? "hx-get" : "hx-post";
    item.setAttribute(method, item.dataset.path.replace("*", id));
    item.setAttribute("hx-vals", JSON.stringify({ id: newId(), entry: id }));
    if (item.hasAttribute("hx-target")) item.setAttribute("hx-target", `#entries-row-${id}`);
    item.hidden = row.matches(".now") && item.hasAttribute("data-ended");
  }
  menu.showPopover();
  place();
  menu.querySelector("button:not([hidden])").focus();
}

document.addEventListener(
  "pointerdown",
  (event) => {
    closing = menu?.matches(":popover-open") && opener.contains(event.target) ? opener : null;
  },
  { capture: true },
);

menu?.addEventListener("toggle", (event) => {
  opener?.setAttribute("aria-expanded", String(event.newState === "open"));
});

// It closes before what was chosen is asked for: the focus is in the row again, and follows what comes in its place.
menu?.addEventListener(
  "click",
  (event) => {
    const item = event.target.closest("button");
    if (!item) return;
    menu.hidePopover();
    const row = opener?.closest(ROW);
    if (row && item.matches("[data-edit]")) edit(row, "description");
  },
  { capture: true },
);

menu?.addEventListener("keydown", (event) => {
  const items = [...menu.querySelectorAll("button:not([hidden])")];
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!by) return;
  event.preventDefault();
  items[(items.indexOf(document.activeElement) + by + items.length) % items.length].focus();
});

addEventListener("scroll", () => menu?.matches(":popover-open") && place(), { passive: true });

rove();
