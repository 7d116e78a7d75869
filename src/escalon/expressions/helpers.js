const number = (value, name) => {
    if (value === null || value === undefined || Number.isNaN(value)) return null;
    if (typeof value !== "number") throw new TypeError(`${name} must be a number or null`);
    return value;
  };

const truth = (value, name) => {
    if (value === null || value === undefined) return null;
    if (value !== true && value !== false) throw new TypeError(`${name} must be true, false or null`);
    return value;
  };

const label = (value, name) => {
    if (value === null || value === undefined) return null;
    if (typeof value !== "string") throw new TypeError(`${name} must be text or null`);
    return value;
  };

const span = value => value !== null && typeof value === "object" ? value
    : {low: value, low_open: false, high: value, high_open: false};

const near0 = x => Math.abs(x) <= TOLERANCE ? 0 : x;

const sqrt = x => x < 0 ? null : Math.sqrt(x);

const ln = x => x <= 0 ? null : Math.log(x);

const finite = x => Number.isFinite(x) ? x : null;

const power = (x, y) => x < 0 || (x === 0 && y < 0) ? null : finite(Math.pow(x, y));

const divided = (x, y) => y === 0 ? null : x / y;

const known = parts => parts.filter(part => part !== null);

const maxKnown = parts => known(parts).length ? Math.max(...known(parts)) : null;

const sumKnown = parts => known(parts).length ? known(parts).reduce((a, b) => a + b) : null;

const all = parts => parts.includes(false) ? false : parts.includes(null) ? null : true;

const any = parts => parts.includes(true) ? true : parts.includes(null) ? null : false;

const atLeast = (needed, parts) => {
    const yes = parts.filter(part => part === true).length;
    return yes >= needed ? true : yes + parts.filter(part => part === null).length < needed ? false : null;
  };
