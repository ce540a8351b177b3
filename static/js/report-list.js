// Reports: the list of entries. A row is edited in the editor of the timer page, and what comes in its place is a row of
// that page: then the report is asked for anew.

const foreign = () => document.querySelector(".report-rows > li:not(.editing, :has(> .when))");

document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
  const figures = document.getElementById("reports-figures");
  // What is written tells so itself.
  if (!figures || ctx.request?.method !== "GET" || ctx.target === figures || !foreign()) return;
  htmx.ajax("GET", `/reports/figures${location.search}`, {
    source: figures,
    target: figures,
    swap: "outerMorph",
  });
});

// A figure that is closed from within has the focus again. What else has been opened since stays open.
let closed = "";

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const box = ctx.sourceElement?.matches?.("[data-closes]") && ctx.sourceElement.closest("[data-opened]");
  if (!box) return;
  closed = box.dataset.opened;
  const address = new URL(location.href);
  const others = address.searchParams.getAll("open").filter((key) => key !== closed);
  address.searchParams.delete("open");
  for (const key of others) address.searchParams.append("open", key);
  ctx.request.action = address.pathname + address.search;
});

document.addEventListener("htmx:after:swap", () => {
  if (!closed || document.querySelector(`[data-opened="${CSS.escape(closed)}"]`)) return;
  const opens = (link) => new URL(link.href).searchParams.getAll("open").at(-1) === closed;
  const links = [...document.querySelectorAll("a.figure, :is(.lines, .grid) td > a")];
  if (!document.activeElement?.closest("form")) links.find(opens)?.focus();
  closed = "";
});

// Another page is read from its top.
let paged = "";

document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const link = ctx.sourceElement?.matches?.(".pages a") && ctx.sourceElement;
  if (link) paged = (link.closest(".behind") ?? document.getElementById("reports-figures")).id;
});

document.addEventListener("htmx:after:swap", () => {
  if (paged) document.getElementById(paged)?.scrollIntoView({ block: "start" });
  paged = "";
});
