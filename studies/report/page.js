// Sorting, filters and values under the pointer. The page says the same without them.
"use strict";

// A table is sorted by a column's heading: ascending, descending, as it was. What is not known comes last either way.
const compareText = new Intl.Collator("en", { numeric: true }).compare;

function sortKey(cell) {
  const text = cell.dataset.sort ?? cell.textContent.trim();
  const number = parseFloat(text.replaceAll("−", "-").replaceAll(",", "").replace(/^[≥<>=\s]+/, ""));
  return { text, number, missing: text === "" || text === "–" };
}

function sortTable(table, column, direction) {
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  rows.forEach((row, place) => { row.dataset.place ??= place; });
  if (direction === "none") {
    rows.sort((a, b) => a.dataset.place - b.dataset.place);
  } else {
    const keys = new Map(rows.map((row) => [row, sortKey(row.cells[column])]));
    const known = [...keys.values()].filter((key) => !key.missing);
    const numeric = known.every((key) => !Number.isNaN(key.number));
    const sign = direction === "ascending" ? 1 : -1;
    rows.sort((first, second) => {
      const a = keys.get(first), b = keys.get(second);
      if (a.missing !== b.missing) return a.missing ? 1 : -1;
      const order = numeric && !a.missing ? a.number - b.number : compareText(a.text, b.text);
      return sign * order || first.dataset.place - second.dataset.place;
    });
  }
  body.append(...rows);
}

for (const table of document.querySelectorAll("table.sort")) {
  const headings = Array.from(table.tHead.rows[0].cells);
  headings.forEach((heading, column) => {
    if (heading.textContent.trim() === "") return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const next = { ascending: "descending", descending: "none" };
      const direction = next[heading.getAttribute("aria-sort")] ?? "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      if (direction !== "none") heading.setAttribute("aria-sort", direction);
      sortTable(table, column, direction);
    });
  });
}

// Families and deployments that are not ticked vanish from tables and figures.
const filters = document.getElementById("filters");

function ticked(name) {
  return new Set(Array.from(filters.querySelectorAll(`input[name=${name}]:checked`), (box) => box.value));
}

function applyFilters() {
  const families = ticked("family"), deployments = ticked("deployment");
  for (const element of document.querySelectorAll("[data-family], [data-deployments]")) {
    const { family, deployments: names } = element.dataset;
    const hidden = (family && !families.has(family)) || (names && !names.split(" ").some((name) => deployments.has(name)));
    element.classList.toggle("off", Boolean(hidden));
  }
  const boxes = filters.querySelectorAll("input").length;
  const off = boxes - filters.querySelectorAll("input:checked").length;
  document.getElementById("shown").textContent = off ? `${off} of ${boxes} switched off` : "everything is shown";
  hideTip();
  for (const figure of document.querySelectorAll("figure svg")) enter(figure);
}

if (filters) {
  filters.hidden = false;
  filters.addEventListener("change", applyFilters);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", () => setTimeout(applyFilters));
}

// Values under the pointer; the arrow keys go from mark to mark of the figure that has the focus.
const tip = document.getElementById("tip");
let pointedAt = null;

function showTip(mark) {
  pointedAt = mark;
  tip.textContent = mark.getAttribute("aria-label");
  tip.hidden = false;
  const at = mark.getBoundingClientRect(), size = tip.getBoundingClientRect();
  const left = Math.min(Math.max(8, at.left + at.width / 2 - size.width / 2), innerWidth - size.width - 8);
  const above = at.top - size.height - 8;
  tip.style.left = `${left}px`;
  tip.style.top = `${above > 8 ? above : at.bottom + 8}px`;
}

function hideTip() {
  tip.hidden = true;
}

function marksOf(figure) {
  return Array.from(figure.querySelectorAll(".mark:not(.off)"));
}

function enter(figure) { // one mark of a figure takes the Tab key, the others the arrow keys
  const marks = marksOf(figure);
  const current = marks.find((mark) => mark.getAttribute("tabindex") === "0") ?? marks[0];
  for (const mark of figure.querySelectorAll(".mark")) mark.setAttribute("tabindex", mark === current ? "0" : "-1");
}

for (const figure of document.querySelectorAll("figure svg")) {
  for (const mark of figure.querySelectorAll(".mark")) {
    mark.querySelector("title").remove(); // else the browser shows it too
    mark.addEventListener("pointerenter", () => showTip(mark));
    mark.addEventListener("pointerleave", hideTip);
    mark.addEventListener("focus", () => showTip(mark));
    mark.addEventListener("blur", hideTip);
  }
  enter(figure);
  figure.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const marks = marksOf(figure), place = marks.indexOf(document.activeElement);
    if (!step || place < 0) return;
    event.preventDefault();
    const next = marks[(place + step + marks.length) % marks.length];
    document.activeElement.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  });
}

document.addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
document.addEventListener("scroll", () => { // what has the focus keeps its value, wherever it scrolls to
  if (!tip.hidden && pointedAt === document.activeElement) showTip(pointedAt);
  else hideTip();
}, true);

// On paper everything that can be unfolded is.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = Array.from(document.querySelectorAll("details:not([open])"));
  for (const details of unfolded) details.open = true;
});
addEventListener("afterprint", () => { for (const details of unfolded) details.open = false; });
