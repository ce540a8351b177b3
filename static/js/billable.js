// Whoever chooses a project gets its say on billable; the checkbox beside it can still be changed after that.

document.addEventListener("change", (event) => {
  const select =
    event.target instanceof HTMLSelectElement && event.target.name === "project" ? event.target : null;
  const checkbox = select?.form?.elements.namedItem("billable");
  if (checkbox instanceof HTMLInputElement)
    checkbox.checked = "billable" in select.selectedOptions[0].dataset;
});
