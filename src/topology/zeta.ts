/**
 * The fraction of the connections that a change of the topology replaces.
 *
 * @module
 */

/**
 * ζ of a change: the run's.
 *
 * @param _progress Share of the run that is done when the topology changes, in [0, 1].
 */
export function zetaOf({ zeta }: { readonly zeta: number }, _progress: number): number {
  return zeta;
}
