// What was typed and not sent is not lost by a change of language, a link or a closed window.
import { beforeLeaving } from "./swaps.js";

const KEY = "typed";
const TOGGLE = "input:is([type=checkbox], [type=radio])";
const FIELD = "input:not([type=hidden], [type=checkbox], [type=radio], [type=file]), select, textarea";
let [leaves, refused] = [false, false];

/** The forms that change something; the dialog keeps its own, and nothing beside it can be clicked. */
function forms() {
  return [...document.querySelectorAll("main form[method=post]")].filter((form) => !form.closest("dialog"));
}

function isChanged(field) {
  if (field.tagName !== "SELECT") return field.value !== field.defaultValue;
  const given = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(given, 0);
}

function changed() {
  return forms().flatMap((form) => [...form.querySelectorAll(FIELD)].filter(isChanged));
}

/** Whether this page came back with what was sent: its address alone would not show it again. */
function isAnswer() {
  const isWritten = (form) => [...form.querySelectorAll(FIELD)].some((field) => field.value);
  return "typed" in document.documentElement.dataset && forms().some(isWritten);
}

/** What was typed and chosen, with its place on the page. */
function written() {
  const chosen = forms().flatMap((form) => [...form.querySelectorAll(TOGGLE)].filter((each) => each.checked !== each.defaultChecked));
  return [...changed(), ...chosen].map((field) => ({
    form: forms().indexOf(field.form),
    at: [...field.form.elements].indexOf(field),
    name: field.name,
    value: field.value,
    checked: field.checked,
  }));
}

/** The page's own entry in the history keeps it while the page is loaded anew; nothing is stored. */
function putBack() {
  const { [KEY]: kept = [], ...rest } = history.state ?? {};
  if (!kept.length) return;
  history.replaceState(rest, "");
  for (const { form, at, name, value, checked } of kept) {
    const field = forms()[form]?.elements[at];
    if (field?.name !== name) continue;
    if (field.matches(TOGGLE)) field.checked = checked;
    else field.value = value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

async function speak(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => null);
  if (answer?.type !== "opaqueredirect") return form.requestSubmit(button);
  const there = new URL(location.href);
  // A language in the address would outweigh the choice.
  there.searchParams.delete("lang");
  history.replaceState({ ...history.state, [KEY]: written() }, "", there);
  leaves = true;
  location.reload();
}

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const form = event.target;
  if (!form.closest("[data-language]")) {
    leaves = form.method === "post" && form.closest("main") !== null;
  } else if (!refused && !isAnswer() && changed().length > 0) {
    event.preventDefault();
    // Should this way not be open, the form goes as it would without script.
    refused = true;
    speak(form, event.submitter);
  }
});

beforeLeaving(() => {
  leaves = true;
});

addEventListener("beforeunload", (event) => {
  if (!leaves && (isAnswer() || changed().length > 0)) event.preventDefault();
});

addEventListener("pageshow", () => {
  leaves = refused = false;
});

// htmx listens by then, and adds up what was put back.
document.addEventListener("DOMContentLoaded", putBack);
