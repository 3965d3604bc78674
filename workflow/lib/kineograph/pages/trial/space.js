// The skeletons in space, seen from a camera that turns around them; world axes, z up, m.
const NEAR_M = 0.05;

class SpaceView {
  constructor(canvas, state) {
    Object.assign(this, { canvas, state });
    this.floor = this.extent();
    this.reset();
    this.listen();
  }
  reset() {
    const facing = DATA.cameras.find((camera) => camera.place)?.place[0], centre = this.centre(0);
    this.target = centre;
    this.yaw = facing ? Math.atan2(facing[1] - centre[1], facing[0] - centre[0]) + 0.5 : 0.7;
    this.pitch = 0.2;
    const places = DATA.people.map((_, person) => this.centre(this.state.clock.last >> 1, person));
    this.distance = 3 + 0.6 * Math.max(...places.map((place) => Math.hypot(...place.map((value, axis) => value - centre[axis]))));
    this.front = this.yaw;
  }
  // The middle of a person; the last known one where there is none.
  centre(frame, index = this.state.person) {
    const person = DATA.people[index], low = [Infinity, Infinity, Infinity], high = [-Infinity, -Infinity, -Infinity];
    if (!person) return [0, 0, 1];
    for (let k = 0; k < DATA.keypoints.length; k++) for (let axis = 0; axis < 3; axis++) {
      const value = person.points.values[person.points.at(frame, k) + axis];
      if (value < low[axis]) low[axis] = value;
      if (value > high[axis]) high[axis] = value;
    }
    return Number.isFinite(low[0]) ? low.map((value, axis) => (value + high[axis]) / 2) : this.target || [0, 0, 1];
  }
  // The part of the floor to draw: half a metre around where people are.
  extent() {
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    for (const person of DATA.people) for (let i = 0; i < person.points.values.length; i += 3) {
      const [x, y] = [person.points.values[i], person.points.values[i + 1]];
      if (Number.isNaN(x)) continue;
      box[0] = Math.min(box[0], x); box[1] = Math.min(box[1], y); box[2] = Math.max(box[2], x); box[3] = Math.max(box[3], y);
    }
    if (!Number.isFinite(box[0])) return [-1, -1, 1, 1];
    const away = Math.max(0.75, (Math.max(box[2] - box[0], box[3] - box[1])) * 0.1);
    return [Math.floor((box[0] - away) * 2) / 2, Math.floor((box[1] - away) * 2) / 2, Math.ceil((box[2] + away) * 2) / 2, Math.ceil((box[3] + away) * 2) / 2];
  }
  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.min(Math.max(this.pitch + pitch, -0.3), Math.PI / 2 - 0.001);
    this.state.redraw();
  }
  zoom(factor) { this.distance = Math.min(Math.max(this.distance * factor, 0.5), 60); this.state.redraw(); }
  look(name) {
    if (name === "in" || name === "out") return this.zoom(name === "in" ? 0.8 : 1.25);
    [this.yaw, this.pitch] = { front: [this.front - 0.5, 0.05], side: [this.front - 0.5 + Math.PI / 2, 0.05], top: [this.front - 0.5, Math.PI / 2 - 0.001] }[name];
    this.state.redraw();
  }
  listen() {
    let grab = null;
    const fingers = new Map(), canvas = this.canvas;
    const spread = () => { const [a, b] = [...fingers.values()]; return Math.hypot(a[0] - b[0], a[1] - b[1]); };
    canvas.addEventListener("pointerdown", (event) => {
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      grab = [event.clientX, event.clientY];
      try { canvas.setPointerCapture(event.pointerId); } catch { /* a pointer that is gone already */ }
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return;
      const before = fingers.size === 2 ? spread() : 0;
      fingers.set(event.pointerId, [event.clientX, event.clientY]);
      if (fingers.size === 2) return this.zoom(before / Math.max(spread(), 1));
      this.turn(-(event.clientX - grab[0]) * 0.01, (event.clientY - grab[1]) * 0.01);
      grab = [event.clientX, event.clientY];
    });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => fingers.delete(event.pointerId));
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && document.activeElement !== canvas) return; // so that the page still scrolls
      event.preventDefault();
      this.zoom(Math.exp(event.deltaY * 0.002));
    }, { passive: false });
    canvas.addEventListener("dblclick", () => { this.reset(); this.state.redraw(); });
    canvas.addEventListener("keydown", (event) => {
      const turns = { ArrowLeft: [0.15, 0], ArrowRight: [-0.15, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
      if (turns[event.key]) this.turn(...turns[event.key]);
      else if (event.key === "+" || event.key === "=") this.zoom(0.85);
      else if (event.key === "-") this.zoom(1.18);
      else return;
      event.preventDefault();
      event.stopPropagation();
    });
  }
  // Where the eye is, and its axes: right, up, forward.
  aim() {
    const [cy, sy, cp, sp] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    const forward = [-cy * cp, -sy * cp, -sp];
    this.eye = this.target.map((value, axis) => value - forward[axis] * this.distance);
    this.axes = [[-sy, cy, 0], [-cy * sp, -sy * sp, cp], forward];
  }
  seen(x, y, z) {
    const [dx, dy, dz] = [x - this.eye[0], y - this.eye[1], z - this.eye[2]];
    return this.axes.map((a) => a[0] * dx + a[1] * dy + a[2] * dz);
  }
  toScreen([x, y, depth]) { return [this.middle[0] + (this.focal * x) / depth, this.middle[1] - (this.focal * y) / depth, depth]; }
  draw() {
    const { context, width, height } = prepared(this.canvas), frame = this.state.clock.frame, show = this.state.show;
    if (show.follow) this.target = this.centre(frame);
    this.aim();
    this.middle = [width / 2, height / 2];
    this.focal = 1.1 * Math.min(width * 1.2, height);
    context.lineCap = context.lineJoin = "round";
    this.drawFloor(context);
    if (show.cameras) for (const camera of DATA.cameras) if (camera.place) this.drawCamera(context, camera);
    if (show.trail) DATA.people.forEach((person, index) => this.drawTrail(context, person, index, frame));
    const parts = [];
    DATA.people.forEach((person, index) => {
      if (show.bones) addBones(this, parts, person, frame);
      if (show.skeleton) this.addSkeleton(parts, person, index, frame);
    });
    parts.sort((a, b) => b.depth - a.depth);
    for (const part of parts) part.draw(context);
    if (show.names) this.drawNames(context, frame);
    if (DATA.people.length > 1) DATA.people.forEach((person, index) => this.drawPersonName(context, person, index, frame));
  }
  line(context, from, to) {
    let a = this.seen(...from), b = this.seen(...to);
    if (a[2] < NEAR_M && b[2] < NEAR_M) return;
    if (a[2] < NEAR_M) [a, b] = [b, a];
    if (b[2] < NEAR_M) { const t = (a[2] - NEAR_M) / (a[2] - b[2]); b = b.map((value, axis) => a[axis] + t * (value - a[axis])); }
    const [p, q] = [this.toScreen(a), this.toScreen(b)];
    context.moveTo(p[0], p[1]);
    context.lineTo(q[0], q[1]);
  }
  drawFloor(context) {
    const [x0, y0, x1, y1] = this.floor;
    context.strokeStyle = theme.grid;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = x0; x <= x1 + 1e-6; x += 0.5) this.line(context, [x, y0, 0], [x, y1, 0]);
    for (let y = y0; y <= y1 + 1e-6; y += 0.5) this.line(context, [x0, y, 0], [x1, y, 0]);
    context.stroke();
  }
  drawCamera(context, camera) {
    const [centre, ...corners] = camera.place;
    context.strokeStyle = theme.soft;
    context.lineWidth = 1.2;
    context.beginPath();
    corners.forEach((corner, i) => { this.line(context, centre, corner); this.line(context, corner, corners[(i + 1) % 4]); });
    context.stroke();
    const at = this.seen(...centre);
    if (at[2] < NEAR_M) return;
    const [x, y] = this.toScreen(at);
    context.fillStyle = theme.soft;
    context.font = "12px system-ui, sans-serif";
    context.fillText(camera.name, x + 5, y - 5);
  }
  drawTrail(context, person, index, frame) {
    const ends = DATA.keypoints.map((item, k) => (/^[LR](Wrist|Ankle)$/.test(item.name) ? k : -1)).filter((k) => k >= 0);
    const first = Math.max(0, frame - Math.round(DATA.fps_hz)), step = Math.max(1, Math.round((frame - first) / 60));
    for (const k of ends) {
      context.strokeStyle = index === this.state.person ? theme[DATA.keypoints[k].side] : theme.other;
      context.lineWidth = 1.5;
      context.globalAlpha = 0.6;
      context.beginPath();
      for (let f = first; f + step <= frame; f += step) {
        const [a, b] = [f, f + step].map((at) => [...person.points.values.slice(person.points.at(at, k), person.points.at(at, k) + 3)]);
        if (!Number.isNaN(a[0] + b[0])) this.line(context, a, b);
      }
      context.stroke();
      context.globalAlpha = 1;
    }
  }
  addSkeleton(parts, person, index, frame) {
    const mine = index === this.state.person, { points, origin } = person;
    const places = DATA.keypoints.map((_, k) => {
      const i = points.at(frame, k);
      if (Number.isNaN(points.values[i])) return null;
      const at = this.seen(points.values[i], points.values[i + 1], points.values[i + 2]);
      return at[2] < NEAR_M ? null : this.toScreen(at);
    });
    const colour = (side) => (mine ? theme[side] : theme.other);
    DATA.bones.forEach(([a, b], bone) => {
      const [p, q] = [places[a], places[b]];
      if (!p || !q) return;
      parts.push({ depth: (p[2] + q[2]) / 2, draw: (context) => {
        context.strokeStyle = colour(boneSides[bone]);
        context.lineWidth = Math.max((0.014 * this.focal) / ((p[2] + q[2]) / 2), 1.2);
        context.beginPath(); context.moveTo(p[0], p[1]); context.lineTo(q[0], q[1]); context.stroke();
      } });
    });
    places.forEach((p, k) => {
      if (!p) return;
      const measured = MEASURED.has(origin.values[origin.at(frame, k)]), radius = Math.max((0.013 * this.focal) / p[2], 1.6);
      parts.push({ depth: p[2] - 0.01, draw: (context) => {
        context.beginPath();
        context.arc(p[0], p[1], measured ? radius : radius * 1.3, 0, 2 * Math.PI);
        context.fillStyle = measured ? colour(DATA.keypoints[k].side) : theme.paper;
        context.fill();
        if (!measured) { context.strokeStyle = theme.filled; context.lineWidth = 1.5; context.stroke(); }
      } });
    });
  }
  drawPersonName(context, person, index, frame) {
    let top = null;
    for (let k = 0; k < DATA.keypoints.length; k++) {
      const i = person.points.at(frame, k), place = person.points.values.slice(i, i + 3);
      if (!Number.isNaN(place[2]) && (!top || place[2] > top[2])) top = place;
    }
    const at = top && this.seen(top[0], top[1], top[2] + 0.25);
    if (!at || at[2] < NEAR_M) return;
    const [x, y] = this.toScreen(at);
    context.font = (index === this.state.person ? "700" : "400") + " 13px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillStyle = theme.ink;
    context.fillText(person.name, x, y);
    context.textAlign = "start";
  }
  drawNames(context, frame) {
    const person = DATA.people[this.state.person];
    context.fillStyle = theme.ink;
    context.font = "10px system-ui, sans-serif";
    DATA.keypoints.forEach((item, k) => {
      const i = person.points.at(frame, k), at = this.seen(...person.points.values.slice(i, i + 3));
      if (Number.isNaN(at[2]) || at[2] < NEAR_M) return;
      const [x, y] = this.toScreen(at);
      context.fillText(item.name, x + 5, y + 3);
    });
  }
}
