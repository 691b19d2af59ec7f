// Ticks what the server rendered: the clock, "in 12 min" / "8 min ago", countdowns and rings.
// The server's time counts: the page carries it, and every htmx answer brings it again.
const MINUTE = 60_000;
let offset = Date.parse(document.documentElement.dataset.now) - Date.now() || 0;

export const serverNow = () => Date.now() + offset;

// The same words as clinic/templatetags/ui.py relative()
export function relative(at, now) {
  const minutes = Math.floor(Math.abs(at - now) / MINUTE);
  if (minutes === 0) return "now";
  const words = duration(minutes);
  return at > now ? `in ${words}` : `${words} ago`;
}

function duration(minutes) {
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  const days = Math.floor(hours / 24);
  return days === 1 ? "1 day" : `${days} days`;
}

function tickRelative(element, now) {
  const at = Date.parse(element.dateTime);
  const text = relative(at, now);
  if (element.textContent !== text) element.textContent = text;
  if (!("due" in element.dataset)) return;
  const late = Number(element.dataset.late || 5) * MINUTE;
  element.classList.toggle("is-due", now >= at && now < at + late);
  element.classList.toggle("is-late", now >= at + late);
}

function tickRing(ring, now) {
  const minimum = Number(ring.dataset.minimum);
  const minutes = Math.max(0, Math.floor((now - Date.parse(ring.dataset.since)) / MINUTE));
  const share = Math.min(100, (100 * minutes) / minimum);
  ring.querySelector(".ring-fill").setAttribute("stroke-dasharray", `${share.toFixed(1)} 100`);
  ring.querySelector(".ring-value").textContent = minutes;
  ring.querySelector("title").textContent = `${minutes} of ${minimum} minutes`;
}

function tickClock(element, now) {
  const options = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const time = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: element.dataset.zone });
  element.textContent = time.format(now);
}

function tick() {
  const now = serverNow();
  document.querySelectorAll("time[data-rel]").forEach((element) => tickRelative(element, now));
  document.querySelectorAll(".ring[data-since]").forEach((ring) => tickRing(ring, now));
  document.querySelectorAll("[data-clock]").forEach((element) => tickClock(element, now));
}

// The Date header counts whole seconds: correct only what is clearly off, never jitter.
document.addEventListener("htmx:afterRequest", (event) => {
  const date = Date.parse(event.detail.xhr.getResponseHeader("Date"));
  if (Math.abs(date - serverNow()) > 2000) offset = date - Date.now();
});
document.addEventListener("htmx:afterSwap", tick);
tick();
setInterval(tick, 1000);
