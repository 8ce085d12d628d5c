// The picture of the page: which one, how large, and none while it is on its way.

import { withToken } from "./client.js";

const ZOOM = 2.5; // times the size at which the whole picture fits

const $ = (id) => document.getElementById(id);

// No picture until the new one is there: a question must never stand beside the picture of another.
export function blank() {
  $("picture").hidden = true;
  $("loading").hidden = false;
}

// All of the picture; or larger than that, with the point (x, y) of the fitted box in the middle.
export function zoom(large, x = 0.5, y = 0.5) {
  const view = $("view");
  const img = $("picture");
  const [width, height] = [view.clientWidth, view.clientHeight];
  const fitted = Math.min(width / img.naturalWidth, height / img.naturalHeight) * img.naturalWidth;
  view.classList.toggle("large", large);
  $("zoom").setAttribute("aria-pressed", large);
  img.style.width = large ? `${ZOOM * fitted}px` : "";
  if (!large) return;
  view.scrollLeft = img.offsetWidth / 2 + ZOOM * (x - 0.5) * width - view.clientWidth / 2;
  view.scrollTop = img.offsetHeight / 2 + ZOOM * (y - 0.5) * height - view.clientHeight / 2;
}

export function zoomAt(event) {
  const box = $("picture").getBoundingClientRect();
  if ($("view").classList.contains("large")) zoom(false);
  else zoom(true, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
}

// The picture at a place, plain or with the objects marked that its question names.
export function outline(place, marked) {
  $("outline").setAttribute("aria-pressed", marked);
  blank();
  $("picture").src = withToken(`${marked ? "outlines" : "image"}/${place}`);
}

$("picture").addEventListener("load", () => {
  $("picture").hidden = false;
  $("loading").hidden = true;
});
