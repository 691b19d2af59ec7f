// The board: "n" goes to the next due seat; the age of the data is shown and greys the page.
const STALE_AFTER = 60;
let fresh = performance.now();

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const status = detail.xhr.status;
  const answered = (status >= 200 && status < 300) || status === 304;
  if (answered && detail.elt.closest("[data-board]")) fresh = performance.now();
});

function showAge() {
  const seconds = Math.floor((performance.now() - fresh) / 1000);
  const stale = seconds > STALE_AFTER;
  document.body.classList.toggle("is-stale", stale);
  const label = document.querySelector("[data-age]");
  if (label) label.textContent = stale ? `data ${seconds} s old: no connection` : `data ${seconds} s old`;
}

function nextDue() {
  const seats = [...document.querySelectorAll("[data-next-due]")];
  seats.sort((a, b) => Date.parse(a.dataset.nextDue) - Date.parse(b.dataset.nextDue));
  return seats[0];
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "n" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select")) return;
  const seat = nextDue();
  seat?.scrollIntoView({ block: "center" });
  seat?.querySelector("a, button")?.focus({ preventScroll: true });
});

setInterval(showAge, 1000);
