// An open <details class="chip"> closes on Escape and when the attention goes elsewhere.
const open = () => document.querySelectorAll("details.chip[open]");

function closeAllBut(node) {
  for (const menu of open()) if (!menu.contains(node)) menu.open = false;
}

document.addEventListener("pointerdown", (event) => closeAllBut(event.target));
document.addEventListener("focusin", (event) => closeAllBut(event.target));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
