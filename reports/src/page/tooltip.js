// What a mark says, on hover, and for the keyboard: a chart is one stop, arrow keys go from mark to mark.

const tip = byId("tip");

const showTip = (text, x, y) => {
  tip.textContent = text;
  tip.hidden = false;
  const box = tip.getBoundingClientRect();
  const left = x + 14 + box.width > innerWidth ? x - 14 - box.width : x + 14;
  const top = y + 14 + box.height > innerHeight ? y - 14 - box.height : y + 14;
  tip.style.left = `${Math.max(4, left)}px`;
  tip.style.top = `${Math.max(4, top)}px`;
};

const hideTip = () => {
  tip.hidden = true;
  document.querySelectorAll(".at").forEach((mark) => mark.classList.remove("at"));
};

const stepMarks = (svg, by) => {
  const marks = [...svg.querySelectorAll("[data-tip]")].filter((mark) => !mark.closest(".off"));
  if (marks.length === 0) {
    return;
  }
  const now = marks.findIndex((mark) => mark.classList.contains("at"));
  hideTip();
  const mark = marks[now < 0 ? (by > 0 ? 0 : marks.length - 1) : (now + by + marks.length) % marks.length];
  mark.classList.add("at");
  const box = mark.getBoundingClientRect();
  showTip(mark.dataset.tip, box.left + box.width / 2, box.top + box.height / 2);
};

const bindTips = () => {
  document.addEventListener("pointermove", (event) => {
    const mark = event.target.closest?.("[data-tip]");
    if (mark) {
      showTip(mark.dataset.tip, event.clientX, event.clientY);
    } else if (!event.target.closest?.("svg[data-plot]")) {
      hideTip();
    }
  });
  for (const svg of document.querySelectorAll("svg.chart:not([data-plot])")) {
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("blur", hideTip);
    svg.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      if (by) {
        event.preventDefault();
        stepMarks(svg, by);
      } else if (event.key === "Escape") {
        hideTip();
      }
    });
  }
};
