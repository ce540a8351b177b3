// A swap must not lose the focus. Where it takes the focused element away, the focus goes to what came in its place (the
// field with the error, else the first thing to press); where nothing came, to the next row. A box with data-focus and a
// tabindex takes it itself: what it holds should not be pressed twice by one slow finger.

const PRESSABLE = 'a[href], button, input:not([type="hidden"]), select, textarea, summary';
let last = null; // the element that had the focus, and the ids of what it stood in and beside

function placeOf(element) {
  const around = [];
  for (let box = element; box && box !== document.body; box = box.parentElement) {
    if (box.id) around.push(box.id);
    if (!box.matches("li, tr")) continue;
    for (const row of [box.nextElementSibling, box.previousElementSibling]) if (row?.id) around.push(row.id);
  }
  return { element, around };
}

function within(box) {
  const usable = [...box.querySelectorAll(PRESSABLE)].filter((one) => !one.disabled && one.checkVisibility());
  const best = (selector) => usable.find((one) => one.matches(selector));
  const wrong = best('[aria-invalid="true"]');
  return wrong ?? (box.matches(`[data-focus], ${PRESSABLE}`) ? box : best(":not(.pick)"));
}

document.addEventListener("htmx:before:swap", () => {
  const { activeElement } = document;
  if (activeElement && activeElement !== document.body) last = placeOf(activeElement);
  else if (last?.element.isConnected) last = null;
});

document.addEventListener("htmx:after:swap", () => {
  if (!last || last.element.isConnected || document.activeElement !== document.body) return;
  const boxes = last.around.map((id) => document.getElementById(id)).filter((box) => box?.checkVisibility());
  last = null;
  for (const box of boxes) {
    const found = box.id === "main" ? box : within(box);
    if (found) return void found.focus({ preventScroll: box.id === "main" });
  }
});

// What changes elsewhere must not move what somebody reads. Browsers hold the scroll position themselves, but not always
// through a morph: where a row in sight has moved after all, it is brought back.
document.addEventListener("htmx:before:swap", ({ detail }) => {
  if (!(detail.ctx?.sourceEvent instanceof CustomEvent) || scrollY < 1) return;
  const inSight = ({ top, bottom }) => top >= innerHeight / 4 && bottom <= innerHeight;
  const row = [...document.querySelectorAll(".entries > li[id]")].find((one) =>
    inSight(one.getBoundingClientRect()),
  );
  if (!row) return;
  const { id } = row;
  const { top } = row.getBoundingClientRect();
  const put = () => {
    const moved = (document.getElementById(id)?.getBoundingClientRect().top ?? top) - top;
    if (Math.abs(moved) > 1) scrollBy(0, moved);
  };
  requestAnimationFrame(() => requestAnimationFrame(put));
});
