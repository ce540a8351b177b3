// What a screen reader hears of the timer: its start and its end, wherever they come from, and never the seconds.
// <div id="timer-running" data-announce="Timer started: Copy review"> says it when the words change after loading.

const heard = document.getElementById("announcer");
const words = () => document.getElementById("timer-running")?.dataset.announce;
let last = words();

function look() {
  const now = words();
  if (now === undefined || now === last) return;
  last = now;
  if (heard) heard.textContent = now;
}

for (const name of ["htmx:after:swap", "htmx:before:settle", "timer-pending"])
  document.addEventListener(name, look);
