import { assert, assertEquals, assertRejects } from "@std/assert";
import { setImmediate } from "node:timers";
import { madelonLike, train } from "../mod.ts";
import { divide, divisionPieces } from "../src/data/division.ts";
import { EventLoopTurn } from "../src/event_loop_turn.ts";
import { atOnce } from "../src/pieces.ts";
import { xorData, xorModel } from "./trainer/data.ts";

/** A clock that stands still until it is told. */
function clock(): { now: () => number; pass: (ms: number) => void } {
  let time = 0;
  // Each look takes a little, or a turn would never end.
  return { now: () => time += 0.01, pass: (ms) => void (time += ms) };
}

Deno.test("EventLoopTurn.due() says so before the next piece would make 20 ms, and after each longer one", async () => {
  const { now, pass } = clock();
  const turn = new EventLoopTurn(now);
  for (const [piece, expected] of [[1, 19], [4, 4], [9, 2], [15, 1], [500, 1]] as const) {
    let pieces = 0;
    do {
      pass(piece);
      pieces++;
    } while (!turn.due);
    assertEquals(pieces, expected, `${piece} ms`);
    await turn.take();
  }
});

Deno.test("EventLoopTurn.between() does the work of atOnce(), with turns between its pieces", async () => {
  const { now, pass } = clock();
  function* sum(): Generator<unknown, number> {
    let total = 0;
    for (let piece = 1; piece <= 10; piece++) {
      total += piece;
      pass(15);
      yield;
    }
    return total;
  }
  let ticks = 0;
  const timer = setInterval(() => ticks++, 0);
  const [turn, started] = [new EventLoopTurn(now), performance.now()];
  // Timers have a granularity of a millisecond: the work is repeated until one could have come.
  do assertEquals(await turn.between(sum()), 55); while (performance.now() - started < 5);
  clearInterval(timer);
  assert(ticks > 0);
  assertEquals(atOnce(sum()), 55);
});

Deno.test("EventLoopTurn.between() gives a turn after the last piece too, before its caller goes on", async () => {
  const { now, pass } = clock();
  // deno-lint-ignore require-yield
  function* one(): Generator<unknown, void> {
    pass(30);
  }
  let turned = false;
  setImmediate(() => turned = true);
  await new EventLoopTurn(now).between(one());
  assert(turned);
});

Deno.test("divisionPieces() draws and copies in pieces; all of them are what divide() makes", () => {
  const { train: whole, ...shape } = madelonLike({ samples: 3000, features: 200, seed: 1 });
  const pieces = divisionPieces(whole, shape, { test: 0.2, validation: 0.1, seed: 3 }, "divide");
  let count = 0;
  let step = pieces.next();
  for (; !step.done; step = pieces.next()) count++;
  // Two draws, and 2,100 + 300 + 600 rows of which 1,311 are a piece.
  assertEquals(count, 2 + 2 + 1 + 1);
  assertEquals(step.value, divide(whole, shape, { test: 0.2, validation: 0.1, seed: 3 }, "divide"));
});

Deno.test("EventLoopTurn.between() hears an abort between two pieces", async () => {
  const abort = new AbortController();
  let pieces = 0;
  function* work(): Generator<unknown, void> {
    for (;;) {
      if (++pieces === 3) abort.abort(new Error("enough"));
      yield;
    }
  }
  await assertRejects(() => new EventLoopTurn().between(work(), abort.signal), Error, "enough");
  assertEquals(pieces, 3);
});

Deno.test("train() serves timers, messages and requests while it trains, and hears their abort", async () => {
  const abort = new AbortController();
  const [seen, port] = [{ ticks: 0, messages: 0, requests: 0 }, new MessageChannel()];
  const timer = setInterval(() => seen.ticks++, 1);
  port.port1.onmessage = () => seen.messages++;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    seen.requests++;
    return new Response("ok");
  });
  const client = (async () => {
    for (let request = 0; request < 2; request++) {
      port.port2.postMessage(request);
      const answer = await fetch(`http://127.0.0.1:${server.addr.port}/`);
      assertEquals(await answer.text(), "ok");
    }
    abort.abort(new Error("served"));
  })();
  const epochs = train(xorModel(), xorData(2000), {
    epochs: 1e6,
    batchSize: 20,
    threads: 1,
    signal: abort.signal,
  });
  await assertRejects(
    async () => {
      for await (const _ of epochs);
    },
    Error,
    "served",
  );
  await client;
  assert(seen.ticks > 0);
  assertEquals([seen.messages, seen.requests], [2, 2]);
  clearInterval(timer);
  port.port1.close();
  await server.shutdown();
});
