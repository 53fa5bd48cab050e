// The tables of what each rule costs sort by the column whose head is pressed: numbers the largest first, names from A to Z; once more
// turns the order round. What was not measured stays last.

for (const button of document.querySelectorAll(".profile [data-sort]")) {
  button.addEventListener("click", () => {
    const head = button.closest("th");
    const column = Number(button.dataset.sort);
    const first = column === 0 ? "ascending" : "descending";
    const other = column === 0 ? "descending" : "ascending";
    const order = head.getAttribute("aria-sort") === first ? other : first;
    const sign = order === "ascending" ? 1 : -1;
    for (const cell of head.parentElement.children) cell.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", order);
    const body = head.closest("table").tBodies[0];
    const value = (row) => {
      const cell = row.cells[column];
      return column === 0 ? cell.textContent : cell.dataset.value === undefined ? null : Number(cell.dataset.value);
    };
    const compare = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      return sign * (column === 0 ? x.localeCompare(y) : x - y);
    };
    body.append(...[...body.rows].sort(compare));
  });
}
