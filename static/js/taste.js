// How a person likes things (#account-me carries it) is given to <html> as soon as it changes, in this tab or elsewhere:
// style sheets and ticker.js follow, and all fragments come anew. Another language is another page: it is loaded when
// nothing would be lost that somebody has typed. And "stopped 12 min ago" grows older: data-ago, in seconds.

const root = document.documentElement;
const TASTE = ["theme", "density", "clock", "durations"];
let seen = 0; // the latest revision of the person that this page has heard of
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
  const profile = document.getElementById("account-profile");
  if (!profile || Number(profile.dataset.revision) >= Number(wanted.revision)) return false;
  const { elements } = profile.querySelector("form");
  const names = { theme: "theme", density: "density", hour_cycle: "clock", duration_format: "durations" };
  return Object.entries(names).some(([name, key]) => elements[name]?.value !== wanted[key]);
}

function wear() {
  const wanted = document.getElementById("account-me")?.dataset;
  // An answer that was overtaken by another tells of what is over.
  if (!wanted || Number(wanted.revision) < seen) return;
  seen = Number(wanted.revision);
  for (const name of TASTE) if (root.dataset[name] !== wanted[name]) root.dataset[name] = wanted[name];
  if ((wanted.lang !== root.lang || isOld(wanted)) && !isTyped()) location.reload();
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
