// Rules and what they become: side by side where there is room; on a narrow screen one at a time, whichever is chosen.

document.documentElement.classList.add("scripted");

for (const part of document.querySelectorAll(".sources")) {
  const select = part.querySelector("select");
  const choose = () => {
    for (const source of part.querySelectorAll(".source")) {
      source.classList.toggle("unchosen", source.dataset.source !== select.value);
    }
  };
  if (select) {
    select.addEventListener("change", choose);
    choose();
  }
}
