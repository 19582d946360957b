// One training in several libraries: same net, same initial weights, same random numbers. A contender is an async
// function of a setting to a function that does n steps and resolves to the last loss, the mean over the members.

globalThis.contest = (() => {
  const trainer = genLibTrainer(Float32Array);
  const contenders = {};

  function begun(setting) {
    const { points, dim } = setting;
    const sample = (stream, n) => {
      const out = new Float32Array(dim * n);
      for (let p = 0; p < n; p++) {
        const k = Math.floor(stream.one() * points.length);
        for (let i = 0; i < dim; i++) out[i * n + p] = points[k][i];
      }
      return out;
    };
    return new trainer.Training({ ...setting, method: "fm", sample });
  }

  const joined = (arrays) => Float32Array.from(arrays.flatMap((array) => Array.from(array)));

  // Weights and biases of each layer, of all members one after the other.
  const weights = ({ members }) => members[0].map.layers.map(({ inputs, outputs, at }) => {
    const part = (from, to) => joined(members.map(({ map }) => map.weights.subarray(from, to)));
    const end = at + inputs * outputs;
    return { inputs, outputs, weight: part(at, end), bias: part(end, end + outputs) };
  });

  // Noise, data and times of a step, drawn as the page's trainer does, of all members one after the other.
  function drawn(training) {
    const each = training.streams.map((stream) => [...training.pairs(stream), stream.uniform(training.batch)]);
    return [0, 1, 2].map((k) => joined(each.map((arrays) => arrays[k])));
  }

  const rate = ({ lr, steps }, done) => lr * trainer.cosine(done / steps);

  contenders["this page, JavaScript"] = async (setting) => {
    const training = begun(setting);
    return async (n) => {
      for (let k = 0; k < n; k++) training.step();
      return trainer.mean(training.losses.map(({ loss }) => loss));
    };
  };

  return { contenders, begun, weights, drawn, rate };
})();
