// A picture with what was found drawn over it.

const LINES = [[0, 16], [17, 21], [22, 26], [27, 30], [31, 35]];
const RINGS = [[36, 41], [42, 47], [48, 59], [60, 67]];

/** Decode a picture the right way up. */
export async function decoded(file) {
  return createImageBitmap(file, { imageOrientation: "from-image" });
}

/** Draw the picture and its faces; coordinates are those of the picture. */
export function draw(canvas, picture, faces, { width, height }) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  context.drawImage(picture, 0, 0, width, height);
  const unit = Math.max(1, Math.max(width, height) / 700);
  faces.forEach((face, index) => drawFace(context, face, index, unit));
}

/** Draw one face, a square about its box, for its card. */
export function portrait(canvas, picture, { box }, { width, height }) {
  const side = 1.3 * Math.max(box.x1 - box.x0, box.y1 - box.y0);
  const x = (box.x0 + box.x1 - side) / 2;
  const y = (box.y0 + box.y1 - side) / 2;
  const scale = picture.width / width;
  canvas.width = canvas.height = 160;
  const context = canvas.getContext("2d");
  const to = 160 / (side * scale);
  context.drawImage(picture, -x * scale * to, -y * (picture.height / height) * to,
    picture.width * to, picture.height * to);
}

function drawFace(context, { box, landmarks = {} }, index, unit) {
  context.fillStyle = "rgba(255,255,255,.55)";
  for (const [x, y] of landmarks.mesh478 ?? []) context.fillRect(x - unit / 2, y - unit / 2, unit, unit);
  const points = landmarks.ibug68;
  if (points) outline(context, points, unit);
  context.lineWidth = 2 * unit;
  context.strokeStyle = "#00a896";
  context.strokeRect(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0);
  const size = 15 * unit;
  context.font = `600 ${size}px system-ui, sans-serif`;
  const label = String(index + 1);
  const wide = context.measureText(label).width + size * .7;
  context.fillStyle = "#00695f";
  context.fillRect(box.x0 - unit, box.y0 - 1.35 * size, wide, 1.35 * size);
  context.fillStyle = "#fff";
  context.fillText(label, box.x0 - unit + size * .35, box.y0 - .32 * size);
}

function outline(context, points, unit) {
  context.lineWidth = 1.2 * unit;
  context.strokeStyle = "rgba(255,214,102,.9)";
  for (const [first, last] of [...LINES, ...RINGS]) {
    context.beginPath();
    points.slice(first, last + 1).forEach(([x, y]) => context.lineTo(x, y));
    if (RINGS.some(([start]) => start === first)) context.closePath();
    context.stroke();
  }
}
