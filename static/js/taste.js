// How a person likes things (#account-me carries it) is given to <html> as soon as it changes, in this tab or elsewhere:
// style sheets and ticker.js follow, and all fragments come anew. Another language is another page: it is loaded when
// nothing would be lost that somebody has typed. And "stopped 12 min ago" grows older: data-ago, in seconds.

const root = document.documentElement;
const TASTE = ["theme", "density", "clock", "durations"];
let stale = false;
let settling;

function changed(field) {
  if (field.type === "hidden") return false;
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  if (!(field instanceof HTMLSelectElement)) return field.value !== field.defaultValue;
  const first = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(0, first);
}

function isTyped() {
  if (document.querySelector("dialog[open], [hx-morph-skip]")) return true;
  return [...document.querySelectorAll("input[name], select[name], textarea[name]")].some(changed);
}

// A form of settings that was drawn before they changed elsewhere would take them back.
function isOld(wanted) {
  const { elements } = document.querySelector("#account-profile form") ?? {};
  const names = { theme: "theme", density: "density", hour_cycle: "clock", duration_format: "durations" };
  return elements && Object.entries(names).some(([name, key]) => elements[name]?.value !== wanted[key]);
}

function wear() {
  const wanted = document.getElementById("account-me")?.dataset;
  if (!wanted) return;
  const news = TASTE.filter((name) => root.dataset[name] !== wanted[name]);
  for (const name of news) root.dataset[name] = wanted[name];
  // A form that has just been sent is newer than #account-me, which is still on its way.
  stale = (news.length > 0 || stale) && isOld(wanted);
  if ((wanted.lang !== root.lang || stale) && !isTyped()) location.reload();
}

document.addEventListener("htmx:after:swap", wear);

document.addEventListener("profile-changed", () => {
  clearTimeout(settling);
  settling = setTimeout(() => document.body.dispatchEvent(new CustomEvent("resync", { bubbles: true })), 60);
});

document.addEventListener("tick", ({ detail: now }) => {
  for (const element of document.querySelectorAll("[data-ago]")) {
    const { ago, minutes, hours } = element.dataset;
    const passed = Math.max(0, Math.floor((now / 1000 - Number(ago)) / 60));
    const text = passed < 60 ? minutes.replace("{n}", passed) : hours.replace("{n}", Math.floor(passed / 60));
    if (element.textContent !== text) element.textContent = text;
  }
});
