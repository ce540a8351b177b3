// Reports: what a morph of the page would not keep. Figures open in place, and the address goes along; fields are what the
// address says once an answer has come; lists narrow as one types; arrows move through the calendar.

const page = () => document.getElementById("reports-page");
const form = () => document.getElementById("reports-form");

// --- lists that narrow ---

function narrow(field) {
  const panel = field.closest(".panel");
  const wanted = field.value.trim().toLocaleLowerCase();
  let found = 0;
  for (const label of panel.querySelectorAll(".choices > label")) {
    label.hidden = wanted !== "" && !label.textContent.toLocaleLowerCase().includes(wanted);
    if (!label.hidden) found += 1;
  }
  panel.querySelector(".none").hidden = found > 0;
}

// They are no part of what is asked for: the form must not hear of them.
for (const name of ["input", "change"]) {
  document.addEventListener(
    name,
    (event) => {
      if (!(event.target instanceof Element) || !event.target.matches("[data-narrows]")) return;
      event.stopPropagation();
      narrow(event.target);
    },
    true,
  );
}

// A list that opens is ready to be typed into, where that brings no keyboard over it.
document.addEventListener(
  "toggle",
  ({ target, newState }) => {
    if (newState !== "open" || !target.matches("details.drop") || matchMedia("(pointer: coarse)").matches)
      return;
    target.querySelector("[data-narrows]")?.focus();
  },
  true,
);

// Enter in one chooses what is left, if that is one thing.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("[data-narrows]")) return;
  event.preventDefault();
  const left = event.target.closest(".panel").querySelectorAll(".choices > label:not([hidden]) input");
  if (left.length === 1) left[0].click();
});

// --- after a swap ---

// A morph leaves what somebody has ticked or typed; by then the address may say something else.
function settle() {
  const active = document.activeElement;
  for (const field of form()?.elements ?? []) {
    if (field === active && field.matches("input:not([type=checkbox])")) continue;
    if (field.type === "checkbox") field.checked = field.defaultChecked;
    else if (field.tagName === "SELECT") {
      const said = [...field.options].findIndex((option) => option.defaultSelected);
      field.selectedIndex = Math.max(said, 0);
    } else if (field.type !== "hidden" && !field.matches("[data-narrows]") && field.type !== "submit")
      field.value = field.defaultValue;
  }
  for (const field of document.querySelectorAll("[data-narrows]")) if (field.value) narrow(field);
}

document.addEventListener("htmx:after:swap", ({ detail }) => {
  if (detail.ctx?.target?.id === "reports-page" || detail.ctx?.target?.id === "main") settle();
});

// The same address twice is one step back.
document.addEventListener("htmx:before:history:update", (event) => {
  const { type, path } = event.detail.history;
  if (page() && type === "push" && path === location.pathname + location.search) event.preventDefault();
});

// --- figures ---

// A refresh asks for the report as the address has it by now.
const figures = () => `/reports/figures${location.search}`;
const asked = new WeakMap();

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.id !== "reports-figures") return;
  ctx.request.action = figures();
  asked.set(ctx, figures());
});

// One that comes when the address says something else already is out of date: it is asked for again.
document.addEventListener("htmx:before:swap", (event) => {
  const was = asked.get(event.detail.ctx);
  if (!was || was === figures()) return;
  event.preventDefault();
  htmx.ajax("GET", figures(), { target: "#reports-figures", swap: "outerMorph" });
});

const FIGURE = ".kpis a.figure, .lines tr[id] > td > a";
const rendered = (link) => new URL(link.href).searchParams.getAll("open");
const keyOf = (link) => link.dataset.figure ?? rendered(link).at(-1);

// The address, and the form, which sends it along.
function note(key, isOpen) {
  const address = new URL(location.href);
  const others = address.searchParams.getAll("open").filter((one) => one !== key);
  address.searchParams.delete("open");
  for (const one of isOpen ? [...others, key] : others) address.searchParams.append("open", one);
  address.hash = "";
  history.replaceState(history.state, "", address);
  for (const field of form().querySelectorAll('[name="open"]')) if (field.value === key) field.remove();
  if (!isOpen) return;
  const field = Object.assign(document.createElement("input"), { type: "hidden", name: "open", value: key });
  form().prepend(field);
}

function boxOf(link, key) {
  const row = link.closest("tr");
  const boxes = row ? row.parentElement.children : link.closest(".figures").children;
  return [...boxes].find((box) => box.dataset.opened === key);
}

function makeBox(link, key) {
  const row = link.closest("tr");
  const box = document.createElement(row ? "tr" : "div");
  box.className = row ? "opened" : "card opened";
  if (row?.classList.contains("inner")) box.classList.add("inner");
  box.dataset.opened = key;
  (row ?? link.closest(".kpis")).after(box);
  if (!row) return box;
  const cell = box.appendChild(document.createElement("td"));
  cell.colSpan = [...row.cells].reduce((sum, one) => sum + one.colSpan, 0);
  return cell;
}

function close(link, key) {
  boxOf(link, key)?.remove();
  note(key, false);
  for (const one of page().querySelectorAll(`:is(${FIGURE})[aria-expanded=true]`))
    if (keyOf(one) === key) one.setAttribute("aria-expanded", "false");
}

async function open(link, key) {
  const box = makeBox(link, key);
  link.setAttribute("aria-expanded", "true");
  link.dataset.figure = key;
  note(key, true);
  const query = new URLSearchParams(location.search);
  query.delete("after");
  query.set("figure", key);
  await htmx.ajax("GET", `/reports/parts?${query}`, { target: box, swap: "innerHTML" });
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest(FIGURE);
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const key = keyOf(link);
  if (boxOf(link, key)) close(link, key);
  else open(link, key);
});

// --- the calendar ---

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

document.addEventListener("keydown", (event) => {
  const day = event.target instanceof Element && event.target.closest(".cal td > a");
  if (!day || !(event.key in STEPS)) return;
  event.preventDefault();
  const days = [...day.closest("table").querySelectorAll("td > a")];
  const isTurned = event.key.length > 7 && getComputedStyle(day).direction === "rtl";
  const step = STEPS[event.key] * (isTurned && Math.abs(STEPS[event.key]) === 1 ? -1 : 1);
  days[days.indexOf(day) + step]?.focus();
});

// --- zones ---

// All there are, when somebody is about to type one: the page need not carry them.
document.addEventListener("focusin", ({ target }) => {
  if (!(target instanceof HTMLInputElement) || !target.list || target.list.childElementCount) return;
  if (target.list.id !== "r-zones") return;
  target.list.append(...Intl.supportedValuesOf("timeZone").map((name) => new Option(name, name)));
});

// --- the link of the report ---

// Without what is open: that is for oneself.
document.addEventListener("click", async (event) => {
  if (!(event.target instanceof Element) || !event.target.closest("[data-share]")) return;
  const address = new URL(location.href);
  for (const name of ["open", "after"]) address.searchParams.delete(name);
  address.hash = "";
  const touch = matchMedia("(pointer: coarse)").matches;
  try {
    if (touch && navigator.share) await navigator.share({ title: document.title, url: address.href });
    else {
      await navigator.clipboard.writeText(address.href);
      document.dispatchEvent(new CustomEvent("toast", { detail: "toast-copied" }));
    }
  } catch (error) {
    if (error.name === "AbortError") return;
    document.dispatchEvent(new CustomEvent("toast", { detail: "toast-not-copied" }));
  }
});
