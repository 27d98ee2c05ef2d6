/** gRPC's codes CANCELLED and UNAVAILABLE: the engine has not answered. */
const lost: readonly unknown[] = [1, 14];

/**
 * What a question for the state of a stack is answered with that has none yet. A lost connection to the engine is no such
 * answer: what the program would declare without the state could remove what is there.
 * @param nothing the answer
 * @throws the error of a lost connection
 */
export function withoutState<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if (lost.includes((error as { code?: unknown } | undefined)?.code)) throw error;
    return nothing;
  };
}
