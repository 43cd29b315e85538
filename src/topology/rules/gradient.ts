/**
 * Growth by gradient among all places: RigL.
 *
 * @module
 */
import type { Places } from "../../native/grow.ts";
import { type Connections, placesOf } from "../../sparse/csr.ts";
import { growStrongest } from "./strongest.ts";
import type { GradientRule, Probed } from "./rule.ts";

/** Most places, of all layers that evolve, whose gradients are looked at. */
const MOST_PLACES = 2 ** 25;

/** Bytes that a place takes while the topology changes. */
const PLACE_BYTES = 20;

/**
 * Connections grow where, of all places that are absent once connections were dropped, the gradients lie farthest from
 * zero; one dropped just now may grow again, and begins anew.
 *
 * Source: Evci et al. 2020 (RigL). Cost: O(inputs · neurons), so it is a reference for small layers: 20 bytes a place of all
 * layers while the topology changes, and as much time for a place as for a connection on the way back.
 */
export const GRADIENT: GradientRule = {
  name: "gradient",
  needs: "gradients",
  checkLayers(layers) {
    const places = placesOf(layers);
    if (places <= MOST_PLACES) return;
    const shapes = layers.map(({ inputs, neurons }) => `[${inputs}, ${neurons}]`).join(", ");
    throw new RangeError(
      `Cannot grow connections by "gradient": the layers ${shapes} have ${places} places, whose gradients need ` +
        `${places * PLACE_BYTES} bytes; at most ${MOST_PLACES} places (${
          MOST_PLACES * PLACE_BYTES
        } bytes) are ` +
        `looked at; growth "gradient-sampled" looks at a sample of them`,
    );
  },
  candidates: ({ inputs, neurons }) => allPlaces(inputs, neurons),
  grow: (connections, count, place) =>
    growStrongest(connections, count, { ...place, ...absentAmong(connections, place) }),
};

function allPlaces(inputs: number, neurons: number): Places {
  const [rows, columns] = [new Uint32Array(inputs * neurons), new Uint32Array(inputs * neurons)];
  const row = Uint32Array.from({ length: neurons }, (_, column) => column);
  for (let input = 0; input < inputs; input++) {
    rows.fill(input, input * neurons, (input + 1) * neurons);
    columns.set(row, input * neurons);
  }
  return { rows, columns };
}

/** Of all places those without a connection; the lists are overwritten. */
function absentAmong({ inputs, neurons, indptr, indices }: Connections, probed: Probed): Probed {
  const { candidates: { rows, columns }, gradients } = probed;
  let absent = 0;
  for (let row = 0; row < inputs; row++) {
    let next = indptr[row];
    const end = indptr[row + 1];
    for (let column = 0; column < neurons; column++) {
      if (next < end && indices[next] === column) {
        next++;
        continue;
      }
      rows[absent] = row;
      columns[absent] = column;
      gradients[absent++] = gradients[row * neurons + column];
    }
  }
  return {
    candidates: { rows: rows.subarray(0, absent), columns: columns.subarray(0, absent) },
    gradients: gradients.subarray(0, absent),
  };
}
