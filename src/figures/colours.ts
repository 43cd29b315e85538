/**
 * The colours of pictures: each stands out from white and from black by at least 3 to 1, so that one picture serves
 * light and dark pages.
 *
 * @module
 */

/** Colours of lines and bars, in the order in which they are taken; neighbours differ for the colour-blind too. */
export const COLOURS: readonly string[] = [
  "#2f7de1",
  "#d9730d",
  "#1f9d6b",
  "#a765d8",
  "#d64550",
  "#8a7a1f",
];

/** Dashes of lines, taken beside the colours: who sees no colour tells lines by them. */
export const DASHES: readonly string[] = ["none", "6 3", "2 3", "9 3 2 3"];

/** Ten steps from dark to bright, of even lightness: the colours of maps and matrices (after Viridis). */
export const RAMP: readonly string[] = [
  "#440154",
  "#482878",
  "#3e4989",
  "#31688e",
  "#26828e",
  "#1f9e89",
  "#35b779",
  "#6ece58",
  "#b5de2b",
  "#fde725",
];
