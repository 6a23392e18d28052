// "/" goes to the search field of the page or beside it, arrows walk on to the rows and back, Enter opens by itself.
const FIELDS = "input, textarea, select, [contenteditable], dialog, .choices";
// For a moment after a dialog closes its field still has the focus; a key goes to the page then, and sends no form.
const left = (node) => node.closest("dialog:not([open])");
const typing = (node) => node.closest(FIELDS) && !left(node);

function step(by) {
  const links = [...document.querySelectorAll("[data-rows] a[data-row]")];
  if (!links.length) return false;
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (by > 0 ? 0 : -1) : at + by;
  if (next < 0 && at === 0) return toSearch();
  if (!links[next]) return false;
  links[next].focus();
  return true;
}

function toSearch() {
  const search = document.querySelector("[data-search]") ?? document.querySelector("[data-find]");
  search?.focus();
  search?.select();
  return Boolean(search);
}

// A letter presses what carries it, such as Refund with R; of a keyboard without Latin letters the key at its place.
function press(letter) {
  const found = document.querySelector(`[data-key="${CSS.escape(letter)}"]:not([hidden])`);
  found?.click();
  return Boolean(found);
}

const keys = { "/": toSearch, ArrowDown: () => step(1), ArrowUp: () => step(-1) };

document.addEventListener("keydown", (event) => {
  if (left(event.target)) event.preventDefault();
  const leaves = event.key === "ArrowDown" && event.target.matches("[data-search]");
  if (event.ctrlKey || event.metaKey || event.altKey || (typing(event.target) && !leaves)) return;
  const letter = /^[a-z?]$/.test(event.key) ? event.key : event.code.replace("Key", "").toLowerCase();
  if (keys[event.key]?.() ?? press(letter)) event.preventDefault();
});

// Enter in a field that has a button of its own presses that one, not the first of the form.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches("[data-enter] input")) return;
  event.preventDefault();
  event.target.closest("[data-enter]").querySelector("button").click();
});
