// How a training stands, in a line.

function sentence(name, words, { dim, mixture }) {
  if (!words) return "";
  if (words.broken) return `${name}: ${words.broken}. The weights are back at their last good state; try a smaller learning rate.`;
  const losses = Object.entries(words.losses[0]).map(([key, value]) => `${key === "loss" ? "loss" : `loss of the ${key}`} ${value.toFixed(2)}`);
  return `${name}: ${[
    `step ${words.done}${words.ended ? ", trained" : ""}`,
    `${dim === 1 ? "W1" : "sliced W2"} ${withSpread(words.curve.at(-1)[1])} (fresh data ${words.floor.toFixed(3)})`,
    ...(words.met ? [`modes met ${words.met.map((met) => `${met}/${mixture.means.length}`).join(", ")}`] : []),
    ...losses,
    ...(words.rate ? [`${Math.round(words.rate)} steps a second`] : []),
  ].join("; ")}.`;
}

// The mean, and the standard deviation where there are several.
function withSpread(values) {
  const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return middle.toFixed(3) + (values.length > 1 ? ` ± ${Math.sqrt(squares / (values.length - 1)).toFixed(3)}` : "");
}

// What each player's learning rate is.
function rateWords(name, chosen, factors) {
  const written = (factor) => (factor === 1 ? String(chosen) : `${factor} x ${chosen}`);
  return `${name}: ${typeof factors === "number" ? written(factors) : Object.entries(factors).map(([part, factor]) => `${part} ${written(factor)}`).join(", ")}`;
}
