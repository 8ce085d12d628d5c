// One page: the image and its question, a decision, an answer. What may be stored is decided by the server; texts are
// set as text, never as markup.
import { ask } from "./client.js";
import { blank, outline, zoom, zoomAt } from "./picture.js";

const $ = (id) => document.getElementById(id);
const PLACEHOLDERS = {
  length: "a number with a unit, such as 60 cm or 5 inches",
  yes_no: "yes or no",
  choice: "one of these, or its number",
  number: "a number",
  text: "in a few words",
};
const CHECK_AFTER_MS = 160;

let session = { count: 0, out: "", annotator: null };
let who = "";
let item = null; // what is shown; null on the first and on the last page
let target = 0; // the place that is shown or on its way: several arrow keys in a row go several images far
let mode = null; // "keep", "rewrite" or null
let request = 0; // the newest one: answers to older ones are ignored
let busy = false; // while a decision is on its way
let waiting = false; // while the next image is on its way: what is still shown is no more to be decided about
let timer = 0;

const withName = (path, more = "") => `${path}?annotator=${encodeURIComponent(who)}${more}`;

function trouble(error) {
  $("trouble").textContent = error ? error.message : "";
  $("trouble").hidden = !error;
}

// -- from page to page -------------------------------------------------------------------------------------------

function show(section) {
  for (const id of ["welcome", "task", "failure", "finished"]) $(id).hidden = id !== section;
  const alone = section === "welcome" || section === "finished";
  document.body.classList.toggle("alone", alone);
  $("top").hidden = section === "welcome";
  $("walk").hidden = section === "welcome" || section === null;
}

async function begin() {
  try {
    session = await ask("api/session");
    who = session.annotator || sessionStorage.getItem("annotator") || "";
    $("change").hidden = session.annotator !== null;
    if (who) await start();
    else welcome();
  } catch (error) {
    show(null);
    trouble(error);
  }
}

function welcome() {
  item = null;
  request += 1; // what is on its way is for the one before
  wait(false);
  show("welcome");
  $("annotator").focus();
}

async function start() {
  $("name").textContent = who;
  await toOpen(-1);
}

async function toOpen(after) {
  const found = await ask(withName("api/session", `&after=${after}`));
  if (found.next === null) finish(found.decided);
  else await load(found.next);
}

function finish(decided) {
  item = null;
  target = session.count;
  wait(false);
  progress(session.count, decided, "");
  $("position").textContent = `${session.count} images`;
  const rest = session.count - decided;
  const unread = rest > 0 ? ` ${rest} could not be shown.` : "";
  const counted = `${decided} of ${session.count} images are decided.${unread}`;
  $("summary").textContent = `${counted} The answers are in ${session.out}.`;
  show("finished");
  walk(session.count);
}

async function load(place) {
  const mine = ++request;
  target = place;
  wait(true);
  trouble(null);
  blank();
  let found;
  try {
    found = await ask(withName(`api/item/${place}`));
  } catch (error) {
    if (mine === request) trouble(error);
    return;
  } finally {
    if (mine === request) wait(false);
  }
  if (mine !== request) return;
  item = found;
  draw();
}

function wait(begun) {
  waiting = begun;
  document.body.classList.toggle("waiting", begun);
}

function draw() {
  document.activeElement.blur();
  progress(item.place + 1, item.decided, item.frame);
  walk(item.place);
  const failed = item.failure !== undefined;
  show(failed ? "failure" : "task");
  $("tools").hidden = failed;
  if (failed) {
    $("loading").hidden = true;
    $("reason").textContent = item.failure;
    return;
  }
  $("picture").alt = `Image ${item.place + 1} of ${item.count}`;
  zoom(false);
  outline(item.place, false);
  $("outline").hidden = !item.outlines;
  $("keep").hidden = item.question === null;
  $("rewrite").firstElementChild.textContent = item.question === null ? "Write one" : "Rewrite";
  $("question").textContent = item.question ?? "What would you ask about this image?";
  recall();
}

function progress(position, decided, frame) {
  $("position").textContent = `${position} of ${session.count}`;
  $("decided").textContent = `${decided} decided`;
  $("frame").textContent = $("frame").title = frame;
  $("bar").firstElementChild.style.width = `${(100 * decided) / Math.max(session.count, 1)}%`;
  $("bar").setAttribute("aria-valuenow", decided);
  $("bar").setAttribute("aria-valuemax", session.count);
}

function walk(place) {
  $("back").disabled = place <= 0;
  $("forward").disabled = place >= session.count - 1;
  $("forward").hidden = $("open").hidden = item === null;
}

// -- the decision ------------------------------------------------------------------------------------------------

function recall() {
  const made = item.decision;
  const asked = item.question === null ? `No question is proposed: ${item.unproposed}` : "Proposed question";
  const own = item.question === null ? "you have written one" : "you have rewritten it";
  const did = { keep: "you have kept it", rewrite: own, skip: "you have skipped the image" };
  $("label").textContent = made ? `${asked} · ${did[made.decision]}` : asked;
  $("answer").value = made?.answer ?? "";
  const rewritten = made?.decision === "rewrite";
  $("written").value = rewritten ? made.question : (item.question ?? "");
  $("form").value = rewritten ? made.form : "";
  $("options").value = rewritten ? made.options.join("\n") : "";
  choose(made && made.decision !== "skip" ? made.decision : null);
  $("skip").setAttribute("aria-pressed", made?.decision === "skip");
  if (mode !== null && made.answer === null) reading("You could not tell.", "");
  else check();
}

function choose(next, focus = false) {
  mode = next;
  $("keep").setAttribute("aria-pressed", mode === "keep");
  $("rewrite").setAttribute("aria-pressed", mode === "rewrite");
  $("skip").setAttribute("aria-pressed", "false");
  $("answering").hidden = mode === null;
  $("task").className = mode ?? "";
  $("own").hidden = $("shape").hidden = mode !== "rewrite";
  reading("", "");
  shape();
  if (!focus) return;
  const field = mode === "keep" ? $("answer") : $("written");
  field.focus();
  field.select();
}

// What depends on the form of the answer: hints, buttons for short answers, the list of options.
function shape() {
  const form = mode === "keep" ? item.form : $("form").value;
  $("answer").placeholder = PLACEHOLDERS[form] ?? "about 5 meters, left, yes, …";
  $("listed").hidden = form !== "choice";
  const options = mode === "keep" ? item.options : form === "choice" ? listed() : [];
  const short = form === "yes_no" ? ["yes", "no"] : options;
  $("quick").replaceChildren(...short.map(quick));
}

function quick(text) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", () => {
    $("answer").value = text;
    $("answer").focus();
    check();
  });
  return button;
}

const listed = () => $("options").value.split("\n").map((line) => line.trim()).filter(Boolean);

function reading(text, quality) {
  $("reading").textContent = text;
  $("reading").className = quality;
}

function given(decision) {
  const body = { place: item.place, annotator: who, decision };
  if (decision === "skip") return body;
  body.answer = $("answer").value;
  if (decision === "rewrite") {
    body.question = $("written").value;
    body.form = $("form").value || null;
    body.options = body.form === "choice" ? listed() : [];
  }
  return body;
}

function checkSoon() {
  clearTimeout(timer);
  timer = setTimeout(check, CHECK_AFTER_MS);
}

async function check() {
  clearTimeout(timer);
  if (mode === null || !$("answer").value.trim()) return reading("", "");
  const mine = item;
  const sent = JSON.stringify(given(mode));
  try {
    const read = await ask("api/check", JSON.parse(sent));
    if (mine !== item || mode === null || sent !== JSON.stringify(given(mode))) return;
    if (read.problem) reading(read.problem, "bad");
    else reading(`Reads as ${read.reads}.`, "good");
  } catch (error) {
    if (mine === item) reading(error.message, "bad");
  }
}

async function save(body) {
  if (busy || waiting || item === null) return;
  busy = true;
  clearTimeout(timer);
  document.activeElement.blur();
  wait(true);
  try {
    const stored = await ask("api/decision", body);
    if (stored.next === null) finish(stored.decided);
    else await load(stored.next);
  } catch (error) {
    wait(false);
    if (body.decision === "skip") trouble(error);
    else {
      reading(error.message, "bad");
      $(mode === "rewrite" && !$("written").value.trim() ? "written" : "answer").focus();
    }
  } finally {
    busy = false;
  }
}

// -- keys and buttons --------------------------------------------------------------------------------------------

const pressed = (id) => $(id).getAttribute("aria-pressed") === "true";
const usable = (id) => item !== null && !waiting && !$("task").hidden && !$(id).hidden;
const go = (place) => place >= 0 && place < session.count && load(place);
const safely = (promise) => Promise.resolve(promise).catch(trouble);

const ACTIONS = {
  keep: () => usable("keep") && choose("keep", true),
  rewrite: () => usable("rewrite") && choose("rewrite", true),
  skip: () => usable("skip") && save(given("skip")),
  untold: () => mode !== null && save({ ...given(mode), answer: null }),
  zoom: () => usable("zoom") && zoom(!pressed("zoom")),
  outline: () => usable("outline") && outline(item.place, !pressed("outline")),
  back: () => go(target - 1),
  forward: () => go(target + 1),
  open: () => item !== null && toOpen(item.place),
};
const LETTERS = { k: "keep", r: "rewrite", s: "skip", n: "open", z: "zoom", o: "outline" };
const KEYS = { ...LETTERS, ArrowLeft: "back", ArrowRight: "forward" };

for (const [id, action] of Object.entries(ACTIONS)) $(id).addEventListener("click", () => safely(action()));
$("picture").addEventListener("click", zoomAt);
$("picture").addEventListener("error", () => {
  $("loading").hidden = true;
  trouble(new Error("The picture could not be read."));
});
$("answer").addEventListener("input", checkSoon);
$("written").addEventListener("input", checkSoon);
for (const id of ["form", "options"]) $(id).addEventListener("input", () => { shape(); checkSoon(); });
$("answering").addEventListener("submit", (event) => {
  event.preventDefault();
  save(given(mode));
});
$("change").addEventListener("click", () => {
  sessionStorage.removeItem("annotator");
  welcome();
});
$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  who = $("annotator").value.trim();
  if (!who) return;
  sessionStorage.setItem("annotator", who);
  safely(start());
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const field = event.target.closest("input, textarea, select");
  if (field) {
    if (event.key === "Escape") field.blur();
    if (event.key === "Enter" && field.id === "written") {
      event.preventDefault();
      $("answer").focus();
    }
    return;
  }
  const name = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (name && !$(name).disabled && $("welcome").hidden) {
    event.preventDefault();
    safely(ACTIONS[name]());
  } else if (event.key === "Enter" && mode !== null && usable("save") && event.target === document.body) {
    event.preventDefault();
    save(given(mode));
  }
});

begin();
