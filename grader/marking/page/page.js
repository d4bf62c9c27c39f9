"use strict";
// The page of `grade mark`. Everything that comes as HTML was made harmless by the server; the rest is set as text.
const $ = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token") || sessionStorage.getItem("token") || "";
sessionStorage.setItem("token", token);
history.replaceState(null, "", "/");
const tab = sessionStorage.getItem("tab") || crypto.randomUUID();
sessionStorage.setItem("tab", tab);
const AHEAD = 6; // answers that are fetched before they are asked for
const DIGITS = "1234567890";
let data = null; // what the server says of all questions
let at = { part: "", answer: "" };
let draft = null; // the mark that is being given
const drafts = new Map(JSON.parse(sessionStorage.getItem("drafts") || "[]")); // what is not saved yet, by place
const answers = new Map(); // answers with their evidence, by place
const waiting = JSON.parse(sessionStorage.getItem("waiting") || "[]"); // marks on their way
let sending = false, shownSince = performance.now(), lastItem = "", asSource = false;
let arrived = ""; // "question" or "answer": what has just been gone to, until it is shown
const times = []; // seconds that marks took here

async function ask(path, body) {
  const options = { headers: { "X-Token": token } };
  if (body) Object.assign(options, { method: "POST", body: JSON.stringify({ tab, ...body }) }), (options.headers["Content-Type"] = "application/json");
  const reply = await fetch(path, options);
  if (reply.status === 409) return { conflict: true };
  if (!reply.ok) throw Object.assign(new Error(await reply.text()), { refused: true });
  return reply.json();
}
function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}
const notice = (text) => { $("notice").textContent = text; $("notice").hidden = !text; };
const question = () => data.questions.find((q) => q.id === at.part);
const group = () => question().groups.find((g) => g.key === at.answer);
const place = (part = at.part, answer = at.answer) => `${part}/${answer}`;
const missing = (key) => key === "nothing" || key === "not found";
const isOpen = (q, g) => !g.mark && !waiting.some((w) => place(w.part, w.answer) === place(q.id, g.key));
const shown = (n) => String(Math.round(n * 100) / 100);
const count = (n, thing) => `${n} ${thing}${n === 1 ? "" : "s"}`;
const signed = (n) => (n > 0 ? "+" : n < 0 ? "−" : "") + shown(Math.abs(n));
const round = (n) => Math.round(n * 1e6) / 1e6;
function pointsOf(q, answer, mark) {
  const items = q.items.filter((i) => mark.items.includes(i.key)).reduce((sum, i) => sum + i.points, 0);
  const start = q.start === "full" && !missing(answer) ? q.points : 0;
  return round(Math.min(Math.max(start + items + mark.adjust, 0), q.points));
}

// ---- where one is
function go(part, answer) {
  arrived = part === at.part ? "answer" : "question";
  at = { part, answer: answer ?? firstOpen(part) };
  const g = group(), kept = drafts.get(place());
  draft = kept ? { ...kept } : g.mark ? { items: [...g.mark.items], adjust: g.mark.adjust, comment: g.mark.comment } : { items: [], adjust: 0, comment: "" };
  draft.seen = kept?.seen ?? data.last;
  shownSince = performance.now();
  asSource = false;
  show();
  fetchAhead();
  ask("/api/lease", { part, answer: at.answer }).then((r) => r.taken && notice(`${r.taken} is looking at this answer now.`)).catch(() => {});
}
function firstOpen(part, after) {
  const q = data.questions.find((one) => one.id === part);
  const from = after ? q.groups.findIndex((g) => g.key === after) + 1 : 0;
  const order = [...q.groups.slice(from), ...q.groups.slice(0, from)];
  const free = (g) => isOpen(q, g) && !data.leases[place(part, g.key)];
  return (order.find(free) || order.find((g) => isOpen(q, g)) || order[0]).key;
}
function step(by) {
  const q = question(), n = q.groups.findIndex((g) => g.key === at.answer) + by;
  if (q.groups[n]) go(q.id, q.groups[n].key);
}
function stepPart(by) {
  const n = data.questions.findIndex((q) => q.id === at.part) + by;
  if (data.questions[n]) go(data.questions[n].id);
}
async function load(part, answer) {
  const key = place(part, answer);
  if (!answers.has(key)) {
    answers.set(key, await ask(`/api/answer?${new URLSearchParams({ part, answer })}`));
    if (answers.size > 200) answers.delete(answers.keys().next().value);
  }
  return answers.get(key);
}
async function fetchAhead() {
  const q = question(), from = q.groups.findIndex((g) => g.key === at.answer);
  const open = [...q.groups.slice(from + 1), ...q.groups.slice(0, from)].filter((g) => isOpen(q, g));
  const after = data.questions[data.questions.indexOf(q) + 1];
  const list = [...open.slice(0, AHEAD).map((g) => [q.id, g.key]), ...(q.groups[from + 1] ? [[q.id, q.groups[from + 1].key]] : []), ...(after ? [[after.id, firstOpen(after.id)]] : [])];
  for (const [part, answer] of list) await load(part, answer).catch(() => {});
}

// ---- what is shown
function show() {
  const q = question(), g = group();
  $("assignment").textContent = data.assignment;
  $("parts").replaceChildren(...data.questions.map((one) => element("option", { value: one.id, selected: one.id === q.id, textContent: `${one.id} ${one.title}: ${one.groups.filter((x) => !isOpen(one, x)).length} of ${one.groups.length}` })));
  $("title").textContent = `${q.id} ${q.title}`;
  $("question").innerHTML = q.question;
  $("model").hidden = !q.model;
  $("model").lastElementChild.innerHTML = q.model;
  showMark();
  $("flag").setAttribute("aria-pressed", String(Boolean(g.flag)));
  const taken = `${count(g.students, "student")} ${g.students === 1 ? "has" : "have"} this answer`;
  $("group").textContent = [taken, g.flag && `flagged by ${g.flag}`, g.mark && `marked by ${g.mark.who}`].filter(Boolean).join("; ");
  const stale = g.mark?.stale ? "The rubric has changed since this mark was adjusted by hand; it kept its points." : "";
  notice(g.reopened ? `Reopened: ${g.reopened}` : stale);
  const known = answers.get(place());
  if (known) showAnswer(known);
  else {
    const here = place();
    $("answer").textContent = "…";
    load(at.part, at.answer).then((a) => here === place() && showAnswer(a), (e) => notice(e.message));
  }
  showProgress();
}
function showAnswer(a) {
  const g = group(), box = $("answer");
  const left = g.key === "nothing" ? "left it as it was handed out, or empty" : "renamed or removed the section: no answer was found";
  $("answer-title").textContent = missing(g.key) ? "No answer" : `Answer ${a.holders.map((h) => h.name || h.code).slice(0, 3).join(", ")}${a.holders.length > 3 ? " …" : ""}`;
  if (missing(g.key)) box.textContent = `${count(g.students, "student")} ${left}. Enter gives 0 points.`;
  else if (asSource) box.replaceChildren(element("pre", { textContent: a.source }));
  else box.innerHTML = a.html;
  if (!missing(g.key) && !a.html && !asSource) box.replaceChildren(...a.figures.map((f) => element("p", { className: "muted", textContent: f })));
  for (const cell of a.html ? [] : a.evidence) for (const p of cell.pictures) box.append(picture(p));
  $("source").hidden = !a.source;
  $("source").setAttribute("aria-pressed", String(asSource));
  const body = $("evidence").lastElementChild;
  body.replaceChildren(...a.results.map((r) => element("div", {}, element("strong", { textContent: `${r.id} ${r.title}: ${shown(r.score)} of ${shown(r.of)}` }), ...r.said.map((s) => element("p", { className: "muted", textContent: s })))));
  for (const cell of a.evidence) {
    const code = element("div");
    code.innerHTML = cell.code;
    body.append(element("h4", { textContent: /^\d+$/.test(cell.cell) ? `Cell ${cell.cell}` : cell.cell }), code);
    if (cell.text) body.append(element("pre", { textContent: cell.text }));
    if (a.html) body.append(...cell.pictures.map(picture));
  }
  $("evidence").hidden = !body.childElementCount;
  $("old").hidden = !a.old;
  if (a.old) $("old").textContent = `The answer changed. Before it had ${shown(a.old.points)} points from ${a.old.who}${a.old.comment ? `: ${a.old.comment}` : ""}`;
  reachable();
  if (arrived) { // the one before may have been left at its end
    box.scrollTop = 0;
    if (arrived === "question") scrollTo(0, 0);
    else box.scrollIntoView({ block: "nearest" });
    arrived = "";
  }
}
function reachable() { // by Tab, to be scrolled with the arrow keys
  document.querySelectorAll("#work pre, #work .prose").forEach((box) => { if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0; });
}
const picture = (p) => element("img", { src: `data:image/png;base64,${p}`, alt: "Figure that the student's code drew" });
function showMark() {
  const q = question();
  $("points").textContent = `${shown(pointsOf(q, at.answer, draft))} of ${shown(q.points)} points`;
  $("start").textContent = q.start === "full" && !missing(at.answer) ? "Starts from full points." : "Starts from zero.";
  $("items").replaceChildren(...q.items.map((item, n) => {
    const on = draft.items.includes(item.key);
    const button = element("button", { type: "button", className: "item", onclick: () => toggle(item.key) }, element("kbd", { textContent: DIGITS[n] || "·" }), element("span", { textContent: signed(item.points) }), element("span", { textContent: item.text }), element("span", { className: "muted", textContent: item.used || "", title: "students who have it" }));
    if (item.note) button.append(element("small", { textContent: item.note }));
    button.setAttribute("aria-pressed", String(on));
    const edit = element("button", { type: "button", textContent: "✎", title: "Change this item (e)", onclick: () => editItem(item) });
    edit.setAttribute("aria-label", `Change item: ${item.text}`);
    return element("li", {}, button, edit);
  }));
  $("adjust").textContent = signed(draft.adjust) || "0";
  if ($("comment").value !== draft.comment) $("comment").value = draft.comment;
}
function showProgress() {
  const q = question(), done = (one) => one.groups.filter((g) => !isOpen(one, g)).length;
  const left = data.questions.reduce((sum, one) => sum + one.groups.length - done(one), 0);
  const mean = times.length ? times.reduce((a, b) => a + b, 0) / times.length : 0;
  const spent = mean ? `, ${Math.round(mean)} s each, about ${Math.ceil((mean * left) / 60)} min left` : "";
  const n = q.groups.findIndex((g) => g.key === at.answer) + 1;
  $("progress").textContent = `Question ${data.questions.indexOf(q) + 1} of ${data.questions.length}, answer ${n} of ${q.groups.length}, marked ${done(q)} of ${q.groups.length}; ${left} left in all${spent}`;
  $("graders").textContent = q.graders.map(([who, count, average]) => `${who}: ${count}, mean ${average}`).join(" · ");
  $("saved").textContent = waiting.length ? `${waiting.length} on their way` : "all saved";
}

// ---- what is done
function changed() {
  drafts.set(place(), { ...draft });
  sessionStorage.setItem("drafts", JSON.stringify([...drafts]));
  showMark();
}
function toggle(key) {
  lastItem = key;
  draft.items = draft.items.includes(key) ? draft.items.filter((k) => k !== key) : [...draft.items, key];
  changed();
}
function adjust(by) { draft.adjust = round(draft.adjust + by); changed(); }
function save() {
  const q = question(), here = { ...at };
  const command = { kind: "mark", ...at, items: draft.items, adjust: String(draft.adjust), comment: draft.comment, seen: draft.seen, once: crypto.randomUUID() };
  const twice = draft.adjust && q.groups.some((g) => g.key !== at.answer && g.mark && g.mark.adjust === draft.adjust && g.mark.comment === draft.comment);
  const before = group().mark, same = before && before.comment === draft.comment && before.adjust === draft.adjust && !before.stale && String([...before.items].sort()) === String([...draft.items].sort());
  if (!same) { // Enter on a mark as it is only goes on
    times.push(Math.min((performance.now() - shownSince) / 1000, 120));
    waiting.push(command);
    kept();
  }
  drafts.delete(place());
  const following = q.groups.some((g) => isOpen(q, g)) ? firstOpen(q.id, here.answer) : null;
  if (following) go(q.id, following);
  else if (data.questions.some((one) => one.groups.some((g) => isOpen(one, g)))) {
    const order = [...data.questions.slice(data.questions.indexOf(q)), ...data.questions];
    go(order.find((one) => one.groups.some((g) => isOpen(one, g))).id);
  } else { show(); notice("Everything is marked."); }
  if (twice) notice("This adjustment was given before with the same comment: make it an item with n, and it applies to all.");
  send();
}
function kept() { sessionStorage.setItem("waiting", JSON.stringify(waiting)); showProgress(); }
async function send() {
  if (sending) return;
  sending = true;
  while (waiting.length) {
    const command = waiting[0];
    try {
      const reply = await ask("/api/do", command);
      waiting.shift();
      if (reply.conflict) {
        notice(`Somebody else marked an answer of ${command.part} since you opened it; theirs stays. It is shown again.`);
        await refresh();
        if (!waiting.length) go(command.part, command.answer);
      } else take(reply);
    } catch (error) {
      if (error.refused) { waiting.shift(); notice(error.message); }
      else { notice("The server does not answer. Your marks are kept here and sent again."); await new Promise((later) => setTimeout(later, 1000)); }
    }
    kept();
  }
  sending = false;
}
function take(reply) {
  data.last = reply.last;
  data.leases = reply.leases || data.leases;
  if (reply.question) data.questions[data.questions.findIndex((q) => q.id === reply.question.id)] = reply.question;
  const typing = document.activeElement?.closest("#comment, dialog");
  if (reply.question?.id === at.part && !typing) { showMark(); showProgress(); }
}
async function refresh() {
  const fresh = await ask(`/api/all?${new URLSearchParams({ tab, after: data ? data.last : "" })}`);
  data = data && !fresh.questions ? { ...data, leases: fresh.leases } : fresh;
}
async function write(command) {
  try { take(await ask("/api/do", { ...command, part: command.part || at.part, once: crypto.randomUUID() })); show(); } catch (error) { notice(error.message); }
}
async function undo() {
  while (sending) await new Promise((later) => setTimeout(later, 20));
  const { undone } = await ask("/api/do", { kind: "undo" });
  if (!undone) return notice("Nothing of yours is left to undo.");
  await refresh();
  go(undone.part, undone.answer || undefined);
  notice("Taken back.");
}
async function reopen() {
  if (!group().mark) return notice("This answer has no mark to reopen.");
  const reason = element("input", { type: "text", required: true });
  if (await dialog("Reopen this mark", [element("label", {}, "Reason ", reason)], "Reopen")) {
    await write({ kind: "reopen", answer: at.answer, comment: reason.value });
    answers.delete(place());
    go(at.part, at.answer);
  }
}

// ---- dialogs
function dialog(title, body, ok) {
  const box = $("dialog");
  $("dialog-title").textContent = title;
  $("dialog-body").replaceChildren(...body);
  $("dialog-ok").hidden = !ok;
  $("dialog-ok").textContent = ok || "";
  box.returnValue = "";
  box.showModal();
  const first = box.querySelector("#dialog-body input, #dialog-body button") || box;
  first.focus();
  first.select?.(); // what is typed replaces what is proposed
  return new Promise((done) => { box.onclose = () => done(box.returnValue === "ok"); });
}
async function editItem(item) {
  const fresh = !item;
  item = item || { key: String(Math.max(0, ...question().items.map((i) => Number(i.key) || 0)) + 1), text: draft.comment, points: draft.adjust || -0.5, note: "" };
  const points = element("input", { type: "number", step: "any", value: shown(item.points), required: true });
  const text = element("input", { type: "text", value: item.text, required: true });
  const note = element("input", { type: "text", value: item.note });
  const gone = element("input", { type: "checkbox" });
  const effect = element("p", { className: "note", hidden: true });
  const command = () => ({ kind: "item", key: item.key, points: points.value === shown(item.points) ? item.exact || points.value : points.value || "0", text: text.value, note: note.value, gone: gone.checked });
  const weigh = async () => {
    const { changed, kept } = await ask("/api/preview", { ...command(), part: at.part, text: text.value || "-" });
    effect.hidden = false;
    effect.textContent = `Changes the points of ${count(changed, "marked answer")}. ${kept ? `${count(kept, "answer")} with it, adjusted by hand, ${kept === 1 ? "stays as it is" : "stay as they are"}.` : ""}`;
  };
  if (!fresh) points.oninput = gone.onchange = weigh;
  const body = [element("label", {}, "Points ", points), element("label", {}, "Text for the student ", text), element("label", {}, "Note for those who mark ", note)];
  if (!fresh) body.push(element("label", {}, gone, " Delete it"), effect);
  if (!(await dialog(fresh ? "New item" : "Change the item", body, fresh ? "Make it" : "Change it"))) return;
  if (fresh) { // what was typed becomes the item
    draft.items = [...draft.items, item.key];
    if (draft.comment === text.value || draft.adjust) Object.assign(draft, { comment: draft.comment === text.value ? "" : draft.comment, adjust: 0 });
    changed();
  }
  await write(command());
}
function listOf(rows) {
  return element("ul", {}, ...rows.map(([label, act]) => element("li", {}, element("button", { type: "button", textContent: label, onclick: () => { $("dialog").close(); act(); } }))));
}
function labels(groups, q) {
  return groups.map((g) => [`${g.mark ? `${shown(g.mark.points)} points` : "not marked"}, ${count(g.students, "student")}: ${g.text.slice(0, 120) || g.key.slice(0, 9)}`, () => go(q.id, g.key)]);
}
function who() {
  const q = question(), item = q.items.find((i) => i.key === lastItem) || q.items.find((i) => draft.items.includes(i.key)) || q.items[0];
  if (!item) return notice("There is no item yet.");
  dialog(`Who has “${item.text}”`, [listOf(labels(q.groups.filter((g) => g.mark?.items.includes(item.key)), q))]);
}
async function examples() {
  const q = question();
  const first = q.groups.filter((g) => g.mark && !missing(g.key)).sort((a, b) => a.mark.entry - b.mark.entry).slice(0, 10);
  if (!first.length) return notice("Nothing is marked here yet.");
  const found = await Promise.all(first.map((g) => load(q.id, g.key)));
  dialog("The first marked answers", found.map((a, n) => {
    const text = element("div", { className: "prose" });
    text.innerHTML = a.html;
    const given = q.items.filter((i) => first[n].mark.items.includes(i.key)).map((i) => i.text).join(" ");
    return element("article", {}, element("h3", { textContent: `${shown(first[n].mark.points)} of ${shown(q.points)} points` }), text, element("p", { className: "muted", textContent: `${given} ${first[n].mark.comment}` }));
  }));
}
function find() {
  const box = element("input", { type: "search" }), list = element("div");
  const fill = () => {
    const wanted = box.value.toLowerCase(), q = question();
    const items = q.items.filter((i) => i.text.toLowerCase().includes(wanted)).map((i) => [`item ${signed(i.points)} ${i.text}`, () => toggle(i.key)]);
    const found = wanted ? q.groups.filter((g) => g.text.includes(wanted) || g.mark?.comment.toLowerCase().includes(wanted)) : q.groups.filter((g) => g.flag);
    list.replaceChildren(listOf([...items, ...labels(found.slice(0, 30), q)]));
  };
  box.oninput = fill;
  box.onkeydown = (e) => { if (e.key === "Enter") { e.preventDefault(); list.querySelector("button")?.click(); } };
  fill();
  dialog("Find an item or an answer", [element("label", {}, "Text to find; without one, all items and the flagged answers ", box), list]);
}
const KEYS = [["1 … 9, 0", "give or take an item"], ["Enter", "save, next unmarked"], ["j k", "next, previous answer"], ["l h", "next, previous question"], ["c", "comment"], ["n", "new item from the comment"], ["e", "change the last item"], ["+ −", "half a point by hand"], ["/", "find an item or an answer"], ["f", "second opinion"], ["u", "undo"], ["w", "who has the last item"], ["x", "first marked answers"], ["r", "model answer"], ["s", "source of the answer"], ["v", "code, output, results"], ["?", "these keys"]];
const help = () => dialog("Keys", [element("table", {}, element("tbody", {}, ...KEYS.map(([key, text]) => element("tr", {}, element("th", { scope: "row", textContent: key }), element("td", { textContent: text })))))]);
const fold = (box) => { box.open = !box.open; };
const source = () => { asSource = !asSource; const a = answers.get(place()); if (a) showAnswer(a); };
const flag = () => write({ kind: "flag", answer: at.answer, on: !group().flag });
const editLast = () => { const q = question(), item = q.items.find((i) => i.key === lastItem) || q.items[0]; if (item) editItem(item); };

const ACTS = { j: () => step(1), k: () => step(-1), l: () => stepPart(1), h: () => stepPart(-1), Enter: save, c: () => $("comment").focus(), n: () => editItem(), e: editLast, "+": () => adjust(0.5), "-": () => adjust(-0.5), "/": find, f: flag, u: undo, w: who, x: examples, r: () => fold($("model")), s: source, v: () => fold($("evidence")), "?": help };
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !data || $("dialog").open) return;
  const inText = event.target.closest("textarea, input, select");
  if (inText) {
    if (event.key === "Escape") inText.blur();
    else if (event.key === "Enter" && !event.shiftKey && inText.id === "comment") { event.preventDefault(); inText.blur(); save(); }
    return;
  }
  if (event.key === "Enter" && event.target.closest("button, summary, a")) return; // it does what it says
  const n = event.key.length === 1 ? DIGITS.indexOf(event.key) : -1;
  const act = n >= 0 ? () => question().items[n] && toggle(question().items[n].key) : ACTS[event.key];
  if (act) { event.preventDefault(); act(); }
});
$("comment").oninput = () => { draft.comment = $("comment").value; drafts.set(place(), { ...draft }); sessionStorage.setItem("drafts", JSON.stringify([...drafts])); };
$("parts").onchange = () => { go($("parts").value); $("parts").blur(); };
for (const [id, act] of Object.entries({ "part-back": () => stepPart(-1), "part-next": () => stepPart(1), find, help, source, new: () => editItem(), who, examples, less: () => adjust(-0.5), more: () => adjust(0.5), save, back: () => step(-1), next: () => step(1), flag, undo, reopen }))
  $(id).addEventListener("click", () => { act(); if (id !== "find" && id !== "help") $(id).blur(); });
for (const id of ["model", "evidence"]) $(id).addEventListener("toggle", reachable);
$("items").addEventListener("click", () => document.activeElement?.blur());
setInterval(async () => {
  if (!data || waiting.length) return;
  const last = data.last;
  try { await refresh(); if (data.last !== last && !$("dialog").open && !drafts.has(place())) show(); } catch { /* the next look tells */ }
}, 5000);
refresh().then(() => {
  const open = data.questions.find((q) => q.points && q.groups.some((g) => isOpen(q, g))) || data.questions[0];
  go(open.id);
  send();
}).catch((error) => notice(error.message || "Open the address that `grade mark` printed."));
