// Helps for forms: show what was refused, warn before typed values are lost, send once, write "120/80".
const dirty = new Set();

// On a long page the first answer that was refused may lie far below.
const refused = document.querySelector("main form :is(.field-error, .invalid-feedback)");
refused?.parentElement.querySelector("input:not([type=hidden]), select, textarea")?.focus({ preventScroll: true });
refused?.scrollIntoView({ block: "center" });

document.addEventListener("input", (event) => {
  if (event.target.matches("[data-bp]")) writeSlash(event.target, event.inputType);
  const form = event.target.form;
  if (form?.matches("[data-guard]")) dirty.add(form);
});

// A form that came back with errors still holds what was typed.
const unsaved = (form) => !form.dataset.sent && (dirty.has(form) || form.querySelector(".is-invalid"));

addEventListener("beforeunload", (event) => {
  if ([...document.querySelectorAll("form[data-guard]")].some(unsaved)) event.preventDefault();
});

// Captured on the way down, so that a second press reaches neither the browser nor htmx.
document.addEventListener("submit", sendOnce, { capture: true });
document.addEventListener("htmx:beforeRequest", ({ detail }) => markSent(detail.elt.closest("form")));

function sendOnce(event) {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopImmediatePropagation();
  } else if (form.method === "post" && !form.matches("[hx-post]")) {
    markSent(form);
  }
}

function markSent(form) {
  if (form) setBusy(form, true);
}

// Coming back through the browser's history must not find dead buttons.
addEventListener("pageshow", () => document.querySelectorAll("form").forEach((f) => setBusy(f, false)));

// A page that the browser kept in memory may be of before the tablet was handed over.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt.closest?.("form");
  if (!form) return;
  setBusy(form, false);
  if (event.detail.successful) dirty.delete(form);
});

function setBusy(form, busy) {
  if (busy) form.dataset.sent = "yes";
  else delete form.dataset.sent;
  for (const button of form.querySelectorAll("[type=submit], button:not([type])")) {
    if (busy) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }
}

// Numeric keypads have no slash: after a whole systolic value it appears by itself.
// A systolic value that starts with 1 or 2 has three digits, any other two.
function writeSlash(field, inputType) {
  if (inputType?.startsWith("delete")) return;
  const digits = field.value.replace(/[\s.,-]+/g, "/").replace(/\/+/g, "/");
  if (digits.includes("/") || !/^\d+$/.test(digits)) {
    if (digits !== field.value) field.value = digits;
    return;
  }
  const length = /^[12]/.test(digits) ? 3 : 2;
  if (digits.length >= length) field.value = `${digits.slice(0, length)}/${digits.slice(length)}`;
}
