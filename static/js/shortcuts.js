// Keys. An element says its own: data-key="s", or "g t" for two in a row. A field is focused, a dialog's button opens it,
// anything else is clicked. None fires while somebody types, in a dialog, or with Ctrl, Alt or Meta held.

const OFF = "chronos-keys-off"; // WCAG 2.1.4: single keys can be switched off, per browser
let prefix = "";
let forget;

const FIELDS =
  'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable], dialog[open]';
const typing = (target) => target instanceof Element && target.closest(FIELDS) !== null;

// What stands in the page itself comes before what stands around it.
function bearers(keys) {
  const found = [...document.querySelectorAll(keys ? `[data-key="${CSS.escape(keys)}"]` : "[data-key]")];
  const usable = found.filter((one) => !one.disabled && one.checkVisibility?.() !== false);
  return usable.sort((a, b) => Number(!a.closest("main")) - Number(!b.closest("main")));
}

function press(keys) {
  for (const element of bearers(keys)) {
    if (element.matches("input, textarea, select")) {
      element.focus();
      element.select?.();
    } else {
      element.click();
    }
    return true;
  }
  return false;
}

document.addEventListener("keydown", (event) => {
  if (localStorage.getItem(OFF) && event.key !== "?") return;
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.key.length !== 1 || event.key === " " || typing(event.target)) return;
  clearTimeout(forget);
  const tried = prefix ? [`${prefix} ${event.key}`, event.key] : [event.key];
  prefix = "";
  if (tried.some(press)) {
    event.preventDefault();
  } else if (document.querySelector(`[data-key^="${CSS.escape(event.key)} "]`)) {
    prefix = event.key;
    forget = setTimeout(() => {
      prefix = "";
    }, 1500);
  }
});

// Escape leaves an editor by its Cancel: data-cancel.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !(event.target instanceof Element)) return;
  event.target.closest("form")?.querySelector("[data-cancel]")?.click();
});

document.addEventListener("change", ({ target }) => {
  if (!(target instanceof Element) || !target.matches("[data-keys-switch]")) return;
  if (target.checked) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "1");
});

// The list of keys, out of what bears one in this page: so it is never out of date. Rows with data-for stand there already,
// for lists that have keys of their own.
function tell(list) {
  for (const row of list.querySelectorAll("[data-made]")) row.remove();
  const keys = new Map(bearers().map((one) => [one.dataset.key, one]));
  for (const [key, one] of [...keys].reverse()) {
    const row = list.querySelector("template").content.firstElementChild.cloneNode(true);
    const words =
      one.dataset.says ?? one.getAttribute("aria-label") ?? one.querySelector("span")?.textContent;
    row.querySelector("dt").append(key.startsWith("g ") ? list.dataset.go.replace("*", words) : words);
    for (const part of key.split(" ")) {
      const kbd = document.createElement("kbd");
      kbd.textContent = part;
      row.querySelector("dd").append(kbd, " ");
    }
    list.prepend(row);
  }
  for (const row of list.querySelectorAll("[data-for]"))
    row.hidden = !document.querySelector(row.dataset.for);
}

// What only few look at comes with the first look: data-from says where from.
async function fill(dialog) {
  if (!dialog.dataset.from || dialog.childElementCount) return;
  const answer = await fetch(dialog.dataset.from, { headers: { "HX-Request": "true" } });
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild;
  if (!answer.ok || answer.redirected || !found) throw new Error("not there");
  dialog.replaceChildren(...found.children);
  for (const box of dialog.querySelectorAll("[data-keys-switch]")) box.checked = !localStorage.getItem(OFF);
  onMac(dialog);
}

function show(dialog) {
  if (dialog.open) return;
  for (const list of dialog.querySelectorAll("[data-keys]")) tell(list);
  dialog.showModal();
  const field = dialog.querySelector("[data-suggest]");
  field?.select();
  field?.dispatchEvent(new Event("input", { bubbles: true }));
}

function open(id) {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement) || dialog.open) return false;
  fill(dialog).then(
    () => show(dialog),
    () => document.dispatchEvent(new CustomEvent("toast", { detail: "toast-failed" })),
  );
  return true;
}

// Ctrl+K or Cmd+K opens the palette from everywhere, also out of a field.
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || event.ctrlKey === event.metaKey || event.altKey || event.shiftKey)
    return;
  if (!document.getElementById("palette")) return;
  event.preventDefault();
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  open("palette");
});

function onMac(box) {
  if (!/Mac|iP/.test(navigator.platform)) return;
  for (const kbd of box.querySelectorAll("[data-mac]")) kbd.textContent = kbd.dataset.mac;
}
onMac(document);

// data-dialog="id" opens a dialog; a click beside it closes it, and so does what is chosen in its list.
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  event.target.closest('dialog [role="option"]')?.closest("dialog").close();
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    if (open(opener.dataset.dialog)) event.preventDefault();
  } else if (event.target instanceof HTMLDialogElement && event.target.open) {
    const box = event.target.getBoundingClientRect();
    const within =
      event.clientX >= box.left &&
      event.clientX <= box.right &&
      event.clientY >= box.top &&
      event.clientY <= box.bottom;
    if (!within) event.target.close();
  }
});
