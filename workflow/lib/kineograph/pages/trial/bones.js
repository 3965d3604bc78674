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

function addShape(view, parts, shape, scale, { at, x, y, z }) {
  const count = shape.points.length / 3, world = new Float32Array(count * 3), screen = new Float32Array(count * 3);
  for (let i = 0; i < count; i++) {
    const [u, v, w] = [shape.points[3 * i] * scale[0], shape.points[3 * i + 1] * scale[1], shape.points[3 * i + 2] * scale[2]];
    for (let axis = 0; axis < 3; axis++) world[3 * i + axis] = at[axis] + x[axis] * u + y[axis] * v + z[axis] * w;
    const place = view.seen(world[3 * i], world[3 * i + 1], world[3 * i + 2]);
    if (place[2] < NEAR_M) return;
    screen.set(view.toScreen(place), 3 * i);
  }
  const corner = (array, i) => [array[3 * i], array[3 * i + 1], array[3 * i + 2]];
  for (let t = 0; t < shape.triangles.length; t += 3) {
    const [p, q, r] = [0, 1, 2].map((n) => corner(screen, shape.triangles[t + n]));
    if ((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]) >= 0) continue; // its back
    const [a, b, c] = [0, 1, 2].map((n) => corner(world, shape.triangles[t + n]));
    const [e, f] = [[b[0] - a[0], b[1] - a[1], b[2] - a[2]], [c[0] - a[0], c[1] - a[1], c[2] - a[2]]];
    const normal = [e[1] * f[2] - e[2] * f[1], e[2] * f[0] - e[0] * f[2], e[0] * f[1] - e[1] * f[0]];
    const size = Math.hypot(...normal) || 1;
    const towards = view.eye.map((value, axis) => value - a[axis]), far = Math.hypot(...towards) || 1;
    const shade = normal.reduce((sum, value, axis) => sum + (value / size) * (0.6 * LIGHT[axis] + (0.6 * towards[axis]) / far), 0);
    parts.push({ depth: (p[2] + q[2] + r[2]) / 3, draw: (context) => {
      context.fillStyle = context.strokeStyle = shadeOf(shade);
      context.lineWidth = 0.6;
      context.beginPath(); context.moveTo(p[0], p[1]); context.lineTo(q[0], q[1]); context.lineTo(r[0], r[1]); context.closePath();
      context.fill();
      context.stroke();
    } });
  }
}

function shadeOf(shade) {
  const bright = Math.min(Math.max(0.45 + 0.5 * shade, 0.3), 1);
  return `rgb(${Math.round(228 * bright)},${Math.round(218 * bright)},${Math.round(192 * bright)})`;
}
