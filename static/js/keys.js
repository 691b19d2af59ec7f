// "/" goes to the search box, "?" opens the list of keys, Escape and a click outside close menus;
// buttons with data-print print the page.
const typing = (target) => target.closest("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") return closeMenus();
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (event.key === "/") focusSearch(event);
  if (event.key === "?") document.getElementById("keys")?.showModal();
});

document.addEventListener("click", (event) => {
  closeMenus(event.target);
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
