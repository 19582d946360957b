// The weights of FACM's consistency loss, as gen_lib.methods.facm has them.

const facm = {
  alpha: (t, on = true) => (on ? 1 - Math.sqrt(t) : 1),
  beta: (t, on = true) => (on ? Math.cos((Math.PI * t) / 2) : 1),

  // The gradient of the weighted loss in the shortcut F, where its error is g: 2 beta alpha clamp(g) / (e + c)^p.
  pull({ alpha, beta, clamp, norm }, g, t, c = 1e-3) {
    const move = facm.alpha(t, alpha) * (clamp ? Math.max(-1, Math.min(1, g)) : g);
    return (2 * facm.beta(t, beta) * move) / (norm ? Math.sqrt(move * move + c) : 1);
  },
};
