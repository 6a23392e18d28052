// A link that swaps into #dialog opens it at its first field; closing returns the focus to where it came from.
import { afterSwap } from "./swaps.js";

const FIRST = ".body :is([autofocus], input:not([type=hidden]), select, textarea)";
const FIELD = ".body :is(input:not([type=hidden], [type=checkbox], [type=radio]), select, textarea)";
const dialog = document.getElementById("dialog");
// What was typed and not sent waits for the dialog to be opened again by the same link.
const typed = new Map();
let [opener, given] = [null, {}];
const fields = () => [...dialog.querySelectorAll(FIELD)];

if (dialog) {
  afterSwap((target, elt) => {
    if (target !== dialog || !dialog.firstElementChild) return;
    if (!dialog.open) {
      opener = elt;
      given = Object.fromEntries(fields().map((each) => [each.name, each.value]));
      for (const each of fields()) each.value = typed.get(opener?.href)?.[each.name] ?? each.value;
      dialog.showModal();
    }
    dialog.querySelector(FIRST)?.focus();
  });

  dialog.addEventListener("close", () => {
    const changed = fields().filter((each) => each.value !== given[each.name]);
    if (opener?.href) typed.set(opener.href, Object.fromEntries(changed.map((each) => [each.name, each.value])));
    dialog.replaceChildren();
    if (opener?.isConnected) opener.focus();
  });

  dialog.addEventListener("click", (event) => {
    if (event.target !== dialog && !event.target.closest("[data-close]")) return;
    event.preventDefault();
    dialog.close();
  });
}
