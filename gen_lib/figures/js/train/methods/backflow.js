// BackFlow: the improved MeanFlow loss with both orders of the times, on optimal pairs; one step decodes, one encodes.

const backflow = ({ p = 0, same = 0.25, coupling = "optimal" } = {}) => ({
  ...meanflow({ p, improved: true, same, ordered: false, coupling }),
  encode: (nets, x, steps = 1) => jump(nets, x, steps, 1, 0)[steps],
});
