// Joint angles and marker errors over time, and which points were measured: drawn once, with a cursor over them.
const LEFT_PX = 38, NAMES_PX = 66, BOTTOM_PX = 16, TOP_PX = 4, SMALLEST_SPAN = 10;

class Chart {
  constructor(state, title) {
    Object.assign(this, { state, title, left: LEFT_PX, width: 0, element: document.createElement("figure"), plot: document.createElement("div"), canvas: document.createElement("canvas") });
    this.cursor = document.createElement("div");
    this.element.className = "panel";
    this.plot.className = "plot";
    this.cursor.className = "cursor";
    const heading = document.createElement("h3"), name = document.createElement("span");
    this.readout = document.createElement("span");
    this.readout.className = "values";
    name.textContent = title;
    heading.append(name, this.readout);
    this.canvas.setAttribute("role", "img");
    this.plot.append(this.canvas, this.cursor);
    this.element.append(heading, this.plot);
    const pick = (event) => {
      const box = this.canvas.getBoundingClientRect();
      this.state.clock.stop();
      this.state.clock.set(((event.clientX - box.left - this.left) / Math.max(box.width - this.left - 1, 1)) * this.state.clock.last);
    };
    this.canvas.addEventListener("pointerdown", pick);
    this.canvas.addEventListener("pointermove", (event) => { if (event.buttons) pick(event); });
  }
  x(frame, width) { return this.left + (frame / Math.max(this.state.clock.last, 1)) * (width - this.left - 1); }
  // Reads nothing of the layout: it is called at every frame for every chart.
  follow() {
    this.cursor.style.transform = `translateX(${this.x(this.state.clock.frame, this.width)}px)`;
    const text = this.said(this.state.clock.frame);
    if (this.text !== text) this.readout.textContent = this.text = text;
  }
  said() { return ""; }
  axes(context, width, height, [low, high], unit) {
    const y = (value) => TOP_PX + ((high - value) / (high - low)) * (height - BOTTOM_PX - TOP_PX);
    context.font = "10.5px system-ui, sans-serif";
    context.lineWidth = 1;
    context.textAlign = "right";
    const step = niceStep((high - low) / 4);
    for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
      context.strokeStyle = theme.line;
      context.beginPath(); context.moveTo(this.left, y(value)); context.lineTo(width, y(value)); context.stroke();
      context.fillStyle = theme.soft;
      context.fillText(String(Math.round(value * 100) / 100) + unit, this.left - 4, y(value) + 3.5);
    }
    const seconds = this.state.clock.last / this.state.clock.rate_hz, tick = niceStep(seconds / 4) || 1;
    context.textAlign = "center";
    for (let time = 0; time <= seconds + 1e-9; time += tick) {
      const x = this.x(time * this.state.clock.rate_hz, width);
      context.fillText(String(Math.round((time + this.state.clock.start_s) * 1000) / 1000) + (time ? "" : " s"), Math.min(Math.max(x, this.left + 6), width - 12), height - 3);
    }
    return y;
  }
}

function niceStep(rough) {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough)), part = rough / power;
  return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

function hatching(context) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 6;
  const pen = tile.getContext("2d");
  pen.strokeStyle = theme.line;
  pen.lineWidth = 1.5;
  pen.beginPath(); pen.moveTo(-1, 7); pen.lineTo(7, -1); pen.stroke();
  return context.createPattern(tile, "repeat");
}

class CurveChart extends Chart {
  // curves: {side, name, values, sd?, observed?}; unit: "°" or ""; least: the smallest span of the vertical axis.
  constructor(state, title, curves, { unit = "°", limits = [], say = null, floor = null } = {}) {
    super(state, title);
    Object.assign(this, { curves, unit, limits, say, floor });
  }
  said(frame) {
    if (this.say) return this.say(frame);
    return this.curves.map((curve) => {
      const value = curve.values[frame], told = !curve.observed || curve.observed[frame];
      const text = Number.isNaN(value) ? "–" : told ? value.toFixed(1) + this.unit : `(${value.toFixed(1)}${this.unit})`;
      return this.curves.length > 1 ? `${curve.side} ${text}` : text;
    }).join("  ");
  }
  span() {
    let low = Infinity, high = -Infinity;
    for (const { values, sd } of this.curves) values.forEach((value, i) => {
      const band = sd && sd[i] > 0 ? 2 * sd[i] : 0;
      if (value - band < low) low = value - band;
      if (value + band > high) high = value + band;
    });
    if (!Number.isFinite(low)) return [0, 1];
    if (this.floor !== null) low = this.floor;
    const short = Math.max(SMALLEST_SPAN - (high - low), 0) / 2;
    return this.floor === null ? [low - short, high + short] : [low, Math.max(high, low + SMALLEST_SPAN)];
  }
  draw() {
    const { context, width, height } = prepared(this.canvas);
    this.width = width;
    if (!width) return;
    const [low, high] = this.span(), y = this.axes(context, width, height, [low, high], this.unit);
    for (const limit of this.limits) if (limit >= low && limit <= high) {
      context.setLineDash([1, 3]);
      context.strokeStyle = theme.soft;
      context.beginPath(); context.moveTo(this.left, y(limit)); context.lineTo(width, y(limit)); context.stroke();
      context.setLineDash([]);
    }
    const found = [];
    for (const curve of this.curves) {
      this.hatch(context, curve, width, height);
      this.band(context, curve, width, y);
    }
    for (const curve of this.curves) {
      this.trace(context, curve, width, y);
      const known = curve.values.filter((value) => !Number.isNaN(value));
      if (known.length) found.push(`${this.curves.length > 1 ? curve.side + " " : ""}from ${Math.min(...known.slice(0, 60000)).toFixed(0)} to ${Math.max(...known.slice(0, 60000)).toFixed(0)}${this.unit}`);
    }
    this.canvas.setAttribute("aria-label", `${this.title}: ${found.join(", ") || "not known"}`);
  }
  hatch(context, { observed, values }, width, height) {
    if (!observed) return;
    context.fillStyle = hatching(context);
    for (let i = 0; i < values.length; i++) if (!observed[i] && !Number.isNaN(values[i]))
      context.fillRect(this.x(i - 0.5, width), TOP_PX, Math.max(this.x(i + 0.5, width) - this.x(i - 0.5, width), 1), height - BOTTOM_PX - TOP_PX);
  }
  band(context, { sd, values, observed, side }, width, y) {
    if (!sd) return;
    context.fillStyle = theme[side];
    context.globalAlpha = 0.18;
    for (let i = 0; i + 1 < values.length; i++) {
      if (!(sd[i] >= 0 && sd[i + 1] >= 0 && observed[i] && observed[i + 1])) continue;
      context.beginPath();
      context.moveTo(this.x(i, width), y(values[i] + 2 * sd[i]));
      context.lineTo(this.x(i + 1, width), y(values[i + 1] + 2 * sd[i + 1]));
      context.lineTo(this.x(i + 1, width), y(values[i + 1] - 2 * sd[i + 1]));
      context.lineTo(this.x(i, width), y(values[i] - 2 * sd[i]));
      context.fill();
    }
    context.globalAlpha = 1;
  }
  trace(context, { values, observed, side, thin }, width, y) {
    for (const told of [0, 1]) {
      context.strokeStyle = told ? theme[side] : theme.other;
      context.lineWidth = told && !thin ? 1.9 : 1.2;
      context.setLineDash(side === "left" ? [5, 3] : []);
      context.beginPath();
      let down = false;
      for (let i = 0; i < values.length; i++) {
        const here = !Number.isNaN(values[i]) && (observed ? Number(observed[i] > 0) === told : told === 1);
        if (here && down) context.lineTo(this.x(i, width), y(values[i]));
        else if (here) context.moveTo(this.x(i, width), y(values[i]));
        down = here;
      }
      context.stroke();
      context.setLineDash([]);
    }
  }
}

// A row for each keypoint, a column for each frame: how each point came about.
class OriginChart extends Chart {
  constructor(state, person) {
    super(state, "");
    this.person = person;
    this.row = 11;
    this.left = NAMES_PX;
    this.canvas.style.height = DATA.keypoints.length * this.row + BOTTOM_PX + TOP_PX + "px";
  }
  static colour(code) {
    return [theme.paper, theme.left + "55", theme.filled, theme.middle, theme.other, theme.right, theme.ink][code];
  }
  said(frame) {
    const gone = DATA.keypoints.filter((_, k) => !MEASURED.has(this.person.origin.values[this.person.origin.at(frame, k)]));
    return gone.length ? `not measured at this time: ${gone.map((item) => item.name).join(", ")}` : "all measured at this time";
  }
  draw() {
    const { context, width, height } = prepared(this.canvas);
    this.width = width;
    if (!width) return;
    const { origin } = this.person, last = this.state.clock.last, hatch = hatching(context);
    this.axes(context, width, height, [0, 1], "");
    context.clearRect(0, 0, width, height - BOTTOM_PX);
    DATA.keypoints.forEach((item, k) => {
      const top = TOP_PX + k * this.row;
      let from = 0;
      for (let frame = 1; frame <= last + 1; frame++) {
        const code = origin.values[origin.at(from, k)];
        if (frame <= last && origin.values[origin.at(frame, k)] === code) continue;
        const [x0, x1] = [this.x(Math.max(from - 0.5, 0), width), this.x(Math.min(frame - 0.5, last), width)];
        context.fillStyle = code ? OriginChart.colour(code) : hatch;
        context.fillRect(x0, top, Math.max(x1 - x0, 1), this.row - 2);
        from = frame;
      }
      context.fillStyle = theme.ink;
      context.font = "9.5px system-ui, sans-serif";
      context.textAlign = "left";
      context.lineWidth = 3;
      context.strokeStyle = theme.paper;
      context.strokeText(item.name, 0, top + 8);
      context.fillText(item.name, 0, top + 8);
    });
    this.canvas.setAttribute("aria-label", `How the points of ${this.person.name} came about: ${(100 * this.person.measured).toFixed(1)} % measured`);
  }
}
