// A point in the latent plane of each net, and what the decoder makes of it while it moves.

class LatentExplorer extends Figure {
  start({ models, labels, classes, colours, examples, images, edge, start }) {
    const state = { ends: start, way: 0 };
    const originals = codes.list(Float32Array.from(bytes(images), (byte) => byte / 255), edge * edge);
    const planes = models.map((spec) => new LatentPlane(spec, labels, classes, colours));

    const places = panels(this, planes.length, "9rem");
    planes.forEach((plane, p) => plane.build(places[p]));
    const percent = Array.from({ length: 21 }, (_, k) => (k / 20).toFixed(2));
    const way = this.slider("path", percent, 0, (k) => { state.way = k / 20; walk(); });
    this.player("path", way, percent.length, 160, true);
    way.input.closest("label").classList.add("gen-lib-wide");
    ["from digit", "to digit"].forEach((name, k) =>
      this.menu(name, classes.map(String), start[k], (to) => { state.ends[k] = to; walk(); }));
    for (const axis of [0, 1]) { // in a grid of two columns each plane has its own
      for (const plane of planes) {
        const stops = plane.stops[axis];
        plane.sliders[axis] = this.slider(`${plane.name} z${axis + 1}`, stops, 0, (k) => {
          plane.at[axis] = Number(stops[k]);
          show();
        });
      }
    }
    planes.forEach((plane) => {
      grab(plane.plot, () => [plane.at], (_, place) => {
        plane.at = place.map((value, axis) => Math.min(plane.ends[axis][1], Math.max(plane.ends[axis][0], value)));
        lead([plane]);
      });
    });
    const say = voice(this);

    const lead = (moved) => {
      moved.forEach((plane) => plane.sliders.forEach((slider, axis) => slider.stand(plane.stop(axis))));
      show();
    };
    const pair = (plane) => state.ends.map((k) => plane.codes[examples[k]]);
    const walk = () => {
      planes.forEach((plane) => { plane.at = codes.between(...pair(plane), state.way); });
      lead(planes);
    };
    const show = () => {
      const [a, b] = state.ends;
      const words = [`from: ${classes[a]}`, "decoded", `to: ${classes[b]}`];
      planes.forEach((plane) => {
        plane.draw(pair(plane));
        plane.pictures.show([[originals[a], plane.decoded(), originals[b]]], words);
      });
      say(planes.map((plane) => {
        const [x, y] = plane.at.map((value) => readable(value));
        const digit = labels[codes.nearest(plane.flat, plane.at)];
        const nearest = plane.rest.length ? "the code nearest in these two numbers" : "the nearest code";
        return `${plane.name}: code (${x}, ${y}); ${nearest} is that of a test digit ${digit}.`;
      }).join(" "));
    };
    this.presets([["at the start", { path: "0.00" }], ["half way", { path: "0.50" }]]);
    keepDrawn(this, planes.map((plane) => plane.plot), show);
    walk();
  }
}

// One net: its decoder, its codes in axes of their own, and three pictures.
class LatentPlane {
  constructor({ name, decoder, places, rest, axes }, labels, classes, colours) {
    Object.assign(this, { name, rest, axes, ends: [axes.x, axes.y], at: [0, 0], sliders: [] });
    this.net = new Net(decoder);
    this.flat = floats(places);
    this.codes = codes.list(this.flat, 2);
    this.groups = classes.map((name, k) => (
      { name, color: colours[k], dots: this.codes.filter((_, i) => labels[i] === name) }));
    this.stops = this.ends.map(([low, high]) =>
      Array.from({ length: 121 }, (_, k) => (low + ((high - low) * k) / 120).toFixed(2)));
  }

  build(place) {
    place.append(make("div", { className: "gen-lib-title", textContent: this.name }));
    this.plot = new Plot(place, {
      ...this.axes, xLabel: "z\u2081", yLabel: "z\u2082", square: true, most: 340, label: `Codes of the ${this.name}`,
    });
    this.pictures = new Pictures(place, {
      most: 64, label: `${this.name}: the decoded digit, between the test digits at both ends of the path`,
    });
  }

  // Where the slider of an axis stands when it follows the point.
  stop(axis) {
    const [low, high] = this.ends[axis];
    return Math.round((120 * (this.at[axis] - low)) / (high - low));
  }

  decoded() { return this.net.forward(Float64Array.from([...this.at, ...this.rest])); }

  draw(pair) {
    const { plot } = this;
    plot.resize();
    plot.clear();
    const small = plot.width < 240;
    plot.inside(() => {
      for (const group of this.groups) plot.dots(group.dots, group.color, { size: small ? 1.6 : 2.5, alpha: 0.7 });
      for (const radius of [1, 2]) plot.line(codes.outline([0, 0], [1, 1], radius), ROLES.prior, { width: 2 });
      for (const { name, color, dots } of this.groups) badge(plot, middle(dots), name, color);
      plot.line(pair, "currentColor", { width: 2, dash: [5, 4] });
      plot.dots(pair, "currentColor", { size: 4 });
      plot.handle(this.at, ROLES.decode, small ? 6 : 8);
    });
  }
}

// The name of a class on a white disc with a rim of its colour.
function badge(plot, place, name, rim) {
  const { pen } = plot;
  const size = plot.width < 240 ? 6.5 : 8;
  plot.dots([place], rim, { size: size + 1.5 });
  pen.fillStyle = "white";
  pen.beginPath();
  pen.arc(plot.px(place[0]), plot.py(place[1]), size, 0, 2 * Math.PI);
  pen.fill();
  Object.assign(pen, { fillStyle: "black", textAlign: "center", textBaseline: "middle", font: `12px ${FONT}` });
  pen.fillText(name, plot.px(place[0]), plot.py(place[1]) + 1);
}

// The median of some places, axis by axis.
function middle(dots) {
  return [0, 1].map((axis) => dots.map((dot) => dot[axis]).sort((a, b) => a - b)[(dots.length - 1) >> 1]);
}

define("latent-explorer", LatentExplorer);
