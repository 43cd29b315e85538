/** What the inputs are connected to: a map of pixels, or the strongest columns, of an epoch that can be chosen. */

const element = (id) => document.getElementById(id);

/** From nothing to the most, dark to light: readable without colours too. */
const RAMP = [[13, 17, 38], [60, 28, 110], [150, 40, 110], [225, 90, 60], [250, 180, 70], [252, 250, 200]];

function shade(byte) {
  const place = byte / 255 * (RAMP.length - 1);
  const from = Math.min(RAMP.length - 2, Math.floor(place));
  return RAMP[from].map((one, part) => Math.round(one + (RAMP[from + 1][part] - one) * (place - from)));
}

export class Inputs {
  #image;
  #maps = [];
  /** Whether the newest is shown, whatever comes. */
  #follows = true;

  constructor() {
    element("inputs-slider").addEventListener("input", ({ target }) => {
      this.#follows = Number(target.value) === this.#maps.length - 1;
      this.#draw();
    });
  }

  begin(image) {
    [this.#image, this.#maps, this.#follows] = [image, [], true];
    element("inputs").replaceChildren();
  }

  add(maps) {
    if (maps.length === 0) return;
    for (const map of maps) {
      this.#maps = this.#maps.filter(({ epoch }) => epoch < map.epoch);
      this.#maps.push(map);
    }
    const slider = element("inputs-slider");
    slider.max = this.#maps.length - 1;
    if (this.#follows) slider.value = this.#maps.length - 1;
    element("inputs-pick").hidden = this.#maps.length < 2;
    this.#draw();
  }

  #draw() {
    const map = this.#maps[Number(element("inputs-slider").value)];
    if (map === undefined) return;
    const { epoch, connected, inputs, most } = map;
    element("inputs-epoch").value = epoch;
    element("inputs-slider").setAttribute("aria-valuetext", `after epoch ${epoch}`);
    const held = `${connected} of ${inputs} inputs have a connection.`;
    if (map.pixels === undefined) {
      this.#list(map);
      element("inputs-text").textContent = `${held} Sums of the absolute weights, the strongest first.`;
    } else {
      const place = this.#paint(map);
      element("inputs-text").textContent = `${held} Sums of the absolute weights of each pixel, up to ${
        most.toPrecision(3)
      } (${place}).`;
    }
  }

  /** Paints the pixels; returns where the strongest is. */
  #paint({ epoch, pixels }) {
    const { width, height } = this.#image;
    const bytes = Uint8Array.from(atob(pixels), (letter) => letter.charCodeAt(0));
    const image = new ImageData(width, height);
    for (const [pixel, byte] of bytes.entries()) image.data.set([...shade(byte), 255], 4 * pixel);
    let canvas = element("inputs").querySelector("canvas");
    if (canvas === null) {
      canvas = document.createElement("canvas");
      canvas.setAttribute("role", "img");
      element("inputs").replaceChildren(canvas);
    }
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext("2d").putImageData(image, 0, 0);
    const strongest = bytes.indexOf(255);
    const place = strongest < 0
      ? "no pixel has a weight"
      : `row ${Math.floor(strongest / width) + 1}, column ${strongest % width + 1}`;
    canvas.setAttribute("aria-label", `Strength of each pixel after epoch ${epoch}; the strongest: ${place}`);
    return place;
  }

  #list({ columns, most }) {
    const list = document.createElement("ol");
    for (const [name, strength] of columns) {
      const item = document.createElement("li");
      const label = document.createElement("span");
      label.textContent = label.title = name;
      const meter = document.createElement("meter");
      [meter.max, meter.value] = [most || 1, strength];
      meter.setAttribute("aria-label", `${name}: ${strength.toPrecision(3)}`);
      meter.title = strength.toPrecision(3);
      item.append(label, meter);
      list.append(item);
    }
    element("inputs").replaceChildren(list);
  }
}
