// <details class="menu"> opens and closes without script; with it, also by Escape and a click elsewhere.

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const inside = event.target instanceof Element && event.target.closest("details.menu");
  const chosen = inside && event.target.closest(".menu-items :is(a, button)");
  closeMenus(chosen ? null : inside);
});

// A press on words within an open menu moves the focus to what is around it, such as main: no reason to close it.
document.addEventListener("focusin", ({ target }) => {
  if (!(target instanceof Element) || target.querySelector("details.menu[open]")) return;
  closeMenus(target.closest("details.menu"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const open = document.querySelector("details.menu[open]");
  if (!open) return;
  event.preventDefault();
  if (open.contains(document.activeElement)) open.querySelector("summary")?.focus();
  closeMenus();
});
