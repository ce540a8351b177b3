// Clocks and running totals, ticking from the server's clock.
//
//   <output class="clock" data-since="1795339200" data-title="Website Redesign">   1:42:07, and the page's title
//   <b data-since="1795339200" data-base="14400" data-short>                       5:42: 4 h already done and the time since
//   <ul data-day-end="1795388400">                                                 asks for a resync when that moment comes
//
// data-since, data-base and data-day-end are seconds. The server's time in milliseconds comes from <meta name="server-time">,
// then from data-now on whatever is swapped in, and from the stream's "beat" event.

const started = performance.timeOrigin;
const [arrival] = performance.getEntriesByType("navigation");
const plainTitle = document.title;
const CLOCK = "chronos-clock"; // how far the server's clock is ahead, for pages without the server
let offset = Number(localStorage.getItem(CLOCK)) || 0;
let heard = 0;
let timer;
let runs;

// What arrives is always a little old, and may be cut to the second: of close readings the latest clock is the truest.
function learn(serverTime, at = Date.now()) {
  if (!(serverTime > heard)) return;
  const reading = serverTime - at;
  offset = heard && Math.abs(reading - offset) < 2000 ? Math.max(offset, reading) : reading;
  heard = serverTime;
  document.documentElement.dataset.clockOffset = offset;
  if (Math.abs(offset - localStorage.getItem(CLOCK)) > 1000) localStorage.setItem(CLOCK, offset);
}

// A page out of the browser's cache carries the time of long ago: then its own clock will do until the next beat.
const fresh = arrival?.type !== "back_forward" && arrival?.transferSize !== 0;
if (fresh) {
  const meta = document.querySelector('meta[name="server-time"]');
  learn(Number(meta?.content), started + (arrival?.responseStart || performance.now()));
}

const two = (number) => String(number).padStart(2, "0");

// Totals in hundredths of an hour, for those who like them so: <html data-durations="decimal">.
function decimal(seconds) {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2, useGrouping: false };
  const hours = Math.floor(seconds / 36) / 100;
  return `${new Intl.NumberFormat(document.documentElement.lang, digits).format(hours)} h`;
}

function format(seconds, short) {
  const whole = Math.max(0, Math.floor(seconds));
  if (short && document.documentElement.dataset.durations === "decimal") return decimal(whole);
  const clock = `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}`;
  return short ? clock : `${clock}:${two(whole % 60)}`;
}

function tick() {
  clearTimeout(timer);
  const now = Date.now() + offset;
  for (const element of document.querySelectorAll("[data-since]")) {
    const { since, base = 0, short } = element.dataset;
    const text = format(Number(base) + now / 1000 - Number(since), short !== undefined);
    if (element.textContent !== text) element.textContent = text;
  }
  showTitle(now);
  document.dispatchEvent(new CustomEvent("tick", { detail: now }));
  for (const day of document.querySelectorAll("[data-day-end]")) {
    if (now / 1000 < Number(day.dataset.dayEnd)) continue;
    delete day.dataset.dayEnd;
    document.body.dispatchEvent(new CustomEvent("resync", { bubbles: true }));
  }
  // Nobody sees the seconds of a hidden tab: its title then goes by minutes.
  const step = document.hidden ? 60_000 : 1000;
  timer = setTimeout(tick, step - (now % step) + 5);
}

function showTitle(now) {
  const clock = document.querySelector(".clock[data-since]");
  const icon = document.getElementById("favicon");
  const href = clock ? icon?.dataset.running : icon?.dataset.idle;
  if (icon && href && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
  if (runs !== Boolean(clock)) {
    runs = Boolean(clock);
    // The icon of the installed app.
    (runs ? navigator.setAppBadge?.() : navigator.clearAppBadge?.())?.catch(() => {});
  }
  let title = plainTitle;
  if (clock) {
    const time = format(now / 1000 - Number(clock.dataset.since), document.hidden);
    title = [time, clock.dataset.title || "Chronos"].join(" · ");
  }
  if (document.title !== title) document.title = title;
}

function swapped() {
  for (const element of document.querySelectorAll("[data-now]")) learn(Number(element.dataset.now));
  tick();
}

document.addEventListener("htmx:before:settle", swapped);
document.addEventListener("htmx:after:swap", swapped);
document.addEventListener("timer-pending", swapped);
document.addEventListener("visibilitychange", tick);
document.addEventListener("beat", (event) => {
  learn(Number(event.detail?.data));
  tick();
});
tick();
