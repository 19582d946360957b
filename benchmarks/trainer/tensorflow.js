// Members are a dimension of each array: products in batches, one optimiser. Points are columns, as in the page.
// Points as rows, or all weights in one array, take as long.

tf.wasm.setWasmPaths("/peers/@tensorflow/tfjs-backend-wasm/dist/");

for (const backend of ["cpu", "wasm", "webgl"]) {
  contest.contenders[`TensorFlow.js, ${backend}`] = async (setting) => {
    const { members, batch, lr } = setting;
    await tf.setBackend(backend);
    const training = contest.begun(setting);
    const layers = contest.weights(training).map(({ inputs, outputs, weight, bias }) => ({
      weight: tf.variable(tf.tensor(weight, [members, inputs, outputs])),
      bias: tf.variable(tf.tensor(bias, [members, outputs, 1])),
    }));
    const adam = tf.train.adam(lr, 0.9, 0.999, 1e-8);

    function loss(z, x, t) {
      let h = tf.concat([z.add(t.mul(x.sub(z))), t], 1);
      for (const [k, { weight, bias }] of layers.entries()) {
        const a = tf.matMul(weight, h, true, false).add(bias);
        h = k + 1 < layers.length ? a.mul(a.sigmoid()) : a;
      }
      return h.sub(x.sub(z)).square().sum().div(batch);
    }

    function step(done) {
      adam.learningRate = contest.rate(setting, done);
      const [z, x, t] = contest.drawn(training).map((values) => tf.tensor(values).reshape([members, -1, batch]));
      return adam.minimize(() => loss(z, x, t), true);
    }

    let done = 0;
    return async (n) => {
      await tf.setBackend(backend);
      let last = null;
      for (let k = 0; k < n; k++) {
        last?.dispose();
        last = tf.tidy(() => step(done));
        done += 1;
      }
      const [value] = await last.data();
      last.dispose();
      return value / members;
    };
  };
}
