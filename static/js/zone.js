// Guesses at registration: data-guess="zone|locale|hour-cycle|date-order|week-start" on a select or a hidden field is
// filled from the browser. The server leaves data-guess out where somebody has already chosen.

const options = Intl.DateTimeFormat().resolvedOptions();
const locale = navigator.language || options.locale;

// Browsers still call some zones by their old names.
const RENAMED = {
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Asia/Dacca": "Asia/Dhaka",
  "Europe/Kiev": "Europe/Kyiv",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Pacific/Truk": "Pacific/Chuuk",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Enderbury": "Pacific/Kanton",
};

function dateOrder() {
  const parts = new Intl.DateTimeFormat(locale).formatToParts(new Date());
  const order = parts.map((part) => ({ year: "y", month: "m", day: "d" })[part.type] ?? "").join("");
  return ["dmy", "mdy", "ymd"].includes(order) ? order : "ymd";
}

function weekStart() {
  const info = new Intl.Locale(locale);
  const first = (info.getWeekInfo?.() ?? info.weekInfo)?.firstDay ?? 1; // 1 is Monday, 7 is Sunday
  return String(first - 1);
}

const guesses = {
  zone: () => [options.timeZone, RENAMED[options.timeZone]],
  locale: () => [locale, locale.split("-")[0]],
  "hour-cycle": () => [
    new Intl.DateTimeFormat(locale, { hour: "numeric" }).resolvedOptions().hour12 ? "12" : "24",
  ],
  "date-order": () => [dateOrder()],
  "week-start": () => [weekStart()],
};

for (const control of document.querySelectorAll("[data-guess]")) {
  const offered =
    control instanceof HTMLSelectElement ? [...control.options].map((option) => option.value) : null;
  const guess = guesses[control.dataset.guess]?.().find(
    (value) => value && (!offered || offered.includes(value)),
  );
  if (guess) control.value = guess;
}
