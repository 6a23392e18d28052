// The only file that knows htmx's event names, so that a new major version is a change here.

/** Call `then` with every element that htmx has put into the page. */
export function afterSwap(then) {
  document.addEventListener("htmx:afterSwap", (event) => then(event.detail.target, event.detail.requestConfig?.elt));
}

/** Call `then` when an answer leads to another page. */
export function beforeLeaving(then) {
  document.addEventListener("htmx:beforeOnLoad", ({ detail: { xhr } }) => {
    if (["HX-Redirect", "HX-Location", "HX-Refresh"].some((name) => xhr.getResponseHeader(name))) then();
  });
}

/** Call `then` when the answer carries HX-Trigger with `name`. */
export function onAnswer(name, then) {
  document.addEventListener(name, then);
}
