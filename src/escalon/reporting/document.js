"use strict";
// Opens a cell to the records it rests on, and hides the rows about other people. The page says the same without it.
const all = JSON.parse(document.getElementById("data").textContent);
const box = document.getElementById("grounds");
const list = box.querySelector("ul");
const line = (text) => { const one = document.createElement("li"); one.textContent = text; return one; };
function show(cell) {
  const [method, ...grounds] = all.cells ? all.cells[cell.dataset.c] : [0];
  box.querySelector("b").textContent = cell.dataset.c + ": " + cell.textContent;
  box.querySelector("p").textContent = all.texts[method];
  list.replaceChildren(...grounds.map((number) => {
    const [who, name, day, value, place] = all.grounds[number].map((text) => all.texts[text]);
    return line((who ? who + ": " : "") + name + " " + value + (day ? ", " + day : "") + " [" + place + "]");
  }));
  box.querySelector("code").textContent = all.command.replace("CELL", cell.dataset.c);
  box.hidden = false;
}
for (const cell of document.querySelectorAll("td[data-c]")) {
  cell.tabIndex = 0;
  cell.addEventListener("click", () => show(cell));
  cell.addEventListener("keydown", (event) => { if (event.key === "Enter") show(cell); });
}
box.querySelector("button").addEventListener("click", () => { box.hidden = true; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") box.hidden = true; });
// A day is never broken over two lines; in the page's text it stays one piece.
const day = /\d{4}-\d\d(-\d\d)?/;
const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
const dated = [];
while (walker.nextNode()) {
  if (day.test(walker.currentNode.data) && !walker.currentNode.parentElement.closest("svg")) dated.push(walker.currentNode);
}
for (let text of dated) {
  for (let found; (found = day.exec(text.data));) {
    const span = document.createElement("span");
    const said = text.splitText(found.index);
    text = said.splitText(found[0].length);
    span.className = "day";
    said.replaceWith(span);
    span.append(said);
  }
}
const form = document.querySelector("nav form");
form.hidden = false;
form.addEventListener("change", () => {
  const wanted = Object.fromEntries(new FormData(form));
  let hidden = 0;
  for (const row of document.querySelectorAll("tr[data-p]")) {
    row.hidden = Object.entries(wanted).some(([key, value]) => value && row.dataset[key] !== value);
    hidden += row.hidden;
  }
  form.querySelector(".said").textContent = hidden ? hidden + " rows about others are hidden. Counts stay those of everybody." : "";
});
