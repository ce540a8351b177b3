// What grows with time on the timer page, by the "tick" of ticker.js (the server's clock, in milliseconds): the mark of now
// and the running block on the strip of today, its total, the running bar of the week. And what is pressed on the strip.

const set = (element, name, value) =>
  element.getAttribute(name) !== value && element.setAttribute(name, value);
const percent = (number) => `${Math.round(number * 100) / 100}%`;

function moveStrip(strip, now) {
  const from = Number(strip.dataset.from);
  const until = Number(strip.dataset.until);
  if (now >= until) {
    strip.dataset.until = "Infinity"; // asked once
    strip.dispatchEvent(new CustomEvent("outgrown"));
  }
  if (!(now < until) || until === Infinity) return;
  const place = (moment) => (100 * (moment - from)) / (until - from);
  set(strip.querySelector(".present"), "x", percent(place(now)));
  const block = strip.querySelector("[data-grows]");
  if (!block) return;
  const width = place(now) - place(Number(block.dataset.grows));
  if (width < block.dataset.least)
    return set(block, "x", percent(Math.max(0, place(now) - block.dataset.least)));
  set(block, "x", percent(place(now) - width));
  set(block, "width", percent(width));
}

// data-ways: how a duration is spelled, with hours and minutes | with hours | with minutes; or one way for all.
function spell(seconds, ways) {
  const h = Math.floor(seconds / 3600);
  const m = Math.floor(seconds / 60) % 60;
  const f = String(Math.floor((seconds % 3600) / 36)).padStart(2, "0");
  const way = ways[h && m ? 0 : h ? 1 : 2] ?? ways[0];
  return way.replace("{h}", h).replace("{m}", m).replace("{f}", f);
}

document.addEventListener("tick", ({ detail }) => {
  const now = Math.floor(detail / 1000);
  const strip = document.getElementById("timer-today");
  if (strip) moveStrip(strip, now);
  const total = strip?.querySelector("[data-total]");
  if (total) {
    const { total: seconds, at, ways } = total.dataset;
    const text = spell(Math.max(0, Number(seconds) + now - Number(at)), ways.split("|"));
    if (total.textContent !== text) total.textContent = text;
  }
  const bar = document.querySelector(".bars [data-grows]");
  if (!bar) return;
  const foot = Number(bar.dataset.foot);
  const tall = ((now - Number(bar.dataset.grows)) / 3600) * Number(bar.closest("svg").dataset.hour);
  set(bar, "y", (foot - Math.max(1, tall)).toFixed(2));
  set(bar, "height", Math.max(0.5, tall - 1).toFixed(2));
});

// A block opens its entry where it stands in the list, if it stands there. Without script the link leads there, too.
document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = event.target instanceof Element && event.target.closest("#timer-today [data-edit]");
  const row = link && document.querySelector(`#entries-row-${link.dataset.edit} a[href]`);
  if (!row?.checkVisibility()) return;
  event.preventDefault();
  row.focus();
  row.click();
});

// The strip is hidden from screen readers (its table is not), so nothing in it may take the focus.
document.addEventListener("mousedown", (event) => {
  if (event.target instanceof Element && event.target.closest(".strip a")) event.preventDefault();
});
