// Toasts: dismissed by their button or after data-timeout milliseconds, which stand still while pointed at or focused.
// Also turns answers that no fragment can show (a gateway's error page, no answer at all) into a toast, not into the page.

const timers = new WeakMap();
let before = null;

function wait(toast) {
  clearTimeout(timers.get(toast));
  const timeout = Number(toast.dataset.timeout);
  if (timeout) timers.set(toast, setTimeout(leave, timeout, toast));
}

// The focus goes back to where it was before it came here.
function leave(toast) {
  const held = toast?.contains(document.activeElement);
  toast?.remove();
  if (held) (before?.isConnected ? before : document.getElementById("main"))?.focus({ preventScroll: true });
}

function arrived(toast) {
  for (const other of toast.parentElement.querySelectorAll(".toast")) {
    if (other !== toast && other.textContent === toast.textContent) other.remove();
  }
  for (const name of ["pointerenter", "focusin"])
    toast.addEventListener(name, () => clearTimeout(timers.get(toast)));
  for (const name of ["pointerleave", "focusout"]) toast.addEventListener(name, () => wait(toast));
  wait(toast);
}

function show(id) {
  const template = document.getElementById(id);
  if (template) document.getElementById("toasts")?.append(template.content.cloneNode(true));
}

const region = document.getElementById("toasts");
if (region) {
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const node of addedNodes) if (node instanceof Element && node.matches(".toast")) arrived(node);
    }
  }).observe(region, { childList: true });
  region.addEventListener("focusin", ({ relatedTarget }) => {
    if (!region.contains(relatedTarget)) before = relatedTarget;
  });
}

document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-dismiss]")) {
    leave(event.target.closest(".toast, .notice"));
  }
});

document.addEventListener("toast", (event) => show(event.detail));

// An undo that worked has said all. It stays until its answer is swapped in: what is gone is given no answer.
document.addEventListener("htmx:finally:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (response?.status < 400 && sourceElement.querySelector?.("[data-dismiss-after]")) {
    leave(sourceElement.closest(".toast"));
  }
});

// Whoever takes back what was done last, by its key, is done with the offers to take it back.
document.addEventListener("submit", ({ target }) => {
  if (target.getAttribute("action") !== "/undo") return;
  for (const old of document.querySelectorAll("#toasts [data-dismiss-after]")) leave(old.closest(".toast"));
});

// 422 and 409 are the form again, with what is wrong. Our own error pages say where they want to go; a stranger's page goes nowhere.
document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  if ([409, 422].includes(ctx.response.status) || ctx.hx.retarget || ctx.hx.redirect) {
    if (inBackground(ctx)) ctx.hx.reswap = "none";
    return;
  }
  ctx.hx.reswap = "none";
  if (!inBackground(ctx)) show("toast-failed");
});

document.addEventListener("htmx:error", (event) => {
  const { ctx } = event.detail;
  if (ctx?.status?.startsWith("error") && !ctx.response && !inBackground(ctx)) show("toast-failed");
});

// The page refreshing itself: the live dot tells of its troubles.
function inBackground(ctx) {
  return ctx.sourceEvent instanceof CustomEvent;
}
