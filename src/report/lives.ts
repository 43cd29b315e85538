/**
 * What became of the connections: how many places were ever connected, and how long connections live.
 *
 * @module
 */
import type { SafeHtml } from "npm:@remix-run/html-template@0.3.1";
import { curves } from "../figures/curves.ts";
import { count, percent } from "../format.ts";
import type { ConnectionLives, LifeTimes } from "../sparse/history.ts";
import { figure, type ReportContent, section, sentence, table } from "./content.ts";

/** Rows of the table. */
const MOST_ROWS = 60;

/** The life of connections, where the model keeps a history. */
export async function lives({ model, run }: ReportContent): Promise<SafeHtml> {
  const trained = model.running ?? model;
  const record = trained.history?.record(trained.layers);
  const kept = (run?.records ?? []).filter(({ topology }) => topology !== undefined);
  const epochs = kept.map(({ epoch }) => epoch);
  const shares = kept.map(({ topology }) => topology!.everConnected);
  const replaced = (run?.records ?? []).reduce((sum, { replaced }) => sum + (replaced || 0), 0);
  const told = replaced > 0
    ? sentence(`Evolution replaced ${count(replaced)} connections in the epochs whose records are kept.`)
    : undefined;
  if (record === undefined && kept.length === 0) {
    return section(
      "lives",
      "Life of connections",
      told,
      sentence("Nothing more is kept of them: “train --connection-history” follows each connection."),
    );
  }
  const text = kept.length === 0
    ? ""
    : `${percent(shares.at(-1)!)} of all places were connected at some time (ITOP rate) by epoch ${
      epochs.at(-1)
    }.`;
  const picture = kept.length === 0 ? undefined : figure(
    await curves(text, [{ name: "ever connected", x: epochs, y: shares }], {
      x: "epoch",
      y: "share of all places in %",
      percent: true,
    }),
    text,
    "Places ever connected",
  );
  return section("lives", "Life of connections", told, record && livesTable(record), picture);
}

function livesTable(
  record: ConnectionLives & { readonly since: number; readonly layers: readonly ConnectionLives[] },
): SafeHtml {
  const times = (found: LifeTimes | undefined) =>
    found === undefined ? ["–", "–"] : [found.mean.toFixed(1), count(found.median)];
  const row = (name: string, { everConnected, present, gone }: ConnectionLives) => [
    name,
    percent(everConnected),
    ...times(present),
    gone === undefined ? "0" : count(gone.connections),
    ...times(gone),
  ];
  return table({
    caption: `Connections since epoch ${record.since}, and how many epochs they live`,
    head: [
      "layer",
      "ever connected",
      "mean age",
      "median age",
      "went",
      "mean life",
      "median life",
    ],
    rows: [
      ...record.layers.slice(0, MOST_ROWS).map((layer, place) => row(`hidden ${place + 1}`, layer)),
      row("all", record),
    ],
  });
}
