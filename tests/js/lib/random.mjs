// Reproducible chance: the same seed gives the same operations on every machine.

/** A small generator of the sfc32 family, seeded by a number and any text. */
export class Random {
  constructor(seed, salt = '') {
    let a = 0x9e3779b9 ^ seed;
    let b = 0x243f6a88;
    let c = 0xb7e15162 ^ Math.trunc(seed / 0x1_0000_0000);
    for (const character of salt) c = Math.imul(c ^ character.codePointAt(0), 0x01000193);
    let counter = 1;
    this.next = () => {
      const t = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (c << 21) | (c >>> 11);
      c = (c + t) | 0;
      return (t >>> 0) / 4294967296;
    };
    for (let warm = 0; warm < 16; warm += 1) this.next();
  }

  /** True with this probability. */
  chance(probability) {
    return this.next() < probability;
  }

  /** An integer from low to high, both included. */
  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** One of a list; undefined of an empty one. */
  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  /** The list in another order. */
  shuffled(list) {
    const result = [...list];
    for (let last = result.length - 1; last > 0; last -= 1) {
      const other = this.int(0, last);
      [result[last], result[other]] = [result[other], result[last]];
    }
    return result;
  }
}
