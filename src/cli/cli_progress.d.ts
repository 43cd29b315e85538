/** Types of the parts used; the package carries none. */
export interface BarOptions {
  readonly format: string;
  readonly barsize: number;
  readonly barCompleteChar: string;
  readonly barIncompleteChar: string;
  readonly hideCursor: boolean;
  readonly clearOnComplete: boolean;
  readonly fps: number;
  readonly stopOnComplete: boolean;
}
declare class SingleBar {
  constructor(options: BarOptions);
  start(total: number, startValue: number, payload: Readonly<Record<string, string>>): void;
  update(value: number, payload: Readonly<Record<string, string>>): void;
  setTotal(total: number): void;
  stop(): void;
}
declare const progress: { readonly SingleBar: typeof SingleBar };
export default progress;
