// An ARIA combobox over <input data-suggest="/timer/suggestions">: GET ?q= (the text before the caret) answers groups of
// options, which stand in the list that aria-controls names, or in one made here. Choosing an option fills the fields of
// its form by data-description, data-project, data-tags, data-billable, data-tag; with data-cut so many letters before the
// caret go instead. An option that is a link or a button (data-option) is pressed. In a dialog the list stays open, and
// its first option is active.

let asking = null;
let pause;
let lists = 0;
let hasty = false; // Enter came before what it is meant for

const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
const optionsOf = (input) => [...(listOf(input)?.querySelectorAll('[role="option"]') ?? [])];
const activeOf = (input) =>
  optionsOf(input).find((option) => option.getAttribute("aria-selected") === "true");
const isOpen = (input) => input.getAttribute("aria-expanded") === "true";
const stays = (input) => input.closest("dialog") !== null;

function setUp(input) {
  if (input.role) return;
  if (!input.hasAttribute("aria-controls")) {
    lists += 1;
    const list = document.createElement("div");
    Object.assign(list, { id: `suggest-${lists}`, className: "suggest", hidden: true });
    input.after(list);
    input.setAttribute("aria-controls", list.id);
  }
  listOf(input).role = "listbox";
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-expanded", "false");
  input.role = "combobox";
}

function close(input) {
  clearTimeout(pause);
  asking?.abort();
  if (stays(input) || !input.role) return;
  const list = listOf(input);
  if (list) list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

async function ask(input) {
  setUp(input);
  asking?.abort();
  asking = new AbortController();
  const q = input.value.slice(0, stays(input) ? undefined : (input.selectionStart ?? undefined));
  try {
    const answer = await fetch(`${input.dataset.suggest}?${new URLSearchParams({ q: q.slice(-200) })}`, {
      signal: asking.signal,
      headers: { "HX-Request": "true" },
    });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
    if (!answer.ok || answer.redirected || !found?.dataset.said || document.activeElement !== input) return;
    show(input, found);
  } catch (error) {
    if (error.name !== "AbortError") close(input); // suggestions are a comfort: without the server there are none
  }
}

function show(input, found) {
  const list = listOf(input);
  if (!list) return;
  const was = activeOf(input)?.textContent; // chosen by keys before this came: it stays, if it is still there
  list.setAttribute("aria-label", found.getAttribute("aria-label"));
  list.replaceChildren(...found.children);
  for (const box of list.querySelectorAll("form")) box.role = "presentation";
  list.querySelectorAll('[role="option"], [data-option]').forEach((option, index) => {
    option.role = "option";
    option.id = `${list.id}-${index}`;
    option.tabIndex = -1;
    option.setAttribute("aria-selected", "false");
  });
  window.htmx?.process(list);
  const options = optionsOf(input);
  const count = options.length;
  list.hidden = !stays(input) && count === 0;
  list.scrollTop = 0;
  input.setAttribute("aria-expanded", String(count > 0));
  const same = was === undefined ? -1 : options.findIndex((option) => option.textContent === was);
  point(input, stays(input) ? 0 : same);
  if (hasty && activeOf(input)) choose(input, activeOf(input));
  hasty = false;
  const heard =
    input.closest("dialog")?.querySelector("[role=status]") ?? document.getElementById("announcer");
  if (heard) heard.textContent = found.dataset.said;
}

function point(input, at) {
  const options = optionsOf(input);
  options.forEach((option, index) => {
    option.setAttribute("aria-selected", String(index === at));
  });
  if (options[at]) {
    options[at].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[at].id);
  } else input.removeAttribute("aria-activedescendant");
}

function cut(input, length) {
  const caret = input.selectionStart ?? input.value.length;
  input.setRangeText("", Math.max(0, caret - length), caret, "end");
  const at = input.selectionStart;
  if (at && input.value[at - 1] === " " && input.value[at] === " ") input.setRangeText("", at, at + 1, "end");
}

function choose(input, option) {
  if (option.matches("a, button")) return void option.click();
  const { elements } = input.form;
  const { dataset } = option;
  if (dataset.cut) cut(input, Number(dataset.cut));
  for (const name of ["description", "project", "tags"]) {
    const field = elements[name];
    if (!field || dataset[name] === undefined) continue;
    if (field.matches("select") && !field.querySelector(`[value="${CSS.escape(dataset[name])}"]`))
      field.add(new Option(dataset.name ?? option.querySelector(".proj")?.textContent, dataset[name]));
    field.value = dataset[name];
    if (name === "project") field.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (dataset.tag && elements.tags) {
    const names = elements.tags.value.split(",").map((name) => name.trim());
    elements.tags.value = [...new Set([...names.filter(Boolean), dataset.tag])].join(", ");
  }
  if (dataset.billable && elements.billable) elements.billable.checked = dataset.billable === "1";
  close(input);
  input.focus();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

const suggesting = ({ target }) =>
  target instanceof Element && target.matches("[data-suggest]") ? target : null;

function later(event) {
  const input = suggesting(event);
  if (!input || event.isComposing) return;
  clearTimeout(pause);
  hasty = false;
  if (stays(input)) point(input, -1); // what stood there is no answer to what is typed now
  pause = setTimeout(ask, 40, input);
}

document.addEventListener("input", later);
document.addEventListener("compositionend", later);
document.addEventListener("focusin", (event) => suggesting(event) && setUp(event.target));

// While it is open, the list comes before all others that listen to these keys.
function pressed(event, input) {
  const options = optionsOf(input);
  const open = isOpen(input);
  const active = open ? activeOf(input) : undefined;
  const at = options.indexOf(active);
  switch (event.key) {
    case "ArrowDown":
    case "ArrowUp": {
      if (event.altKey && event.key === "ArrowUp") close(input);
      else if (!open) ask(input);
      else if (event.key === "ArrowDown") point(input, (at + 1) % options.length);
      else point(input, at > 0 ? at - 1 : options.length - 1);
      return true;
    }
    case "Home":
    case "End":
      if (active) point(input, event.key === "Home" ? 0 : options.length - 1);
      return Boolean(active);
    case "Enter":
      if (active) choose(input, active);
      else if (stays(input)) hasty = true;
      else close(input);
      return Boolean(active) || hasty;
    case "Tab":
      if (active && !stays(input)) choose(input, active);
      return false;
    case "Escape":
      if (open) close(input);
      return open && !stays(input);
    default:
      return false;
  }
}

document.addEventListener(
  "keydown",
  (event) => {
    const input = suggesting(event);
    if (!input || event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!pressed(event, input)) return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

const pointedAt = ({ target }) => (target instanceof Element ? target.closest('[role="option"]') : null);

// The field keeps the focus.
document.addEventListener("mousedown", (event) => pointedAt(event) && event.preventDefault());

document.addEventListener("click", (event) => {
  const option = pointedAt(event);
  if (!option || option.matches("a, button")) return;
  const input = document.querySelector(`[aria-controls="${option.closest("[role=listbox]")?.id}"]`);
  if (input) choose(input, option);
});

document.addEventListener("focusout", (event) => {
  const input = suggesting(event);
  if (input) close(input);
});
