// The only file that knows htmx's event names, so that a new major version is a change here.

/** Call `then` with every element that htmx has put into the page. */
export function afterSwap(then) {
  document.addEventListener("htmx:afterSwap", (event) => then(event.detail.target, event.detail.requestConfig?.elt));
}

/** Call `then` when the answer carries HX-Trigger with `name`. */
export function onAnswer(name, then) {
  document.addEventListener(name, then);
}
