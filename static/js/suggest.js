// Suggestions under the field of what is worked on: an ARIA combobox over <input data-suggest="/timer/suggestions">.
// The server answers GET ?q= with <ul><li role="option" data-description data-project data-tags data-billable>…</ul>;
// choosing one fills the fields of the same names in the form: description, project, tags, billable.

let asking = null;
let pause;

const listOf = (input) => document.getElementById(input.getAttribute("aria-controls"));
const optionsOf = (input) => [...(listOf(input)?.querySelectorAll('[role="option"]') ?? [])];

function close(input) {
  clearTimeout(pause);
  asking?.abort();
  const list = listOf(input);
  if (list) list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

async function ask(input) {
  asking?.abort();
  asking = new AbortController();
  const url = `${input.dataset.suggest}?${new URLSearchParams({ q: input.value.trim() })}`;
  try {
    const answer = await fetch(url, { signal: asking.signal, headers: { "HX-Request": "true" } });
    const list = listOf(input);
    if (!answer.ok || answer.redirected || !list || document.activeElement !== input) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    list.replaceChildren(...page.querySelectorAll('[role="option"]'));
    optionsOf(input).forEach((option, index) => {
      option.id = `${list.id}-${index}`;
      option.setAttribute("aria-selected", "false");
    });
    list.hidden = list.childElementCount === 0;
    input.setAttribute("aria-expanded", String(!list.hidden));
    input.removeAttribute("aria-activedescendant");
  } catch (error) {
    if (error.name !== "AbortError") close(input); // suggestions are a comfort: without the server there are none
  }
}

function point(input, step) {
  const options = optionsOf(input);
  const at = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
  const next = at < 0 ? (step > 0 ? 0 : options.length - 1) : (at + step + options.length) % options.length;
  options.forEach((option, index) => {
    option.setAttribute("aria-selected", String(index === next));
  });
  options[next]?.scrollIntoView({ block: "nearest" });
  if (options[next]) input.setAttribute("aria-activedescendant", options[next].id);
}

function choose(input, option) {
  const { elements } = input.form;
  for (const name of ["description", "project", "tags"]) {
    if (elements[name] && option.dataset[name] !== undefined) elements[name].value = option.dataset[name];
  }
  if (elements.billable) elements.billable.checked = option.dataset.billable === "1";
  close(input);
  input.focus();
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

const suggesting = (event) =>
  event.target instanceof Element && event.target.matches("[data-suggest]") ? event.target : null;

document.addEventListener("input", (event) => {
  const input = suggesting(event);
  if (!input) return;
  clearTimeout(pause);
  pause = setTimeout(ask, 150, input);
});

document.addEventListener("keydown", (event) => {
  const input = suggesting(event);
  if (!input || event.isComposing) return;
  const open = input.getAttribute("aria-expanded") === "true";
  const active = open && optionsOf(input).find((option) => option.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    if (open) point(input, event.key === "ArrowDown" ? 1 : -1);
    else ask(input);
  } else if (event.key === "Enter" && active) choose(input, active);
  else if (event.key === "Escape" && open) close(input);
  else return void (event.key === "Enter" && close(input));
  event.preventDefault();
});

document.addEventListener("mousedown", (event) => {
  const option = event.target instanceof Element && event.target.closest(".suggest [role=option]");
  const input = option && document.querySelector(`[aria-controls="${option.parentElement.id}"]`);
  if (!input) return;
  event.preventDefault();
  choose(input, option);
});

document.addEventListener("focusout", (event) => {
  const input = suggesting(event);
  if (input) close(input);
});
