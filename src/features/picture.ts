/**
 * What chosen features look like in a console.
 *
 * @module
 */
import { plural } from "../format.ts";
import { listed } from "../picture.ts";
import { quote } from "../quote.ts";

/** What is shown of chosen features. */
interface Shown {
  readonly method: string;
  readonly features: readonly { readonly name: string }[];
  readonly featureCount: number;
}

/** Most features that are named. */
const MOST = 8;

/** `20 of 500 features by neurofs: "f1", "f7", …` */
export function selectionPicture({ method, features, featureCount }: Shown): string {
  const names = listed(features.map(({ name }) => quote(name)), MOST);
  return `${features.length} of ${plural(featureCount, "feature")} by ${method}: ${names}`;
}
