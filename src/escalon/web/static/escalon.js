// The pages' own behaviour: the score as one types, figures, lines, drafts. Every page works without it.

// ---- what a value may still be: an interval for a number, a set for a truth or a label (as expressions/possible.py)
const INF = Infinity, UNKNOWN = new Set([null]);
const I = (l, h, lo = false, ho = false, u = false) => ({l, h, lo, ho, u});
const isSet = x => x instanceof Set;
const just = v => typeof v === "number" ? I(v, v) : new Set([v]);
const TOLERANCE = 5e-10;  // expressions/exactness.py
const same = (a, b) => a === b || (Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= TOLERANCE);
const nearly = (a, b) => Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b));
const less = (a, b) => a < b && !same(a, b);
const low = a => [a.l, a.lo], high = a => [a.h, a.ho];
const least = (ends, open = false) => ends.reduce((a, b) => b[0] < a[0] || (b[0] === a[0] && b[1] === open) ? b : a);
const most = (ends, open = false) => ends.reduce((a, b) => b[0] > a[0] || (b[0] === a[0] && b[1] === open) ? b : a);
const unsure = parts => parts.some(a => a.u);
const made = (a, b, u) => a[0] >= b[0] ? I(b[0], a[0], false, false, u)
  : I(a[0], b[0], a[1] && a[0] !== -INF, b[1] && b[0] !== INF, u);
const within = (a, b, u) => I(a[0], b[0], a[1], b[1], u);
const has = (a, x) => (a.l < x || (a.l === x && !a.lo)) && (x < a.h || (x === a.h && !a.ho));
const hull = (a, b) => within(least([low(a), low(b)]), most([high(a), high(b)]), a.u || b.u);
const add = (...p) => made([p.reduce((s, a) => s + a.l, 0), p.some(a => a.lo)], [p.reduce((s, a) => s + a.h, 0), p.some(a => a.ho)], unsure(p));
const neg = a => I(-a.h, -a.l, a.ho, a.lo, a.u);
const times = (x, y) => x[0] === 0 || y[0] === 0 ? [0, !((x[0] === 0 && !x[1]) || (y[0] === 0 && !y[1]))] : [x[0] * y[0], x[1] || y[1]];
const over = (x, y, positive) => x[0] === 0 || !Number.isFinite(y[0]) ? [0, x[1] || x[0] !== 0]
  : y[0] === 0 ? [(x[0] > 0) === positive ? INF : -INF, true] : [x[0] / y[0], x[1] || y[1]];
const corners = (a, b, of) => [low(a), high(a)].flatMap(x => [low(b), high(b)].map(y => of(x, y)));
const min = (...p) => within(least(p.map(low)), least(p.map(high), true), unsure(p));
const max = (...p) => within(most(p.map(low), true), most(p.map(high)), unsure(p));
const power = (x, y) => {
  if (x.l === x.h && y.l === y.h) {
    const v = x.l ** y.l;
    return x.l < 0 || (x.l === 0 && y.l < 0) || v === INF ? null : I(v, v, false, false, x.u || y.u);
  }
  if (x.h < 0 || (x.h === 0 && x.ho)) return null;
  if (!(y.l === y.h && y.l > 0)) return I(0, INF, false, false, true);
  const top = x.h ** y.l;
  return made(x.l >= 0 ? [x.l ** y.l, x.lo] : [0, false], [top, x.ho], x.u || y.u || x.l < 0 || top === INF);
};
const ARITHMETIC = {
  add, neg, min, max, power, sub: (a, b) => add(a, neg(b)),
  mul: (a, b) => { const c = corners(a, b, times); return made(least(c), most(c), a.u || b.u); },
  div: (a, b) => {
    if (b.l === 0 && b.h === 0) return null;
    const u = a.u || b.u || has(b, 0);
    if (b.l < 0 && b.h > 0) return I(-INF, INF, false, false, u);
    const c = corners(a, b, (x, y) => over(x, y, b.l >= 0));
    return made(least(c), most(c), u);
  },
  abs: a => { const c = [[Math.abs(a.l), a.lo], [Math.abs(a.h), a.ho]]; return made(has(a, 0) ? [0, false] : least(c), most(c), a.u); },
  exp: a => a.l > 709.78 ? null : made([Math.exp(a.l), a.lo], [Math.exp(a.h), a.ho], a.u || a.h > 709.78),
  ln: a => a.h <= 0 ? null : made(a.l > 0 ? [Math.log(a.l), a.lo] : [-INF, false], [Math.log(a.h), a.ho], a.u || a.l < 0 || (a.l === 0 && !a.lo)),
  sqrt: a => a.h < 0 || (a.h === 0 && a.ho) ? null : made(a.l >= 0 ? [Math.sqrt(a.l), a.lo] : [0, false], [Math.sqrt(a.h), a.ho], a.u || a.l < 0),
};
const KNOWN = {
  max_known: (...p) => {
    const sure = p.filter(a => !a.u);
    if (sure.length === p.length) return max(...p);
    return within(low(sure.length ? max(...sure) : min(...p)), most(p.map(high)), !sure.length);
  },
  sum_known: (...p) => ({...add(...p.map(a => a.u ? hull(a, I(0, 0)) : a)), u: p.every(a => a.u)}),
};
const truths = (t, f, u) => new Set([...(t ? [true] : []), ...(f ? [false] : []), ...(u ? [null] : [])]);
const only = (a, v) => a.size === 1 && a.has(v);
const isKnown = a => isSet(a) ? only(a, null) ? false : a.has(null) ? null : true : a.u ? null : true;
const either = (a, b) => isSet(a) ? isSet(b) ? new Set([...a, ...b]) : {...b, u: true} : isSet(b) ? {...a, u: true} : hull(a, b);
const no = a => truths(a.has(false), a.has(true), a.has(null));
const below = (a, b) => less(a.h, b.l) || (same(a.h, b.l) && (a.ho || b.lo));
const numbers = of => (a, b) => isSet(a) || isSet(b) ? UNKNOWN : of(a, b);
const lt = numbers((a, b) => truths(less(a.l, b.h), !below(a, b), a.u || b.u));
const le = numbers((a, b) => truths(!below(b, a), less(b.l, a.h), a.u || b.u));
const eq = (a, b) => {
  if (!isSet(a) && !isSet(b)) return truths(!(below(a, b) || below(b, a)), !(same(a.l, a.h) && same(b.l, b.h) && same(a.l, b.l)), a.u || b.u);
  if (!isSet(a) || !isSet(b) || only(a, null) || only(b, null)) return UNKNOWN;
  const one = [...a].filter(v => v !== null), all = new Set([...one, ...[...b].filter(v => v !== null)]);
  return truths(one.some(v => b.has(v)), all.size > 1, a.has(null) || b.has(null));
};
const OPERATORS = {
  lt, le, eq, gt: (a, b) => lt(b, a), ge: (a, b) => le(b, a), ne: (a, b) => no(eq(a, b)), not: no,
  and: (...p) => p.some(a => only(a, false)) ? just(false) : truths(p.every(a => a.has(true)), p.some(a => a.has(false)), p.some(a => a.has(null))),
  or: (...p) => p.some(a => only(a, true)) ? just(true) : truths(p.some(a => a.has(true)), p.every(a => a.has(false)), p.some(a => a.has(null))),
  at_least: (n, ...p) => {
    const count = of => p.filter(of).length, sure = count(a => only(a, true));
    return truths(count(a => a.has(true)) >= n.l, sure < n.l && count(a => a.has(false)) > p.length - n.l,
      count(a => !only(a, false)) >= n.l && sure < n.l && p.some(a => a.has(null)));
  },
  known: a => { const k = isKnown(a); return truths(k !== false, k !== true, false); },
  count_known: (...p) => I(p.filter(a => isKnown(a) === true).length, p.filter(a => isKnown(a) !== false).length),
  otherwise: (a, b) => {
    const k = isKnown(a);
    return k === true ? a : k === false ? b : either(isSet(a) ? new Set([...a].filter(v => v !== null)) : {...a, u: false}, b);
  },
  case: (c, a, b) => [...c].map(t => t === true ? a : t === false ? b : UNKNOWN).reduce((x, y) => x === y ? x : either(x, y)),
};
const apply = (name, parts) => {
  if (KNOWN[name]) { const there = parts.filter(a => !isSet(a)); return there.length ? KNOWN[name](...there) : UNKNOWN; }
  if (!ARITHMETIC[name]) return OPERATORS[name](...parts);
  return parts.some(isSet) ? UNKNOWN : ARITHMETIC[name](...parts) ?? UNKNOWN;
};
const evaluate = (program, input) => {
  const v = [];
  for (const [name, ...parts] of program.steps)
    v.push(name === "?" ? input[parts[0]] ?? UNKNOWN : parts.length ? apply(name, parts.map(at => v[at])) : just(name));
  return root => program.roots[root] === undefined ? undefined : v[program.roots[root]];
};

// ---- the preview of a score; the server's answer is the record
const NUMBER = "[-+]?(?:\\d+\\.?\\d*|\\.\\d+)(?:[eE][-+]?\\d+)?";
const ALONE = new RegExp(`^\\s*([<>≤≥])?\\s*(${NUMBER})\\s*$`), RANGE = new RegExp(`^\\s*(${NUMBER})\\s*[-–]\\s*(${NUMBER})\\s*$`);
const REFUSED = Symbol("refused"), UNREAD = Symbol("unread");
// What is written, as a possible value; REFUSED where the server will refuse it, UNREAD where only the server can say.
const written = (item, {text, unit, confirmed}) => {
  if (item.kind === "truth") return text === "yes" ? just(true) : text === "no" ? just(false) : UNREAD;
  if (item.kind === "label") return item.choices.includes(text) ? just(text) : UNREAD;
  const one = ALONE.exec(text), two = one ? null : RANGE.exec(text), units = Object.keys(item.units ?? {});
  if (!one && !two) return UNREAD;
  if (units.length > 1 && !unit) return REFUSED;
  const [by, plus] = item.units?.[unit || units[0]] ?? [1, 0], own = x => +(x * by + plus).toPrecision(14);
  let [l, h, lo, ho] = two ? [own(+two[1]), own(+two[2]), false, false]
    : [/[>≥]/.test(one[1] ?? ">") ? own(+one[2]) : -INF, /[<≤]/.test(one[1] ?? "<") ? own(+one[2]) : INF, one[1] === ">", one[1] === "<"];
  const from = item.low ?? -INF, to = item.high ?? INF;
  if (less(l, from)) [l, lo] = [from, false];
  if (less(to, h)) [h, ho] = [to, false];
  if (!one?.[1] && !two && (less(own(+one[2]), from) || less(to, own(+one[2])))) return REFUSED;
  if (item.kind === "integer") {
    if (lo) [l, lo] = [Math.floor(l) + 1, false];
    if (ho) [h, ho] = [Math.ceil(h) - 1, false];
    [l, h] = [Math.ceil(l), Math.floor(h)];
    if (item.levels) { const inside = item.levels.filter(v => v >= l && v <= h); [l, h] = [Math.min(...inside), Math.max(...inside)]; }
  }
  if (less(h, l) || (same(l, h) && (lo || ho)) || Number.isNaN(l + h)) return REFUSED;
  const [least, most] = item.query ?? [];
  return !confirmed && ((least != null && less(h, least)) || (most != null && less(most, l))) ? null : I(l, h, lo, ho);
};
const possible = item => item.kind === "truth" ? new Set([true, false]) : item.kind === "label" ? new Set(item.choices)
  : I(item.low ?? -INF, item.high ?? INF);
const spaced = text => { const [whole, part] = text.split("."); return (whole.length > 4 ? whole.replace(/\B(?=(\d{3})+$)/g, "\u202f") : whole) + (part ? "." + part : ""); };
const plain = (x, places = 4) => x === true ? "yes" : x === false ? "no" : typeof x === "string" ? x.replaceAll("_", " ") : spaced(String(+x.toFixed(places)));
const settled = a => a === undefined ? null : isSet(a) ? a.size === 1 ? [...a][0] : null : same(a.l, a.h) && !a.u ? a.l : null;
const open = a => a !== undefined && (isSet(a) ? a.size > 1 : !(same(a.l, a.h) && !a.u));
const outward = (x, sign) => plain((sign < 0 ? Math.floor : Math.ceil)(+(x * 100).toFixed(7)) / 100, 2);
const bandOf = (bands, x) => bands.find(([, upper, including]) => upper == null || less(x, upper) || (including && same(x, upper)))?.[0];

// The score of what is written: status, value, bounds, what is missing, and the line that is shown. null: only the server can say.
export const preview = (program, given) => {
  const input = {}, items = program.items;
  for (const [name, item] of Object.entries(items)) {
    const answer = given[name];
    if (!answer?.text || answer.nothing) continue;
    if (program.below && /[<≤]/.test(answer.text)) return null;
    const found = written(item, answer);
    if (found === UNREAD) return null;
    if (found === REFUSED) return {status: "invalid", says: "not accepted", missing: []};
    if (found !== null) input[name] = found;
  }
  const first = evaluate(program, input), truth = root => settled(first(root));
  if (Object.keys(program.roots).some(root => root.startsWith("check:") && truth(root) === true)) return {status: "invalid", says: "not accepted", missing: []};
  const missing = Object.entries(items).filter(([name, item]) => {
    if (name in input || !item.needed || truth("asked:" + name) === false) return false;
    const instead = first("item:" + name);
    if (instead !== undefined) return isSet(instead) && only(instead, null);
    return !(item.instead ?? []).some(other => other in input);
  }).map(([name]) => name);
  if (truth("applies") === false) return {status: "not_applicable", says: "not applicable", missing};
  const unit = program.unit ? "\u00a0" + program.unit : "", value = settled(first("value"));
  if (value !== null && truth("applies") === true) {
    const category = settled(first("category"));
    return {status: "ok", value, category, missing,
      says: plain(value) + (typeof value === "number" ? unit : "") + (category && category !== value ? ", " + plain(category) : "")};
  }
  for (const name of missing) input[name] = possible(items[name]);
  const last = evaluate(program, input), at = program.bounds_of;
  let of = at.length === 2 ? [last(at[0]), last(at[1])] : [last(at[0] ?? "value")];
  if (of.length === 2) of = isSet(of[0]) || isSet(of[1]) || of[0].l > of[1].h ? [UNKNOWN] : [I(of[0].l, of[1].h)];
  const [found] = of, bounds = isSet(found) ? [...found].filter(v => v !== null) : [found.l, found.h];
  const shown = {status: "open", missing, says: "not known yet", bounds: null};
  if (isSet(found) ? bounds.length < 2 : bounds.every(x => !Number.isFinite(x))) return shown;
  shown.bounds = bounds;
  if (isSet(found)) return {...shown, says: "may still be " + bounds.map(String).sort().map(x => x === "true" ? "yes" : x === "false" ? "no" : plain(x)).join(" or ")};
  const [l, h] = bounds;
  const said = h === INF ? "at least " + outward(l, -1) : l === -INF ? "at most " + outward(h, 1) : `${outward(l, -1)} to ${outward(h, 1)}`;
  const bands = [...new Set(program.bands.length ? [bandOf(program.bands, l), bandOf(program.bands, h)] : [])];
  return {...shown, says: said + unit + (bands.length ? ", " : "") + bands.join(" to ")};
};

// ---- a form in the page
const NOTHING = ["not known", "not done", "not applicable"];
const $ = (query, at = document) => at.querySelector(query), $$ = (query, at = document) => [...at.querySelectorAll(query)];
const post = (url, body, method = "POST") => fetch(url, {method, headers: {"content-type": "application/json"}, body: JSON.stringify(body)});
const named = (form, name) => form.elements.namedItem(name);
const value = (form, name) => named(form, name)?.value ?? "";
const set = (form, name, text) => {
  const found = named(form, name);
  if (!found || found.dataset?.recorded !== undefined) return;
  if (found instanceof RadioNodeList) { for (const one of found) one.checked = one.value === text; } else found.value = text;
};
const fieldsOf = form => {
  const found = {};
  for (const one of form.elements)
    if (one.name && !one.disabled && !["BUTTON"].includes(one.tagName) && one.type !== "hidden" && one.value && (one.type !== "radio" || one.checked)) found[one.name] = one.value;
  for (const one of $$("input[data-attested], input[data-typed]", form)) found[one.name] = one.value;
  return found;
};
const recordedIn = form => Object.fromEntries($$("[data-recorded]", form).filter(one => one.value).map(one => [one.name, one.value]));
const changed = form => form.dispatchEvent(new Event("input", {bubbles: true}));

// The preview of a form's score, then the server's; where they differ it is said, and the server's stands.
const scoring = (form, name) => {
  const shown = $("#score"), missing = $("#missing"), notes = $("#notes"), differs = $("#differs"), bands = $(".bands");
  let program, under, asked = 0, waiting;
  const options = fields => Object.fromEntries(Object.entries(fields).filter(([key]) => key.startsWith("option.")).map(([key, text]) => [key.slice(7), text]));
  const given = fields => {
    const found = {};
    for (const item of Object.keys(program.items)) {
      const text = fields[item] ?? "", nothing = NOTHING.includes(text) ? text : fields[item + ".nothing"];
      found[item] = {text: nothing ? "" : text.trim(), unit: fields[item + ".unit"], nothing, confirmed: fields[item + ".confirmed"]};
    }
    for (const [item, places] of Object.entries(program.counted)) {
      if (found[item]?.text || places[0] in program.items) continue;
      const yes = places.filter(one => fields[one] === "yes").length, no = places.filter(one => fields[one] === "no").length;
      if (yes + no) found[item] = {text: yes + no === places.length ? String(yes) : `${yes}-${places.length - no}`};
    }
    return found;
  };
  const list = (at, lines) => at.replaceChildren(...lines.map(line => { const one = document.createElement("li"); one.textContent = line; return one; }));
  const tell = (says, labels) => {
    const cut = (says + ", ").indexOf(", "), band = Object.assign(document.createElement("small"), {textContent: says.slice(cut)});
    shown.replaceChildren(says.slice(0, cut), band);
    list(missing, labels); $(".miss summary").textContent = labels.length ? `${labels.length} missing` : "Nothing is missing";
  };
  const move = (from, to) => {
    const range = $(".range", bands);
    const at = x => Math.min(290, Math.max(10, 10 + 280 * (x - bands.dataset.low) / (bands.dataset.high - bands.dataset.low)));
    range.toggleAttribute("hidden", from === undefined);
    if (from !== undefined) { range.setAttribute("x", at(from) - 2); range.setAttribute("width", Math.max(4, at(to) - at(from) + 4)); }
  };
  const wrong = said => { for (const at of $$(".says", form)) {
    const q = at.closest("[data-q]"), line = said[q.dataset.q], error = $(".wrong", at);
    if (!line) error?.remove(); else (error ?? at.appendChild(Object.assign(document.createElement("span"), {className: "wrong"}))).textContent = line;
    if (line?.includes("why it stands")) $(".confirm", q).hidden = false;
  } };
  const quick = fields => {
    if (!program || under !== JSON.stringify(options(fields))) return null;
    const found = preview(program, given(fields));
    if (!found) return null;
    tell(found.says, found.missing.map(item => program.items[item].label));
    if (bands) typeof found.value === "number" ? move(found.value, found.value) : found.bounds?.every(x => typeof x === "number") ? move(...found.bounds) : move();
    return found;
  };
  const ask = async fields => {
    const turn = ++asked;
    try {
      const chosen = options(fields);
      if (under !== JSON.stringify(chosen)) {
        const found = await (await post(`/instruments/${name}/preview`, chosen)).json();
        if (turn !== asked) return;
        program = found; under = JSON.stringify(chosen); quick(fields);
      }
      const said = await (await post(`/instruments/${name}/score`, {fields})).json();
      if (turn !== asked) return;
      if (!said.status) { tell("not accepted", []); list(notes, [said.says ?? said.detail]); return; }
      const before = preview(program, given(fields));
      const other = before && before.says !== said.says && !(typeof before.value === "number" && nearly(before.value, said.value));
      tell(said.says, said.missing_labels);
      wrong(said.wrong);
      const held = Object.values(said.wrong);
      list(notes, [...held, ...said.reasons.filter(line => !line.endsWith("is not known") && !held.length)]);
      shown.dataset.by = "server";
      differs.hidden = !other;
      if (other) { differs.textContent = `While you typed, this page showed ${before.says}. The answer above is Escalon's; the difference was noted.`; post(`/instruments/${name}/difference`, {shown: before.says, said: said.says}); }
    } catch { if (turn === asked) { shown.dataset.by = "page"; list(notes, ["The server does not answer. What you see is worked out here, and is not the record."]); } }
  };
  return () => { const fields = {...recordedIn(form), ...fieldsOf(form)}; asked++; shown.dataset.by = "page"; quick(fields); clearTimeout(waiting); waiting = setTimeout(ask, +(form.dataset.wait ?? 150), fields); };
};

// What stands under a number: its value in the item's own unit, and whether it is unusual.
const converting = form => {
  for (const unit of $$("select[name$='.unit']", form)) {
    const name = unit.name.slice(0, -5), first = unit.options[1].value;
    unit.closest("[data-q]").addEventListener("input", async () => {
      const line = document.getElementById(name + "-says"), known = $("[data-also]", line) ?? line.appendChild(Object.assign(document.createElement("span"), {className: "hint"}));
      known.dataset.also = ""; known.textContent = "";
      const [by, plus] = ((await form.units)?.[name])?.[unit.value] ?? [], typed = ALONE.exec(value(form, name));
      if (by !== undefined && typed && unit.value !== first) known.textContent = `= ${typed[1] ?? ""}${plain(+(typed[2] * by + plus).toPrecision(6))}\u00a0${first}`;
    });
  }
};

// Figures: a mark is a control for the same answer as in the list beside it.
const figures = (form, told) => {
  for (const layer of $$("[data-layer]", form)) {
    const marks = $$("[data-mark]", layer), picture = $(".picture", layer), values = layer.dataset.values.split(" ").filter(Boolean);
    if (!picture) continue;
    picture.hidden = false;
    if (!values.length) $(".aslist", layer).open = false;
    const state = mark => value(form, mark.dataset.mark);
    const draw = () => {
      for (const mark of marks) {
        const text = state(mark), x = NOTHING.includes(text) || value(form, mark.dataset.mark + ".nothing");
        mark.toggleAttribute("data-x", !!x);
        if (values.length) {
          text && !x ? mark.setAttribute("data-v", text) : mark.removeAttribute("data-v");
          mark.setAttribute("aria-valuenow", x ? values[0] : text || values[0]);
          mark.setAttribute("aria-valuetext", x ? "not examinable" : text || "not scored");
          $("text", mark).textContent = x ? "×" : text || "?";
        } else {
          mark.setAttribute("aria-checked", text === "yes" ? "true" : text === "no" ? "false" : "mixed");
          $("text", mark).textContent = x ? "×" : mark.dataset.sign ??= $("text", mark).textContent;
        }
      }
      const stated = marks.filter(mark => values.includes(state(mark)) || ["yes", "no"].includes(state(mark))).length;
      const yes = marks.filter(mark => state(mark) === "yes").length, left = marks.length - stated;
      $("[data-tally]", layer).textContent = (values.length ? `${stated} of ${marks.length} scored` : `${yes} marked`) + (left ? ` · ${left} not stated` : "");
    };
    const put = (mark, text) => {
      set(form, mark.dataset.mark, state(mark) === text ? "" : text);
      $(`[name="${CSS.escape(mark.dataset.mark)}.attested"]`, form)?.remove();
      changed(form);
    };
    const cycle = mark => {
      const now = state(mark);
      set(form, mark.dataset.mark, values.length ? values[(values.indexOf(now) + 1) % values.length] : now === "yes" ? "no" : "yes");
      changed(form);
    };
    const go = (mark, by) => { const to = marks[(marks.indexOf(mark) + by + marks.length) % marks.length]; for (const one of marks) one.tabIndex = one === to ? 0 : -1; to.focus(); };
    for (const mark of marks) {
      if (named(form, mark.dataset.mark)?.dataset?.recorded !== undefined) mark.dataset.fixed = "";
      mark.addEventListener("click", () => { cycle(mark); for (const one of marks) one.tabIndex = one === mark ? 0 : -1; });
      mark.addEventListener("keydown", event => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const key = event.key;
        if (key === " ") cycle(mark);
        else if (key === "x") put(mark, values.length ? "" : "not done"), values.length && set(form, mark.dataset.mark + ".nothing", "not done"), changed(form);
        else if (values.includes(key)) { set(form, mark.dataset.mark, key); set(form, mark.dataset.mark + ".nothing", ""); changed(form); go(mark, 1); }
        else if (/^Arrow(Right|Down)$/.test(key)) go(mark, 1);
        else if (/^Arrow(Left|Up)$/.test(key)) go(mark, -1);
        else return;
        event.preventDefault();
      });
    }
    told.push(draw);
  }
};

// One click that says of all the unmarked ones that they are absent: a statement of the one who clicks.
const attesting = (form, told) => {
  for (const button of $$("[data-attest]", form)) {
    const names = button.dataset.attest.split(" "), open = () => names.filter(name => named(form, name) && !value(form, name) && !value(form, name + ".nothing"));
    button.type = "button";
    button.addEventListener("click", () => {
      for (const name of open()) {
        const choices = [...named(form, name)].map(one => one.value);
        set(form, name, choices.includes("no") ? "no" : "0");
        form.append(Object.assign(document.createElement("input"), {type: "hidden", name: name + ".attested", value: "1"}));
        form.lastElementChild.dataset.attested = "";
      }
      changed(form);
    });
    told.push(() => {
      const left = open().length;
      button.textContent = left ? button.dataset.says.replace("{n}", left) : "All are stated";
      button.toggleAttribute("disabled", !left);
    });
  }
  form.addEventListener("change", event => { if (event.isTrusted && event.target.name) $(`[name="${CSS.escape(event.target.name)}.attested"]`, form)?.remove(); });
};

// A line has no mark until it is touched; the number beside it is the same answer.
const lines = (form, told) => {
  for (const line of $$("[data-line]", form)) {
    const box = line.parentElement, name = line.dataset.line;
    box.hidden = false;
    line.addEventListener("input", event => { event.stopPropagation(); set(form, name, line.value); set(form, name + ".unit", "mm"); changed(form); });
    line.addEventListener("pointerdown", () => box.classList.remove("empty"));
    line.addEventListener("keydown", event => { if (/^(Arrow|Home|End|Page)/.test(event.key)) box.classList.remove("empty"); });
    told.push(() => {
      const text = value(form, name).trim(), by = {cm: 10, NRS: 10}[value(form, name + ".unit")] ?? 1, mm = +text * by;
      const there = text !== "" && value(form, name + ".unit") && mm >= 0 && mm <= 100;
      box.classList.toggle("empty", !there);
      there ? line.setAttribute("aria-valuetext", mm + " millimetres of 100") : line.setAttribute("aria-valuetext", "no mark yet");
      if (there) line.value = mm;
    });
  }
  for (const button of $$("[data-hand]", form)) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const q = button.closest("[data-q]"), on = document.body.classList.toggle("handed");
      q.classList.toggle("held", on);
      button.textContent = on ? "Hand back" : "Participant view";
      $("[data-line]", q).focus();
    });
  }
};

// Keys: y n u d, a level's number; Enter goes to the next question, Ctrl-Enter records.
const keys = form => {
  const stops = () => $$("[data-q] .a, [data-q] .line, .picture:not([hidden])", form).filter(one => one.offsetParent !== null);
  const next = from => {
    const all = stops(), here = all.findIndex(one => one.contains(from)), to = all[here + 1];
    const at = to && (to.matches(".picture") ? $("[data-mark][tabindex='0']", to) : $("input:checked, input:not([type=hidden]), select", to));
    (at ?? $("[data-record]", form) ?? $("#score")).focus();
  };
  form.addEventListener("keydown", event => {
    const at = event.target, seg = at.closest(".seg");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { $("[data-record]", form)?.click(); event.preventDefault(); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && !at.matches("button, summary, a, textarea")) { next(at); event.preventDefault(); return; }
    if (!seg) return;
    const word = seg.dataset.keys ? {y: "yes", n: "no", u: "not known", d: "not done"}[event.key] : event.key;
    const choice = $$("input", seg).find(one => one.value === word);
    if (choice) { choice.checked = true; choice.focus(); choice.dispatchEvent(new Event("input", {bubbles: true})); next(choice); event.preventDefault(); }
    if (event.key === "Delete" || event.key === "Backspace") { for (const one of $$("input", seg)) one.checked = false; changed(form); event.preventDefault(); }
  });
};

// Drafts: each change is sealed in this browser at once, and with the server within a second; then the seal is emptied.
const sealed = {
  open: null,
  run(store, mode, act) {
    this.open ??= new Promise((done, failed) => {
      const asked = indexedDB.open("escalon", 1);
      asked.onupgradeneeded = () => { asked.result.createObjectStore("keys"); asked.result.createObjectStore("drafts"); };
      asked.onsuccess = () => done(asked.result);
      asked.onerror = () => failed(asked.error);
    });
    return this.open.then(base => new Promise((done, failed) => {
      const under = base.transaction(store, mode), asked = act(under.objectStore(store));
      under.oncomplete = () => done(asked.result);
      under.onerror = () => failed(under.error);
    }));
  },
  key() {
    return this.made ??= this.run("keys", "readonly", store => store.get("seal")).then(async known => {
      if (known) return known;
      const made = await crypto.subtle.generateKey({name: "AES-GCM", length: 256}, false, ["encrypt", "decrypt"]);
      await this.run("keys", "readwrite", store => store.put(made, "seal"));
      return made;
    });
  },
  put(place, account, fields) {  // one after the other, so that what was typed last is what stays
    return this.last = (this.last ?? Promise.resolve()).catch(() => {}).then(async () => {
      const iv = crypto.getRandomValues(new Uint8Array(12));
      const body = await crypto.subtle.encrypt({name: "AES-GCM", iv}, await this.key(), new TextEncoder().encode(JSON.stringify(fields)));
      await this.run("drafts", "readwrite", store => store.put({account, iv, body}, place));
    });
  },
  async get(place, account) {
    const known = await this.run("drafts", "readonly", store => store.get(place));
    if (known?.account !== account) return null;
    try { return JSON.parse(new TextDecoder().decode(await crypto.subtle.decrypt({name: "AES-GCM", iv: known.iv}, await this.key(), known.body))); } catch { return null; }
  },
  drop(place) { return this.run("drafts", "readwrite", store => store.delete(place)); },
  async forget() { this.made = null; await this.run("drafts", "readwrite", store => store.clear()); await this.run("keys", "readwrite", store => store.clear()); },
};
// After a pause the page is covered until the same person's password is given; what was typed stays as it is.
const locked = () => new Promise(done => {
  const cover = $("#unlock"), form = $("form", cover);
  if (cover.open) return;
  cover.addEventListener("cancel", event => event.preventDefault());
  form.onsubmit = async event => {
    event.preventDefault();
    const answer = await fetch(form.action, {method: "POST", body: new URLSearchParams(new FormData(form)), headers: {accept: "application/json"}}).catch(() => null);
    form.reset();
    if (answer?.ok) { cover.close(); done(); } else $(".wrong", form).textContent = answer ? (await answer.json()).says : "The server does not answer.";
  };
  cover.showModal();
});
const PAUSE = 15 * 60 * 1000;
const drafting = form => {
  const place = form.dataset.draft, account = form.dataset.account, note = $("#saved");
  let waiting, leaving = false, turn = 0;
  addEventListener("beforeunload", () => { leaving = true; });  // the next page may be drawn already: it finds the seal
  addEventListener("pageshow", () => { leaving = false; });
  const say = text => { note.textContent = text; $("#draft").hidden = false; };
  let idle;
  const awake = () => { clearTimeout(idle); idle = setTimeout(() => locked().then(awake), PAUSE); };
  for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, awake);
  awake();
  const send = async () => {
    const mine = ++turn, fields = fieldsOf(form);
    try {
      const answer = await post("/drafts", {place, fields}, "PUT");
      if (mine !== turn) return;
      if (answer.status === 401) { say("Locked. What you typed is sealed on this computer."); return locked().then(typed); }
      const said = await answer.json();
      if (!answer.ok) return say(said.says ?? "Not kept on the server; sealed on this computer");
      if (!leaving) await sealed.drop(place);
      if (mine === turn) say(`Kept on the server ${said.kept} · not yet in the record`);
    } catch {
      if (mine !== turn) return;  // what was sent after it tells whether the server answers
      say("The server does not answer. What you type is sealed on this computer, and sent when it is back.");
      clearTimeout(waiting); waiting = setTimeout(send, 2000);
    }
  };
  const typed = () => {
    turn++;
    say("Typing… sealed on this computer");
    sealed.put(place, account, fieldsOf(form));
    clearTimeout(waiting); waiting = setTimeout(send, 400);
  };
  form.addEventListener("input", typed);
  form.addEventListener("change", event => { if (event.target.matches("select, input[type=radio], input[type=checkbox]")) typed(); });
  const restore = async () => {
    const left = await sealed.get(place, account);
    if (!left) return;
    let found = false;
    for (const [name, text] of Object.entries(left)) {
      const at = named(form, name);
      if (!at || at.dataset?.recorded !== undefined || value(form, name) === text) continue;
      at.type === "checkbox" ? at.checked = true : set(form, name, text);
      found = true;
    }
    if (!found) return sealed.drop(place);
    changed(form);
    say("What you typed before is back; it is being kept on the server");
  };
  return restore().then(() => { if ($("#problems")) typed(); });
};

// The browser's own page of a failure would take the place of what was typed: a form leaves the page when the server answers.
const staying = () => {
  const note = Object.assign(document.createElement("p"), {className: "note bad", role: "alert"});
  let answered;  // the form that may leave
  document.addEventListener("submit", async event => {
    const form = event.target;
    if (event.defaultPrevented || !form.matches("form[action^='/acts/']")) return;
    if (form === answered) { answered = undefined; return; }
    event.preventDefault();
    const answers = await fetch($("link[rel=icon]").href, {cache: "no-store"}).then(() => true, () => false);
    if (answers) { answered = form; return form.requestSubmit(event.submitter); }
    note.textContent = "Nothing was recorded: the server does not answer. What you typed stands here still; press again when it is back.";
    (event.submitter ?? form.lastElementChild).after(note);
  });
};
// What a form of questions comes to, as it is filled in: the part of its page that changes. Until it is there, nothing of
// what was answered before can be recorded.
const asking = form => {
  let turn = 0, waiting;
  const shown = () => document.getElementById(form.dataset.live);
  const ask = async () => {
    const mine = ++turn, asked = form.action + "?" + new URLSearchParams(fieldsOf(form));
    const answer = await fetch(asked, {headers: {"hx-request": "true"}}).catch(() => null);
    const found = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(form.dataset.live);
    if (mine !== turn) return;
    if (found) shown().replaceWith(document.adoptNode(found));
    else waiting = setTimeout(ask, 2000);
  };
  form.addEventListener("input", () => {
    turn++; shown().inert = true;
    clearTimeout(waiting); waiting = setTimeout(ask, 300);
  });
};

export const start = form => {
  const told = [], score = form.dataset.form && $("#score") ? scoring(form, form.dataset.form) : () => {};
  for (const one of $$("[data-scripted]", form)) one.hidden = false;
  if (matchMedia("(max-width:1000px)").matches) for (const one of $$(".miss")) one.open = false;
  figures(form, told); attesting(form, told); lines(form, told); keys(form); converting(form);
  if (form.dataset.form) form.units = post(`/instruments/${form.dataset.form}/preview`, {}).then(found => found.json()).then(found => Object.fromEntries(Object.entries(found.items).map(([name, item]) => [name, item.units]))).catch(() => ({}));
  const redraw = () => { for (const one of told) one(); score(); };
  form.addEventListener("input", () => {
    redraw();
    if (form.dataset.keeps === "address") history.replaceState(null, "", "?" + new URLSearchParams(fieldsOf(form)));
  });
  form.addEventListener("change", event => { if (event.target.matches("select, input[type=radio]")) redraw(); });
  for (const one of $$("[data-today]", form)) {
    one.hidden = false;
    one.addEventListener("click", () => { const [y, m, d] = one.dataset.today.split("-"); set(form, "day-d", String(+d)); set(form, "day-m", m); set(form, "day-y", y); changed(form); });
  }
  redraw();
  if (form.dataset.draft) drafting(form);
};
if (typeof document !== "undefined") {
  for (const form of $$("form[data-form]")) start(form);
  staying();
  for (const form of $$("form[data-live]")) asking(form);
  for (const out of $$("form[action='/sign-out']")) out.addEventListener("submit", () => { sealed.forget(); });
}
