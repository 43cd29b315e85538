/** A rule of one's own: connections grow where the loss would fall fastest (after Evci et al. 2020, RigL). */
import { absentPlaces, type GradientRule, insertConnections } from "@truly-sparse/truly-sparse";
import { keepStrongest, madelonLike, SparseMlp, train } from "@truly-sparse/truly-sparse";

/** Looks at three times as many absent places as connections are dropped. */
export const growth: GradientRule = {
  name: "steepest",
  needs: "gradients",
  candidates: (layer, place) => absentPlaces(layer, Math.ceil(3 * place.settings.zeta * layer.nnz), place),
  grow(layer, count, place) {
    const before = layer.nnz;
    const chosen = keepStrongest(place.candidates, place.gradients, count);
    layer.nnz = insertConnections(layer, chosen, place, place);
    return layer.nnz - before;
  },
};

const data = madelonLike({ samples: 500, testSamples: 200, features: 40, seed: 1 });
const model = SparseMlp.create({ sizes: [40, 64, 32, 2], epsilon: 6, seed: 1 });
for await (const { epoch, trainLoss, replaced } of train(model, data, { epochs: 10, growth })) {
  console.log(`epoch ${epoch}: loss ${trainLoss.toFixed(3)}, ${replaced} connections replaced`);
}
