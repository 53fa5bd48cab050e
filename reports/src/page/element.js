// The page's data, and making elements.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

const element = (tag, className, ...children) => {
  const made = document.createElement(tag);
  if (className) {
    made.className = className;
  }
  made.append(...children);
  return made;
};

const swatchOf = (id) => {
  const box = [...document.querySelectorAll('#filters input[name="row"]')].find((input) => input.value === id);
  return box.parentElement.querySelector(".swatch").cloneNode(true);
};

const shownWorkloads = () => data.workloads.filter((w) => !state.workloads.has(w.name));

// Rows that are not switched off, and those whose group is unfolded as well.
const allowedRows = () => data.rows.filter((r) => !state.rows.has(r.id));
const shownRows = () => allowedRows().filter((r) => !r.fold || state.open.has(r.fold));
