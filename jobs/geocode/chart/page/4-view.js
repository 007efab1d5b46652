// What part of the world is on the screen, and how it is moved: by mouse, touch and keys.
class View {
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.draw = draw;
    this.x = this.y = 0.5;
    this.zoom = 1;
    this.pointers = new Map();
    this.size();
    this.listen();
  }

  get scale() { return 256 * 2 ** this.zoom; }
  get least() { return Math.log2(Math.max(this.w / 256, this.h / 200) * 0.62); }
  px(x) { return (x - this.x) * this.scale + this.w / 2; }
  py(y) { return (y - this.y) * this.scale + this.h / 2; }
  wx(px) { return (px - this.w / 2) / this.scale + this.x; }
  wy(py) { return (py - this.h / 2) / this.scale + this.y; }
  sees(b) {
    return this.px(b[2]) >= 0 && this.px(b[0]) <= this.w && this.py(b[3]) >= 0 && this.py(b[1]) <= this.h;
  }

  size() {
    this.w = this.canvas.clientWidth;
    this.h = this.canvas.clientHeight;
    this.dense = Math.min(window.devicePixelRatio || 1, 3);
    this.canvas.width = Math.round(this.w * this.dense);
    this.canvas.height = Math.round(this.h * this.dense);
  }

  // keep stays within the world.
  keep() {
    this.zoom = Math.max(this.least, Math.min(20, this.zoom));
    const half = [this.w / 2 / this.scale, this.h / 2 / this.scale];
    const within = (v, half) => (half >= 0.5 ? Math.max(1 - half - 0.25, Math.min(half + 0.25, v)) : Math.max(half - 0.25, Math.min(1.25 - half, v)));
    this.x = within(this.x, half[0]);
    this.y = within(this.y, half[1]);
  }

  moved() { this.keep(); this.draw(); }
  pan(dx, dy) { this.stop(); this.x -= dx / this.scale; this.y -= dy / this.scale; this.moved(); }

  // zoomAt zooms so that a place of the screen stays where it is.
  zoomAt(px, py, zoom) {
    const [x, y] = [this.wx(px), this.wy(py)];
    this.zoom = Math.max(this.least, Math.min(20, zoom));
    this.x = x - (px - this.w / 2) / this.scale;
    this.y = y - (py - this.h / 2) / this.scale;
    this.moved();
  }

  stop() { cancelAnimationFrame(this.flight); this.flight = 0; }

  // fly goes to a place, at once for those who want no motion.
  fly(x, y, zoom) {
    this.stop();
    const from = [this.x, this.y, this.zoom];
    zoom = Math.max(this.least, Math.min(20, zoom));
    const begun = performance.now(), time = matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 260;
    const step = (now) => {
      const t = time ? Math.min(1, Math.max(0, (now - begun) / time)) : 1, e = 1 - (1 - t) ** 3;
      this.zoom = from[2] + (zoom - from[2]) * e;
      // What is looked for comes straight to the middle, whatever the zoom does meanwhile.
      const part = zoom === from[2] ? e : (2 ** -from[2] - 2 ** -this.zoom) / (2 ** -from[2] - 2 ** -zoom);
      this.x = from[0] + (x - from[0]) * part;
      this.y = from[1] + (y - from[1]) * part;
      this.moved();
      this.flight = t < 1 ? requestAnimationFrame(step) : 0;
    };
    step(begun);
  }

  // show fits a part of the world into what no panel covers.
  show([l, t, r, b], room, atOnce) {
    const w = Math.max(80, this.w - room.left - room.right), h = Math.max(80, this.h - room.top - room.bottom);
    const zoom = Math.min(13, Math.log2(Math.min(w / Math.max(r - l, 1e-9), h / Math.max(b - t, 1e-9)) / 256));
    const scale = 256 * 2 ** Math.max(this.least, zoom);
    const x = (l + r) / 2 + (room.right - room.left) / 2 / scale, y = (t + b) / 2 + (room.bottom - room.top) / 2 / scale;
    if (!atOnce) return this.fly(x, y, zoom);
    [this.x, this.y, this.zoom] = [x, y, zoom];
    this.moved();
  }

  listen() {
    const c = this.canvas, at = (e) => [e.offsetX, e.offsetY];
    new ResizeObserver(() => { this.size(); this.moved(); }).observe(c);
    c.addEventListener("wheel", (e) => {
      e.preventDefault();
      this.stop();
      this.touched = true;
      const lines = e.deltaMode === 1 ? 20 : 1;
      this.zoomAt(...at(e), this.zoom - Math.max(-1, Math.min(1, (e.deltaY * lines) / (e.ctrlKey ? 60 : 240))));
    }, { passive: false });
    c.addEventListener("pointerdown", (e) => {
      c.setPointerCapture(e.pointerId);
      this.pointers.set(e.pointerId, at(e));
      this.touched = true; // nobody else moves it from now on
      this.far = this.pointers.size > 1 ? 99 : 0;
      this.stop();
    });
    c.addEventListener("pointermove", (e) => this.drag(e, at(e)));
    const up = (e) => {
      if (!this.pointers.delete(e.pointerId)) return;
      c.classList.toggle("moving", false);
      if (e.type === "pointerup" && this.far < 5 && this.pointers.size === 0 && this.clicked) this.clicked(...at(e), e.pointerType === "touch" ? 22 : 10);
    };
    c.addEventListener("pointerup", up);
    c.addEventListener("pointercancel", up);
    c.addEventListener("pointerleave", () => this.hovered && this.hovered(null));
    c.addEventListener("dblclick", (e) => { e.preventDefault(); const [x, y] = at(e); this.fly((this.x + this.wx(x)) / 2, (this.y + this.wy(y)) / 2, this.zoom + 1); });
  }

  drag(e, now) {
    const before = this.pointers.get(e.pointerId);
    if (!before) return this.hovered && this.hovered(...now);
    const [dx, dy] = [now[0] - before[0], now[1] - before[1]];
    this.far += Math.hypot(dx, dy);
    const other = [...this.pointers].find(([id]) => id !== e.pointerId);
    this.pointers.set(e.pointerId, now);
    if (!other) {
      if (this.far < 5) return;
      this.canvas.classList.add("moving");
      return this.pan(dx, dy);
    }
    const o = other[1], middle = [(now[0] + o[0]) / 2, (now[1] + o[1]) / 2];
    const apart = (p) => Math.max(20, Math.hypot(p[0] - o[0], p[1] - o[1]));
    this.pan(dx / 2, dy / 2);
    this.zoomAt(...middle, this.zoom + Math.log2(apart(now) / apart(before)));
  }

  // press moves the map as a key says, and reports whether it is one that does.
  press(k) {
    const far = 90;
    const moves = { ArrowLeft: [far, 0], ArrowRight: [-far, 0], ArrowUp: [0, far], ArrowDown: [0, -far] };
    if (moves[k]) this.fly(this.x - moves[k][0] / this.scale, this.y - moves[k][1] / this.scale, this.zoom);
    else if (k === "+" || k === "=") this.fly(this.x, this.y, this.zoom + 1);
    else if (k === "-" || k === "_") this.fly(this.x, this.y, this.zoom - 1);
    else return false;
    this.touched = true;
    return true;
  }
}
