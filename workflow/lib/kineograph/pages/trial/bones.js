// The bodies of the OpenSim model: shapes of bones where they are at hand, else lines from joint to joint.
const LIGHT = [0.35, 0.25, 0.9];

function addBones(view, parts, person, frame) {
  const { names, parent, origin, rotation, shapes } = person.bodies;
  if (!names.length || Number.isNaN(origin.values[origin.at(frame, 0)])) return;
  if (!shapes || !shapes.length) return addSticks(view, parts, person.bodies, frame);
  for (const { shape, body, scale } of shapes) addShape(view, parts, DATA.shapes[shape], scale, bodyFrame(person.bodies, frame, body));
}

// A body's origin and the three axes of its frame, in the world.
function bodyFrame({ origin, rotation }, frame, body) {
  const o = origin.at(frame, body), r = rotation.at(frame, body), values = rotation.values;
  const x = [values[r], values[r + 1], values[r + 2]], y = [values[r + 3], values[r + 4], values[r + 5]];
  const z = [x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]];
  return { at: [origin.values[o], origin.values[o + 1], origin.values[o + 2]], x, y, z };
}

function addSticks(view, parts, { names, parent, origin }, frame) {
  names.forEach((_, body) => {
    if (parent[body] < 0) return;
    const [a, b] = [body, parent[body]].map((index) => {
      const i = origin.at(frame, index), at = view.seen(origin.values[i], origin.values[i + 1], origin.values[i + 2]);
      return at[2] < NEAR_M ? null : view.toScreen(at);
    });
    if (!a || !b) return;
    const depth = (a[2] + b[2]) / 2;
    parts.push({ depth, draw: (context) => {
      for (const [colour, width] of [[theme["bone-dark"], 0.04], [theme.bone, 0.028]]) {
        context.strokeStyle = colour;
        context.lineWidth = Math.max((width * view.focal) / depth, 2);
        context.beginPath(); context.moveTo(a[0], a[1]); context.lineTo(b[0], b[1]); context.stroke();
      }
    } });
  });
}

// One triangle on the screen; thousands of them are drawn at each frame, so nothing is made that need not be.
class Facet {
  constructor(view, depth, x0, y0, x1, y1, x2, y2, shade) { Object.assign(this, { view, depth, x0, y0, x1, y1, x2, y2, shade }); }
  draw(context) {
    context.fillStyle = SHADES[this.shade];
    context.beginPath();
    context.moveTo(this.x0, this.y0);
    context.lineTo(this.x1, this.y1);
    context.lineTo(this.x2, this.y2);
    context.closePath();
    context.fill();
    if (this.view.state.clock.playing) return;
    context.strokeStyle = SHADES[this.shade]; // closes the seams
    context.lineWidth = 0.6;
    context.stroke();
  }
}

const SHADES = Array.from({ length: 32 }, (_, i) => {
  const bright = 0.3 + (0.7 * i) / 31;
  return `rgb(${Math.round(228 * bright)},${Math.round(218 * bright)},${Math.round(192 * bright)})`;
});

function addShape(view, parts, shape, scale, { at, x, y, z }) {
  const { points, triangles } = shape, count = points.length / 3;
  const { eye, axes: [right, up, forward], focal, middle } = view;
  const world = new Float32Array(count * 3), screen = new Float32Array(count * 3);
  for (let i = 0; i < points.length; i += 3) {
    const u = points[i] * scale[0], v = points[i + 1] * scale[1], w = points[i + 2] * scale[2];
    const px = at[0] + x[0] * u + y[0] * v + z[0] * w, py = at[1] + x[1] * u + y[1] * v + z[1] * w, pz = at[2] + x[2] * u + y[2] * v + z[2] * w;
    const dx = px - eye[0], dy = py - eye[1], dz = pz - eye[2];
    const depth = forward[0] * dx + forward[1] * dy + forward[2] * dz;
    if (!(depth > NEAR_M)) return;
    world[i] = px; world[i + 1] = py; world[i + 2] = pz;
    screen[i] = middle[0] + (focal * (right[0] * dx + right[1] * dy + right[2] * dz)) / depth;
    screen[i + 1] = middle[1] - (focal * (up[0] * dx + up[1] * dy + up[2] * dz)) / depth;
    screen[i + 2] = depth;
  }
  for (let t = 0; t < triangles.length; t += 3) {
    const a = 3 * triangles[t], b = 3 * triangles[t + 1], c = 3 * triangles[t + 2];
    const x0 = screen[a], y0 = screen[a + 1], x1 = screen[b], y1 = screen[b + 1], x2 = screen[c], y2 = screen[c + 1];
    if ((x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0) >= 0) continue; // its back
    const ex = world[b] - world[a], ey = world[b + 1] - world[a + 1], ez = world[b + 2] - world[a + 2];
    const fx = world[c] - world[a], fy = world[c + 1] - world[a + 1], fz = world[c + 2] - world[a + 2];
    const nx = ey * fz - ez * fy, ny = ez * fx - ex * fz, nz = ex * fy - ey * fx, size = Math.hypot(nx, ny, nz) || 1;
    const light = nx * LIGHT[0] + ny * LIGHT[1] + nz * LIGHT[2] - (nx * forward[0] + ny * forward[1] + nz * forward[2]);
    const shade = Math.min(Math.max(Math.round(31 * (0.2 + (0.42 * light) / size)), 0), 31);
    parts.push(new Facet(view, (screen[a + 2] + screen[b + 2] + screen[c + 2]) / 3, x0, y0, x1, y1, x2, y2, shade));
  }
}
