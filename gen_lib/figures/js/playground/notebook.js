// The same run as a notebook for gen_lib, so that page and library can be compared.

function toNotebook({ title, target, points, held, dim, code, members, batch, lr, betas, steps, seed, jumps, judged }) {
  const rows = (values) => `[${values.map((point) => `[${point.map((x) => x.toFixed(4)).join(", ")}]`).join(", ")}]`;
  const names = ["couplings", ...(points ? [] : ["data"]), "fit", "methods", "metrics"].filter((name) => name !== "couplings" || code.includes(name)).join(", ");
  const cells = [
    ["markdown", `# ${title}\n\nThis notebook repeats a run of the page. It needs the library \`gen_lib\`: open it in the environment of the book, as the page “How to run it” says, or after \`pip install\` of the book's repository.`],
    ["code", `import torch\n\nfrom gen_lib import ${names}`],
    ["code", points ? `target = torch.tensor(${rows(points)})\nunseen = torch.tensor(${rows(held)})` : `target = data.TARGETS["${target}"]()`],
    ["code", [
      `method = ${code}`,
      `net = method.build(dim=${dim}, hidden=(32, 64, 32), members=(${members},), seed=${seed})`,
      `history = fit(method, net, target, steps=${steps}, batch=${batch}, lr=${typeof lr === "number" ? lr : JSON.stringify(lr)}, betas=(${betas.map((beta) => beta.toFixed(3)).join(", ")}), seed=${seed}, progress=False)`,
    ].join("\n")],
    ["code", [
      "generator = torch.Generator().manual_seed(1000)",
      `samples = method.sample(net, ${judged}, generator${jumps === null ? "" : `, steps=${jumps}`})`,
      ...(points ? [`picked = unseen[torch.randint(len(unseen), (${judged},), generator=generator)]`]
        : dim === 2 ? [`picked = target.sample(${judged}, generator)`] : []),
      `distance = metrics.${dim === 1 ? "w1" : "sliced_w2"}(samples, ${!points && dim === 1 ? "target" : "picked"})`,
      'print("distance of each member:", [round(d, 4) for d in distance.tolist()])',
      'print(f"mean {distance.mean():.4f}, standard deviation {distance.std(unbiased=True) if len(distance) > 1 else 0:.4f}")',
    ].join("\n")],
  ];
  return JSON.stringify({
    cells: cells.map(([kind, text], k) => ({
      cell_type: kind, id: `cell-${k}`, metadata: {}, source: text.split(/(?<=\n)/),
      ...(kind === "code" ? { execution_count: null, outputs: [] } : {}),
    })),
    metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" } },
    nbformat: 4,
    nbformat_minor: 5,
  }, null, 1);
}

// Hands a file to the reader.
function download(name, content, type) {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const anchor = make("a", { href: url, download: name });
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}
