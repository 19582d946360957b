// A film of pictures as GIF 89a: 6 levels of red and blue, 7 of green; packed by the algorithm of Lempel, Ziv and Welch.

const LEVELS = [6, 7, 6];

function gif(frames, pause = 12) { // frames: ImageData of one size; pause: hundredths of a second
  const { width, height } = frames[0];
  const out = [];
  const short = (value) => out.push(value & 255, value >> 8);
  const [red, green, blue] = LEVELS;
  out.push(..."GIF89a".split("").map((letter) => letter.charCodeAt(0)));
  short(width);
  short(height);
  out.push(0xf7, 0, 0);
  for (let k = 0; k < 256; k++) {
    const [r, g, b] = [Math.floor(k / (green * blue)), Math.floor(k / blue) % green, k % blue];
    out.push(...(r < red ? [(255 * r) / (red - 1), (255 * g) / (green - 1), (255 * b) / (blue - 1)].map(Math.round) : [0, 0, 0]));
  }
  out.push(0x21, 0xff, 11, ..."NETSCAPE2.0".split("").map((letter) => letter.charCodeAt(0)), 3, 1, 0, 0, 0); // for ever
  for (const { data } of frames) {
    out.push(0x21, 0xf9, 4, 0);
    short(pause);
    out.push(0, 0, 0x2c, 0, 0, 0, 0);
    short(width);
    short(height);
    out.push(0, 8);
    const level = (value, levels) => Math.round((value / 255) * (levels - 1));
    const pixels = Uint8Array.from({ length: width * height }, (_, p) =>
      (level(data[4 * p], red) * green + level(data[4 * p + 1], green)) * blue + level(data[4 * p + 2], blue));
    const packed = lzw(pixels);
    for (let at = 0; at < packed.length; at += 255) {
      const block = packed.slice(at, at + 255);
      out.push(block.length, ...block);
    }
    out.push(0);
  }
  out.push(0x3b);
  return new Blob([Uint8Array.from(out)], { type: "image/gif" });
}

function lzw(pixels) {
  const out = [];
  let [bits, held, size, next, known] = [0, 0, 9, 258, new Map()];
  const write = (code) => {
    held |= code << bits;
    for (bits += size; bits >= 8; bits -= 8, held >>>= 8) out.push(held & 255);
  };
  write(256);
  let prefix = pixels[0];
  for (const pixel of pixels.subarray(1)) {
    const key = prefix * 256 + pixel;
    const code = known.get(key);
    if (code !== undefined) {
      prefix = code;
      continue;
    }
    write(prefix);
    if (next < 4096) {
      known.set(key, next++);
      if (next > 1 << size && size < 12) size += 1;
    } else {
      write(256);
      [size, next, known] = [9, 258, new Map()];
    }
    prefix = pixel;
  }
  write(prefix);
  write(257);
  if (bits) out.push(held & 255);
  return out;
}
