/**
 * How much of the machine other programs took while something was measured.
 *
 * Measurements on a shared machine are only as good as the cores they got. A run counts when others took less than
 * {@linkcode MOST_FOREIGN} of all processor time while it lasted; what does not count is repeated. Linux only: elsewhere
 * every run counts.
 *
 * @module
 */

/** The most that other programs may take: a twentieth of all cores. */
export const MOST_FOREIGN = 0.05;

interface Times {
  /** Processor time of everything, idle time apart. */
  readonly busy: number;
  /** The same with idle time. */
  readonly all: number;
  /** Processor time of this process, and of its children that have ended. */
  readonly own: number;
}

/** In clock ticks; undefined where the system does not tell. */
function times(): Times | undefined {
  let [stat, self] = ["", ""];
  try {
    [stat, self] = [Deno.readTextFileSync("/proc/stat"), Deno.readTextFileSync("/proc/self/stat")];
  } catch {
    return undefined;
  }
  // user nice system idle iowait irq softirq steal; guests are in user.
  const all = stat.split("\n", 1)[0].trim().split(/\s+/).slice(1, 9).map(Number);
  // The name of the program may have blanks; behind its parenthesis utime is the 12th, then stime, cutime, cstime.
  const own = self.slice(self.lastIndexOf(")") + 2).split(" ").slice(11, 15).map(Number);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, one) => total + one, 0);
  return { busy: sum(all) - all[3] - all[4], all: sum(all), own: sum(own) };
}

/**
 * Watches from now on.
 *
 * @returns A function that gives the fraction of all processor time that others took since; children count as others
 * until they have ended.
 */
export function watchOthers(): () => number {
  const before = times();
  return () => {
    const now = times();
    if (before === undefined || now === undefined || now.all === before.all) return 0;
    const foreign = now.busy - before.busy - (now.own - before.own);
    return Math.max(0, foreign / (now.all - before.all));
  };
}
