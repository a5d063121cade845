// The key / puts the cursor into the search box, wherever one is. All else works without this file.
addEventListener("keydown", (event) => {
  const box = document.querySelector('[aria-keyshortcuts="/"]');
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing || !box) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  box.focus();
  box.select();
}, true);

// Datasette's SQL editor: it has no name of its own, and does not draw itself while it is folded away.
addEventListener("load", () => {
  for (const editor of document.querySelectorAll(".CodeMirror")) {
    editor.querySelector("textarea").setAttribute("aria-label", "SQL");
    editor.closest("details")?.addEventListener("toggle", () => editor.CodeMirror.refresh());
  }
});

// What changes while a crawl runs is asked for again, at most a twentieth of the time.
async function refresh(shown) {
  const began = performance.now();
  try {
    const answer = await fetch(location.href);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = answer.ok && page.getElementById(shown.id);
    if (fresh && !shown.contains(document.activeElement)) shown.replaceWith(fresh);
  } catch { /* the server is gone for now */ }
  const again = document.querySelector("[data-running]");
  if (again) setTimeout(refresh, Math.max(5000, 20 * (performance.now() - began)), again);
}
const running = document.querySelector("[data-running]");
if (running) setTimeout(refresh, 5000, running);
