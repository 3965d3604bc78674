"use strict";
// The page's data: arrays are 16-bit whole numbers in base64, -32768 is "missing" and becomes NaN.
const DATA = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

function bytesOf(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

// An array with its shape: a.at(i, j, ...) is where row i, j, ... begins in a.values.
class Numbers {
  constructor(record) {
    const bytes = bytesOf(record.data);
    this.shape = record.shape;
    if (record.quantum === undefined) this.values = bytes;
    else {
      const steps = new DataView(bytes.buffer), count = bytes.length / 2;
      this.values = new Float32Array(count);
      for (let i = 0; i < count; i++) {
        const step = steps.getInt16(2 * i, true);
        this.values[i] = step === -32768 ? NaN : step * record.quantum;
      }
    }
    this.strides = record.shape.map((_, axis) => record.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  }
  at(...indices) { return indices.reduce((sum, index, axis) => sum + index * this.strides[axis], 0); }
}

const MEASURED = new Set([1, 3]);
const ORIGINS = [
  { name: "missing", code: 0 }, { name: "measured", code: 1 }, { name: "filled between measured frames", code: 2 },
  { name: "measured, left and right exchanged back", code: 3 }, { name: "from the frames around, with too few cameras", code: 4 },
  { name: "an outlier, replaced", code: 5 }, { name: "placed by a network", code: 6 },
];

for (const person of DATA.people) {
  person.points = new Numbers(person.points);
  person.origin = new Numbers(person.origin);
  for (const panel of person.panels) for (const curve of panel.curves)
    for (const key of ["values", "sd", "observed"]) curve[key] = new Numbers(curve[key]).values;
  for (const key of ["mean", "largest", "worst"]) person.marker_errors[key] = new Numbers(person.marker_errors[key]).values;
  person.bodies.origin = new Numbers(person.bodies.origin);
  person.bodies.rotation = new Numbers(person.bodies.rotation);
}
for (const camera of DATA.cameras) {
  camera.detected = new Numbers(camera.detected);
  camera.projected = new Numbers(camera.projected);
}
for (const [name, shape] of Object.entries(DATA.shapes || {}))
  DATA.shapes[name] = { points: new Numbers(shape.points).values, triangles: new Uint16Array(bytesOf(shape.triangles).buffer) };
