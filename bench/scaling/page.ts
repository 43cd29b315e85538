/**
 * The tables of `docs/scaling.md`, from the record of a measurement.
 *
 * @module
 */
import type { Measured } from "./check.ts";
import { COMPARED_WORKERS, type GossipRow, type ServerRow, type Table, WORKERS } from "./tables.ts";

/** What was measured of a network, and what follows from it. */
export interface Result extends Measured {
  /** Sizes, with dashes. */
  readonly network: string;
  readonly epsilon: number;
  readonly tables: readonly Table[];
}

/** What `bench/scaling/run.ts` writes. */
export interface ScalingRecord {
  readonly command: string;
  readonly host: string;
  readonly date: string;
  readonly results: readonly Result[];
}

/** What a station of servers is called. */
const STATIONS = { in: "link", out: "link", server: "processor" } as const;

/** The number of servers that is compared with one. */
const SEVERAL = 4;

/** Which of the networks is shown where one is enough: 10 Gbit/s. */
const SHOWN = 1;

/** The parts of the page that are of the record, by the names of their marks. */
export function pageTables({ host, date, results }: ScalingRecord): Record<string, string> {
  const [{ tables, checks, gossip, server }] = results;
  const others = results.map(({ others }) => `${Math.round(100 * Math.max(...others))} %`).join(" and ");
  return {
    about:
      `Measured on ${host}, ${date}; in the rounds that count other programs took at most ${others} of it.`,
    costs: costsTable(checks, { change: server.pause, average: gossip.average }),
    speedups: speedUps(tables),
    ages: ages(tables[SHOWN]),
    servers: serverLimits(tables),
    gossip: gossipLimits(tables),
    compared: comparedTable(tables),
    checks: checksTable(results),
  };
}

/** The page with these tables between its marks. */
export function withTables(page: string, parts: Readonly<Record<string, string>>): string {
  return Object.entries(parts).reduce((text, [name, part]) => {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new SyntaxError(`Cannot fill the page: it has no marks "${begin}"`);
    return `${text.slice(0, from + begin.length)}\n\n${part}\n\n${text.slice(to)}`;
  }, page);
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

const times = (speedUp: number) => `${speedUp < 9.95 ? speedUp.toFixed(1) : speedUp.toFixed(0)}×`;
const short = (network: string) => network.split(",")[0];

function costsTable(
  checks: Measured["checks"],
  alone: { readonly change: number; readonly average: number },
): string {
  const part = (place: number, name: string) => checks[place].partsMs[name]?.toFixed(3) ?? "–";
  const half = (time: number | undefined) => time === undefined ? "–" : (time / 2).toFixed(3);
  const rows = [
    ["gradient of a mini-batch", part(0, "gradient"), part(1, "gradient")],
    ["push on the current topology", part(0, "push"), part(1, "push")],
    ["push on an older topology", "–", part(1, "stalePush")],
    ["pull", part(0, "pull"), part(1, "pull")],
    ["pull with a new topology", part(0, "topologyPull"), part(1, "topologyPull")],
    ["step on a model of its own", part(0, "step"), part(2, "step")],
    ["gossip: copy for another", "–", part(2, "copyOut")],
    ["gossip: copy with the topology", "–", part(2, "topologyOut")],
    ["gossip: average with another", "–", part(2, "pairAverage")],
    ["change of the topology", (1000 * alone.change).toFixed(3), ""],
    ["average of all, for each model: topologies alike", "–", half(checks[2].partsMs.average)],
    ["the same: topologies of their own", (1000 * alone.average).toFixed(3), ""],
  ];
  return markdown(["part, ms", "1 worker", "2 workers"], rows);
}

function find({ servers }: Table, count: number, workers: number): ServerRow | undefined {
  return servers.find((row) => row.servers === count && row.workers === workers);
}

/** The rows of gossip on the data that were measured, or on larger ones. */
function gossipRows({ gossip }: Table, averageEvery: number, larger = false): GossipRow[] {
  const [{ batches }] = gossip;
  return gossip.filter((row) => row.averageEvery === averageEvery && (row.batches > batches) === larger);
}

function speedUps(tables: readonly Table[]): string {
  const gossip = (table: Table, averageEvery: number, larger = false) => (workers: number) =>
    gossipRows(table, averageEvery, larger).find((row) => row.workers === workers)?.speedUp;
  const lines = tables.flatMap((table) => {
    const server = (count: number) => (workers: number) => find(table, count, workers)?.speedUp;
    const several = table.servers.some(({ servers }) => servers === SEVERAL);
    const name = short(table.network);
    return [
      { head: several ? `${name}: 1 server` : `${name}: lock`, of: server(1) },
      ...(several ? [{ head: `${name}: ${SEVERAL} servers`, of: server(SEVERAL) }] : []),
      { head: `${name}: gossip`, of: gossip(table, 0) },
    ];
  });
  const shown = tables[SHOWN];
  const name = short(shown.network);
  lines.push({ head: `${name}: gossip, average of all after every epoch`, of: gossip(shown, 1) });
  lines.push({ head: `${name}: gossip, 10 times the samples`, of: gossip(shown, 0, true) });
  const cell = (speedUp: number | undefined) => speedUp === undefined ? "–" : times(speedUp);
  return markdown(
    ["workers", ...WORKERS.map(String)],
    lines.map(({ head, of }) => [head, ...WORKERS.map((workers) => cell(of(workers)))]),
  );
}

function ages(table: Table): string {
  const rows = gossipRows(table, 0, true).map((gossip) => {
    const { workers } = gossip;
    const server = find(table, 1, workers)!;
    const answer = gossip.exchangesPerStep > 0 ? gossip.meanExchangeAge.toFixed(1) : "–";
    return [`${workers}`, server.meanStaleness.toFixed(0), answer, gossip.meanModelAge.toFixed(0)];
  });
  return markdown(["workers", "WASAP: staleness", "gossip: answer", "gossip: model of another"], rows);
}

function serverLimits(tables: readonly Table[]): string {
  const measures = tables[0].serverLimits.map(({ measure }) => measure);
  const rows = tables.map(({ network, serverLimits }) => [
    network,
    ...measures.map((measure) => {
      const found = serverLimits.find((one) => one.measure === measure)?.limit;
      return found === undefined ? "–" : `${found.workers.toFixed(1)} (${STATIONS[found.station]})`;
    }),
  ]);
  return markdown(["network", ...measures], rows);
}

function gossipLimits(tables: readonly Table[]): string {
  const measures = tables[0].gossipLimits.map(({ measure }) => measure);
  const rows = measures.map((measure) => [
    measure,
    ...tables.map(({ gossipLimits }) => times(gossipLimits.find((one) => one.measure === measure)!.limit)),
  ]);
  return markdown([`${COMPARED_WORKERS} workers`, ...tables.map(({ network }) => short(network))], rows);
}

function comparedTable(tables: readonly Table[]): string {
  const rows = tables[SHOWN].compared.map(({ what, overProcess, overWorker }) => [
    what,
    times(overProcess),
    times(overWorker),
  ]);
  const { network } = tables[SHOWN];
  return markdown(
    [`${COMPARED_WORKERS} workers, ${short(network)}`, "over one process", "over one worker and a server"],
    rows,
  );
}

function checksTable(results: readonly Result[]): string {
  const rows = results.flatMap(({ network, checks }) =>
    checks.map(({ algorithm, workers, real, simulated, ratio, ratios }) => [
      ...[network, algorithm, `${workers}`, real.toFixed(0), simulated.toFixed(0), ratio.toFixed(2)],
      ratios.map((one) => one.toFixed(2)).join(", "),
    ])
  );
  return markdown(
    ["network", "algorithm", "workers", "real updates/s", "simulated", "ratio", "of each round"],
    rows,
  );
}
