/** The screens. Each asks for one thing. */
export type ScreenName =
  | 'welcome'
  | 'age'
  | 'child'
  | 'truth'
  | 'choose'
  | 'working'
  | 'pictures'
  | 'bundle'
  | 'code'
  | 'preview'
  | 'done'
  | 'clear'
  | 'withdraw';

let show: (name: ScreenName) => void = () => {};

/** Sets the function that shows a screen when `go` is called. */
export function whenGoing(shower: (name: ScreenName) => void): void {
  show = shower;
}

/** Goes to a screen. The address stays the same and the browser's history does not grow. */
export function go(name: ScreenName): void {
  show(name);
}
