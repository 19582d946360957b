// Random numbers: each member has a stream of its own, so that what it draws does not depend on the others.

// The generator sfc32 (PractRand, Doty-Humphrey), seeded with a whole number.
class Stream {
  constructor(seed) {
    this.state = new Uint32Array([0x9e3779b9, 0x243f6a88, seed >>> 0, 1]);
    this.spare = null;
    for (let k = 0; k < 20; k++) this.word();
  }

  word() {
    const s = this.state;
    const t = s[0] + s[1] + s[3];
    s[3] += 1;
    s[0] = s[1] ^ (s[1] >>> 9);
    s[1] = s[2] + (s[2] << 3);
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + t;
    return t >>> 0;
  }

  // Within [0, 1), in steps of 2^-32.
  one() { return this.word() / 4294967296; }

  uniform(count) {
    const out = new Numbers(count);
    for (let k = 0; k < count; k++) out[k] = Math.min(this.one(), 1 - 2 ** -24); // a float would round up to 1
    return out;
  }

  // Standard normal numbers, two at a time (Box and Muller).
  normal(count) {
    const out = new Numbers(count);
    for (let k = 0; k < count; k++) {
      if (this.spare !== null) {
        out[k] = this.spare;
        this.spare = null;
        continue;
      }
      const radius = Math.sqrt(-2 * Math.log(1 - this.one()));
      const angle = 2 * Math.PI * this.one();
      out[k] = radius * Math.cos(angle);
      this.spare = radius * Math.sin(angle);
    }
    return out;
  }
}
