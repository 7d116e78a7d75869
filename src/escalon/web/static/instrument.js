// The calculator: what is typed is scored by the server as one types; the answers stay in the address.
const form = document.getElementById("items"), shown = document.getElementById("score"), notes = document.getElementById("notes");
const fields = [...form.querySelectorAll("[data-item], [data-unit], [data-option]")];
let asked = 0, waiting;
function about(name) {
  const found = form.querySelector(`[data-about="${name}"]`);
  return found ? " (" + found.title + ")" : "";
}
function written() {  // what was typed, as it would be typed at the command line
  const values = {};
  for (const field of form.querySelectorAll("[data-item]")) {
    const text = field.value.trim(), unit = document.getElementById(field.id + ".unit");
    if (text) values[field.id] = unit && unit.value ? text + " " + unit.value : text;
  }
  for (const field of form.querySelectorAll("[data-option]")) if (field.selectedIndex > 0) values[field.dataset.option] = field.value;
  return values;
}
function show(found) {  // the server's finding is the only answer: the same as score prints
  const number = value => typeof value === "number" ? String(Math.round(value * 1e4) / 1e4) : value === true ? "yes" : value === false ? "no" : String(value);
  const unit = found.unit ? " " + found.unit : "";
  let text = found.status === "invalid" ? "not accepted" : found.status === "not_applicable" ? "not applicable" : "not known yet";
  if (found.value !== null && found.value !== undefined) text = number(found.value) + unit + (found.category ? " (" + found.category + ")" : "");
  else if (found.bounds && found.status !== "invalid") text += ": between " + found.bounds.map(number).join(" and ") + unit;
  shown.textContent = text;
  const missing = (found.missing || []).map(name => "missing: " + name.replaceAll("_", " ") + about(name));
  notes.replaceChildren(...[...(found.reasons || []), ...missing, ...(found.status === "invalid" ? [] : (found.flags || []).map(flag => "flag: " + flag.toLowerCase().replaceAll("_", " ")))].map(line => Object.assign(document.createElement("li"), {textContent: line})));
}
async function ask() {
  const values = written(), turn = ++asked;
  try {
    const answer = await fetch(`/instruments/${form.dataset.name}/score`, {method: "POST", headers: {"content-type": "application/json"}, body: JSON.stringify(values)});
    const found = await answer.json();
    if (turn === asked) show(found.says ? {status: "invalid", reasons: [found.says]} : found);
  } catch { if (turn === asked) { shown.textContent = "no answer: is Escalon still running?"; notes.replaceChildren(); } }
}
for (const [name, value] of new URLSearchParams(location.search)) { const field = document.getElementById(name); if (field) field.value = value; }
form.addEventListener("input", () => {
  history.replaceState(null, "", "?" + new URLSearchParams(fields.filter(field => field.value).map(field => [field.id, field.value])));
  clearTimeout(waiting); waiting = setTimeout(ask, 120);
});
form.addEventListener("submit", event => event.preventDefault());
ask();
