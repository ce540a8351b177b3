// Several entries are selected by the boxes of their rows (input.pick, which belong to the form #selection): Shift picks
// all from the last one to this, Ctrl or Cmd with a click on a row picks that row, Escape clears. A box without a name
// stands for those of its fold or its day. What is selected is kept here by its ids: a row may be swapped for its like.

const OFF = "chronos-keys-off"; // as in shortcuts.js
const selected = new Set();
let last = null; // the box that was ticked or cleared last
let said = 0;

const picks = (box = document) => [...box.querySelectorAll(".pick[name]")];
const group = (pick) => (pick.name ? null : pick.closest(".fold, .day"));
const theirs = (pick) => (pick.name ? [pick] : picks(group(pick) ?? document.createElement("i")));

function tick(pick, on) {
  for (const one of theirs(pick)) {
    if (on) selected.add(one.value);
    else selected.delete(one.value);
  }
}

// The boxes show what is selected; rows that have gone are so no more.
function show() {
  const here = picks();
  const there = new Set(here.map((pick) => pick.value));
  for (const id of selected) if (!there.has(id)) selected.delete(id);
  for (const pick of here) pick.checked = selected.has(pick.value);
  for (const pick of document.querySelectorAll(".pick:not([name])")) {
    const count = theirs(pick).filter((one) => one.checked).length;
    pick.checked = count > 0 && count === theirs(pick).length;
    pick.indeterminate = count > 0 && !pick.checked;
  }
  const bar = document.getElementById("selection-bar");
  const count = bar?.querySelector("[data-count]");
  if (count) count.textContent = selected.size;
  if (bar && said !== selected.size) {
    const announcer = document.getElementById("announcer");
    if (announcer) announcer.textContent = `${bar.dataset.words} ${selected.size}`;
  }
  said = selected.size;
}

function clear() {
  const within = document.activeElement?.closest("#selection-bar");
  selected.clear();
  show();
  if (within) (last?.isConnected ? last : document.getElementById("main"))?.focus({ preventScroll: true });
}

function range(pick, on) {
  const all = [...document.querySelectorAll(".pick")].filter(
    (one) => one.name || one === pick || one === last,
  );
  const [from, to] = [all.indexOf(last), all.indexOf(pick)].sort((a, b) => a - b);
  for (const one of from < 0 ? [pick] : all.slice(from, to + 1)) tick(one, on);
}

function picked(pick, on, reaching) {
  if (reaching && last?.isConnected) range(pick, on);
  else tick(pick, on);
  last = pick;
  show();
}

let reaching = false; // a click says whether Shift is held, the change after it does not

document.addEventListener(
  "click",
  (event) => {
    const { target } = event;
    reaching = event.shiftKey;
    if (!(target instanceof Element) || target.matches(".pick") || target.closest(".acts, form, .editing"))
      return;
    const several = event.ctrlKey || event.metaKey || (event.shiftKey && selected.size > 0);
    const pick = several && target.closest(".entries li")?.querySelector(":scope > .pick");
    if (!pick) return;
    event.preventDefault();
    event.stopPropagation();
    picked(pick, event.shiftKey || !pick.checked, event.shiftKey);
  },
  true,
);

// Or Shift would mark the text between.
document.addEventListener("mousedown", (event) => {
  if (event.shiftKey && selected.size && event.target.closest?.(".entries")) event.preventDefault();
});

document.addEventListener("change", ({ target }) => {
  if (!(target instanceof Element) || !target.matches(".pick")) return;
  picked(target, target.checked, reaching);
  reaching = false;
});

document.addEventListener("reset", ({ target }) => {
  if (target.id === "selection") setTimeout(clear);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !selected.size) return;
  if (document.querySelector("dialog[open], .menu[open], :popover-open")) return;
  const form = event.target instanceof Element && event.target.closest("form");
  if (form && form.id !== "selection") return;
  clear();
});

// x is with the list's keys; with Shift it reaches from the last one to this.
document.addEventListener("keydown", (event) => {
  if (event.key !== "X" || event.ctrlKey || event.altKey || event.metaKey || localStorage.getItem(OFF))
    return;
  const row = event.target instanceof Element && event.target.closest(".entries li:not(.editing)");
  const pick = row?.querySelector(":scope > .pick");
  if (pick) picked(pick, true, true);
});

document.addEventListener("htmx:after:swap", show);

// What was done with them is done.
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  if (ctx.response?.status < 400 && ctx.sourceElement?.closest?.("#selection-bar")) clear();
});

// The browser may have kept ticks from before a reload.
for (const pick of picks()) if (pick.checked) selected.add(pick.value);
show();
