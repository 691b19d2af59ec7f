// A pad for a drawn signature: strokes become the path of an SVG drawing, 600 by 200, in a hidden
// field. Without this script the typed name alone signs.
const WIDTH = 600, HEIGHT = 200, MOST = 19000;

for (const pad of document.querySelectorAll("[data-signature]")) begin(pad);

function begin(pad) {
  const canvas = pad.querySelector("canvas");
  const field = document.getElementById(pad.dataset.signature);
  const pen = canvas.getContext("2d");
  let last = null;
  pad.hidden = false;
  draw();

  canvas.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    add("M", event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (last) for (const each of event.getCoalescedEvents?.() ?? [event]) add("L", each);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { last = null; });
  pad.querySelector("[data-clear]").addEventListener("click", () => { field.value = ""; draw(); });

  function add(command, event) {
    const box = canvas.getBoundingClientRect();
    const at = [place(event.clientX - box.left, box.width, WIDTH), place(event.clientY - box.top, box.height, HEIGHT)];
    if (field.value.length > MOST || (command === "L" && last && at.join() === last.join())) return;
    field.value += `${command}${at[0]} ${at[1]}`;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    last = at;
    draw();
  }

  function draw() {
    pen.clearRect(0, 0, WIDTH, HEIGHT);
    pen.lineWidth = 3;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#15202a";
    pen.stroke(new Path2D(field.value));
  }
}

const place = (offset, length, units) => Math.max(0, Math.min(units, Math.round((offset * units) / length)));
