/**
 * What lies between machines.
 *
 * @module
 */

/** Bytes a second, and seconds; each machine has one link, used both ways at once. */
export interface Network {
  readonly name: string;
  readonly bandwidth: number;
  readonly latency: number;
}

/** All in one memory. */
export const MEMORY: Network = { name: "shared memory", bandwidth: Infinity, latency: 0 };

/** What is simulated; the rates are what TCP leaves of the names. */
export const NETWORKS: readonly Network[] = [
  { name: "1 Gbit/s, 100 µs", bandwidth: 1.17e8, latency: 1e-4 },
  { name: "10 Gbit/s, 30 µs", bandwidth: 1.17e9, latency: 3e-5 },
  { name: "100 Gbit/s, 3 µs", bandwidth: 1.17e10, latency: 3e-6 },
  MEMORY,
];

/** Bytes a second at which messages are gathered and scattered; assumed, as the networks are. */
export const COPY_BANDWIDTH = 5e9;
