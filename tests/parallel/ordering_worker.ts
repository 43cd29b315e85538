/** Orders epoch n as the n-th command, as fast as it can, until it is ended. @module */
import { SharedState, type SharedStateMemory } from "../../src/parallel/threads/shared_state.ts";

declare const self: { onmessage: ((event: MessageEvent<SharedStateMemory>) => void) | null };

self.onmessage = ({ data }) => {
  const state = new SharedState(data);
  for (let number = 1; number < 2 ** 30; number++) state.order(number % 2 === 0 ? "epoch" : "evolve", number);
};
