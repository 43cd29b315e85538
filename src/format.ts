/**
 * Numbers as people read them.
 *
 * @module
 */
/** 1234567 → "1,234,567". */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A fraction → "91.38 %"; below a thousandth with two digits that mean something. */
export function percent(fraction: number): string {
  const value = 100 * fraction;
  return `${value !== 0 && value < 0.1 ? value.toPrecision(2) : value.toFixed(value < 1 ? 2 : 1)} %`;
}

/** An accuracy → "91.38 %". */
export function accuracy(fraction: number): string {
  return `${(100 * fraction).toFixed(2)} %`;
}

/** A number in so many digits, without an exponent where it has few more: 37751.2 → "37750". */
export function plain(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

/** A number with its sign: 0.6 → "+0.600", -0.25 → "−0.250". */
export function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}

/** A measure in four digits, large ones without an exponent: 16163.2 → "16160". */
export function short(value: number): string {
  return Math.abs(value) < 9999.5 ? value.toPrecision(4) : plain(value, 4);
}

/** Bytes → "1.50 MiB". */
export function bytes(value: number): string {
  return scaled(value, 1024, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]);
}

/** Operations → "1.50 M". */
export function metric(value: number): string {
  return scaled(value, 1000, ["", "k", "M", "G", "T", "P"]);
}

/** Samples a second → "51.2 k samples/s". */
export function rate(samplesPerSecond: number): string {
  return `${metric(samplesPerSecond)} samples/s`;
}

/** Seconds → "0:07", "12:05", "3:04:05". */
export function span(seconds: number): string {
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return parts[0] > 0 ? `${parts[0]}:${two(parts[1])}:${two(parts[2])}` : `${parts[1]}:${two(parts[2])}`;
}

/** Seconds → "4.2 ms", "0.42 s", "8.3 s", "4 min 5 s". */
export function duration(seconds: number): string {
  if (seconds < 0.1) return `${(1000 * seconds).toPrecision(2)} ms`;
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(Math.round(seconds) / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds) % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "1 sample", "1,024 samples". */
export function plural(number: number, what: string): string {
  return `${count(number)} ${what}${number === 1 ? "" : "s"}`;
}

/** Sizes of layers in short, "784 → 1000 → 10": more than three alike are counted. */
export function layerSizes(sizes: readonly number[], between = " → "): string {
  const runs: [size: number, layers: number][] = [];
  for (const size of sizes) {
    const last = runs.at(-1);
    if (last?.[0] === size) last[1]++;
    else runs.push([size, 1]);
  }
  return runs.map(([size, layers]) =>
    layers > 3 ? `${size}x${layers}` : Array(layers).fill(size).join(between)
  )
    .join(between);
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let [size, unit] = [value, 0];
  while (size >= 999.5 && unit < units.length - 1) {
    size /= base;
    unit++;
  }
  const digits = unit === 0 ? Math.round(size).toString() : size.toPrecision(3);
  return `${digits} ${units[unit]}`.trimEnd();
}
