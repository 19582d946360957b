// Members are a dimension of each array, and all weights are one array, so that a step is one program with few kernels.
// An array is used up by what takes it; .ref keeps it for another use. The backend called cpu is left out: it is for
// debugging, interprets, and takes seconds for a step. Points are rows here, which is a little faster than columns.

import { defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "/peers/@jax-js/jax/dist/index.js";

const found = await init();
for (const device of ["wasm", "webgpu", "webgl"].filter((name) => found.includes(name))) {
  contest.contenders[`jax-js, ${device}`] = async (setting) => {
    const { members, batch } = setting;
    defaultDevice(device);
    const training = contest.begun(setting);
    const { layers, weights } = training.members[0].map;

    function loss(w, z, x, t) {
      let h = np.concatenate([z.ref.add(t.ref.mul(x.ref.sub(z.ref))), t], 2);
      for (const [k, { inputs, outputs, at }] of layers.entries()) {
        const end = at + inputs * outputs;
        const a = np.matmul(h, w.ref.slice([], [at, end]).reshape([members, inputs, outputs]))
          .add(w.ref.slice([], [end, end + outputs]).reshape([members, 1, outputs]));
        h = k + 1 < layers.length ? nn.silu(a) : a;
      }
      w.dispose();
      return np.square(h.sub(x.sub(z))).sum().div(batch);
    }

    // Adam; c and d correct the bias of the two means.
    const step = jit((w, mean, square, pairs, lr, c, d) => {
      const [value, g] = valueAndGrad(loss)(w.ref, ...pairs.map((values) => values.transpose([0, 2, 1])));
      mean = mean.mul(0.9).add(g.ref.mul(0.1));
      square = square.mul(0.999).add(np.square(g).mul(0.001));
      const move = lr.mul(mean.ref).div(c).div(np.sqrt(square.ref).div(d).add(1e-8));
      return [value, w.sub(move), mean, square];
    });

    const numbers = training.members.flatMap(({ map }) => Array.from(map.weights));
    let w = np.array(Float32Array.from(numbers)).reshape([members, weights.length]);
    let [mean, square] = [np.zerosLike(w.ref), np.zerosLike(w.ref)];
    let done = 0;
    return async (n) => {
      defaultDevice(device);
      let last = null;
      for (let k = 0; k < n; k++) {
        const pairs = contest.drawn(training).map((values) => np.array(values).reshape([members, -1, batch]));
        const lr = contest.rate(setting, done);
        done += 1;
        last?.dispose();
        [last, w, mean, square] = step(
          w, mean, square, pairs, np.array(lr), np.array(1 - 0.9 ** done), np.array(Math.sqrt(1 - 0.999 ** done)),
        );
      }
      return (await last.data())[0] / members;
    };
  };
}
globalThis.jaxReady = true;
