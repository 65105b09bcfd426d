"use strict";
// Makes the heads of each sortable table buttons. Without scripts the table is there in its first order, without buttons.
const names = new Intl.Collator("en", { numeric: true });
const comparisons = {
  text: (one, other) => names.compare(one, other),
  number: (one, other) => Number(one) - Number(other),
};

function sort(table, rows, column, order) {
  const heads = [...table.tHead.rows[0].cells];
  const compare = comparisons[heads[column].dataset.kind];
  const sign = order === "ascending" ? 1 : -1;
  const key = (row) => row.cells[column].dataset.sort;
  // Rows without a figure stay last in both orders; equal rows keep the order that the page came with.
  const sorted = [...rows].sort((one, other) => {
    const missing = (key(one) === "") - (key(other) === "");
    return missing || (key(one) === "" ? 0 : sign * compare(key(one), key(other)));
  });
  table.tBodies[0].append(...sorted);
  heads.forEach((head) => head.removeAttribute("aria-sort"));
  heads[column].setAttribute("aria-sort", order);
}

for (const table of document.querySelectorAll("table.sortable")) {
  const rows = [...table.tBodies[0].rows];
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const first = head.dataset.kind === "text" ? "ascending" : "descending";
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const turned = now === "ascending" ? "descending" : "ascending";
      sort(table, rows, column, now === null ? first : turned);
    });
    head.replaceChildren(button);
  });
}
