// A link that swaps into #dialog opens it at its first field; closing returns the focus to where it came from.
import { afterSwap } from "./swaps.js";

const FIRST = ".body :is([autofocus], input:not([type=hidden]), select, textarea)";
const dialog = document.getElementById("dialog");
let opener = null;

if (dialog) {
  afterSwap((target, elt) => {
    if (target !== dialog || !dialog.firstElementChild) return;
    opener = elt ?? null;
    if (!dialog.open) dialog.showModal();
    dialog.querySelector(FIRST)?.focus();
  });

  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    if (opener?.isConnected) opener.focus();
    opener = null;
  });

  dialog.addEventListener("click", (event) => {
    const leaves = event.target === dialog || event.target.closest("[data-close]");
    if (!leaves) return;
    event.preventDefault();
    dialog.close();
  });
}
