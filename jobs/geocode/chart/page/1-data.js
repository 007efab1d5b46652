// What the page holds: a script of text is base64 of what is packed with DEFLATE.
const $ = (id) => document.getElementById(id);

const unpack = async (id) => {
  const text = atob($(id).textContent.trim());
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  $(id).remove();
  const packed = new Blob([bytes]).stream();
  return new Uint8Array(await new Response(packed.pipeThrough(new DecompressionStream("deflate-raw"))).arrayBuffer());
};

// The world in the projection of Mercator, from 0 to 1 from west to east and from north to south.
const TOP = 85.0511;
const worldX = (lon) => lon / 360 + 0.5;
const worldY = (lat) => {
  const s = Math.sin((Math.max(-TOP, Math.min(TOP, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
};
const latOf = (y) => (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI;

// ringOf joins lines to a ring, beyond the edge of the world where it crosses the date line. One
// around a pole is closed along that.
const ringOf = (lines, numbers) => {
  const xs = [], ys = [];
  for (const number of numbers) {
    const line = lines[number < 0 ? -1 - number : number];
    line.sides++;
    const n = line.xs.length;
    const at = (k) => (number < 0 ? n - 1 - k : k);
    const shift = xs.length ? Math.round(xs[xs.length - 1] - line.xs[at(0)]) : 0;
    for (let k = 0; k < n; k++) {
      xs.push(line.xs[at(k)] + shift);
      ys.push(line.ys[at(k)]);
    }
  }
  const last = xs.length - 1;
  if (Math.abs(xs[last] - xs[0]) > 0.5) {
    xs.push(xs[last], xs[0]);
    ys.push(1, 1);
  }
  return { xs, ys, box: [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] };
};

// readWorld reads the background: see the comment of world.go for its format.
const readWorld = (bytes) => {
  let at = 0, x = 0, y = 0;
  const decoder = new TextDecoder();
  const number = () => {
    let n = 0, shift = 1, b;
    do { b = bytes[at++]; n += (b & 127) * shift; shift *= 128; } while (b > 127);
    return n;
  };
  const signed = () => { const n = number(); return n % 2 ? -(n + 1) / 2 : n / 2; };
  const text = () => { const n = number(); at += n; return decoder.decode(bytes.subarray(at - n, at)); };
  const point = () => { x += signed(); y += signed(); return [worldX(x / 100), worldY(y / 100)]; };
  const box = (xs, ys) => [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];

  const lines = [];
  for (let n = number(); n > 0; n--) {
    const count = number();
    const xs = new Float64Array(count), ys = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      [xs[i], ys[i]] = point();
      // A line that crosses the date line goes on beyond the edge of the world.
      if (i > 0) xs[i] += Math.round(xs[i - 1] - xs[i]);
    }
    lines.push({ xs, ys, box: box(xs, ys), sides: 0 });
  }
  const countryLines = number();
  for (let i = countryLines; i < lines.length; i++) lines[i].state = true;
  const countries = [];
  for (let n = number(); n > 0; n--) {
    const c = { name: text(), at: point(), rings: [], width: 0 };
    for (let rings = number(); rings > 0; rings--) {
      const ring = [];
      for (let arcs = number(); arcs > 0; arcs--) ring.push(signed());
      const r = ringOf(lines, ring);
      c.rings.push(r);
      c.width = Math.max(c.width, Math.min(1, r.box[2] - r.box[0]));
    }
    countries.push(c);
  }
  const states = [];
  for (let n = number(); n > 0; n--) states.push({ name: text(), at: point() });
  const cities = [];
  for (let n = number(); n > 0; n--) cities.push({ name: text(), at: point(), people: number() });
  return { lines, countries, states, cities };
};

// What a precision is called, the finest first: its number, its name, and what it means.
const CLASSES = [
  [5, "House", "rooftop: the house itself, or between two that are known"],
  [4, "Street", "street: the street, without knowing where on it"],
  [3, "Postcode", "postcode: the area of a postal code"],
  [2, "City", "city: a city, town or village"],
  [1, "Region", "region: a country, state or county"],
  [0, "Not said", "Nobody has said how fine it is"],
];
const STATUSES = { o: "Found", n: "No match", l: "Low confidence", e: "Failed" };
const className = (p) => CLASSES.find((c) => c[0] === p)[1];
const many = (n) => n.toLocaleString("en-US");
const short = (n) => (n < 1000 ? String(n) : n < 9950 ? (n / 1000).toFixed(1) + "k" : n < 999500 ? Math.round(n / 1000) + "k" : (n / 1e6).toFixed(1) + "M");
const el = (tag, cls, text) => {
  const e = document.createElement(tag);
  if (cls) e.className = cls;
  if (text !== undefined) e.textContent = text;
  return e;
};
