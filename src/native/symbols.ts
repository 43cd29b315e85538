/**
 * The types of a library's functions.
 *
 * @module
 */

/** Deno's types ask for bigint where C has 64 bits; its runtime takes safe integers too, without allocating. */
type WithNumbers<Arguments extends readonly unknown[]> = {
  [Index in keyof Arguments]: Arguments[Index] extends bigint ? bigint | number : Arguments[Index];
};

/** The functions of an opened library, given as Deno types them. */
export type CalledWithNumbers<Declared> = {
  readonly [Name in keyof Declared]: Declared[Name] extends (...args: infer Arguments) => infer Result
    ? (...args: WithNumbers<Arguments>) => Result
    : never;
};
