// Messages leave after a while unless somebody reads them; faults stay until they are closed.
const SHOWN_MS = 8000;
const region = document.getElementById("toasts");

const isRead = (toast) => toast.matches(":hover, :focus-within");

function leaveLater(toast) {
  setTimeout(() => (isRead(toast) ? leaveLater(toast) : toast.remove()), SHOWN_MS);
}

function welcome(toast) {
  if (!toast.classList.contains("bad")) leaveLater(toast);
}

if (region) {
  region.querySelectorAll(".toast").forEach(welcome);

  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.matches?.(".toast")) welcome(node);
  }).observe(region, { childList: true });

  region.addEventListener("click", (event) => {
    if (event.target.closest("[data-dismiss]")) event.target.closest(".toast").remove();
  });
}

/** Show one short message; `words` come from the page, which knows its language. */
export function say(words) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.textContent = words;
  region?.append(toast);
}
