// The pages' own behaviour: the score as one types, figures, lines, drafts. Every page works without it.

// ---- what a value may still be: an interval for a number, a set for a truth or a label (as expressions/possible.py)
const INF = Infinity, UNKNOWN = new Set([null]);
const I = (l, h, lo = false, ho = false, u = false) => ({l, h, lo, ho, u});
const isSet = x => x instanceof Set;
const just = v => typeof v === "number" ? I(v, v) : new Set([v]);
const same = (a, b) => a === b || (Number.isFinite(a) && Number.isFinite(b) && Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a), Math.abs(b)));
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
