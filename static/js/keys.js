// "/" goes to the search box and the arrows from there to what it found, "?" opens the list of keys,
// Escape and a click outside close menus; buttons with data-print print the page.
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    closeFound(true);
    return closeMenus();
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") return moveInFound(event);
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/") focusSearch(event);
  if (event.key === "?") document.getElementById("keys")?.showModal();
});

document.addEventListener("click", (event) => {
  closeMenus(event.target);
  if (!event.target.closest(".app-search")) closeFound();
  if (event.target.closest("[data-print]")) window.print();
});

function focusSearch(event) {
  const box = document.querySelector("[data-search]");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (except && menu.contains(except)) continue;
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus && !except) menu.querySelector("summary").focus();
  }
}

function moveInFound(event) {
  const search = event.target.closest(".app-search");
  if (!search) return;
  const steps = [...search.querySelectorAll("[data-search], [data-found] :is(a, button)")];
  const at = steps.indexOf(event.target) + (event.key === "ArrowDown" ? 1 : -1);
  if (!steps[at]) return;
  event.preventDefault();
  steps[at].focus();
}

function closeFound(byKey) {
  const box = document.querySelector("[data-found]");
  if (!box?.firstElementChild) return;
  if (byKey && box.contains(document.activeElement)) document.querySelector("[data-search]").focus();
  box.replaceChildren();
}

document.addEventListener("focusout", (event) => {
  if (event.target.closest(".app-search") && event.relatedTarget?.closest(".app-search") === null) closeFound();
});
