// The theme changes where one is: nothing is loaded anew, and what was typed stays.
const root = document.documentElement;
const scheme = document.querySelector("meta[name=color-scheme]");

function wear(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  scheme.content = theme === "system" ? "light dark" : theme;
  for (const button of document.querySelectorAll("[data-wear] button")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("[data-wear]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  const theme = event.submitter.value;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  wear(theme);
  // The cookie is what counts at the next page; without an answer the choice lasts as long as this page.
  await fetch(form.action, { method: "POST", body, redirect: "manual", keepalive: true }).catch(() => {});
});
