// Keys. An element says its own: data-key="s", or "g t" for two in a row. A field is focused, a dialog's button opens it,
// anything else is clicked. None fires while somebody types, in a dialog, or with Ctrl, Alt or Meta held.

const OFF = "chronos-keys-off"; // WCAG 2.1.4: single keys can be switched off, per browser
let prefix = "";
let forget;

const FIELDS =
  'input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable], dialog[open]';
const typing = (target) => target instanceof Element && target.closest(FIELDS) !== null;

function press(keys) {
  for (const element of document.querySelectorAll(`[data-key="${CSS.escape(keys)}"]`)) {
    if (element.disabled || element.checkVisibility?.() === false) continue;
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

for (const box of document.querySelectorAll("[data-keys-switch]")) {
  box.checked = !localStorage.getItem(OFF);
  box.addEventListener("change", () => {
    if (box.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
}

// data-dialog="id" opens a dialog; a click beside it closes it.
document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const opener = event.target.closest("[data-dialog]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialog);
    if (dialog instanceof HTMLDialogElement && !dialog.open) dialog.showModal();
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
