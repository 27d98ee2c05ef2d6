/** One of several ways to get something: it worked, or why this way is closed. Whatever else goes wrong is thrown. */
export type Attempt<T> = { done: T } | { refused: string };
