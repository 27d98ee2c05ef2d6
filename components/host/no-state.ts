import { isGrpcError } from "@pulumi/pulumi/errors";

/**
 * What a question for the state of a stack is answered with that has none yet. A lost connection to the engine is no such
 * answer: what the program would declare without the state could remove what is there.
 * @param nothing the answer
 * @throws the error of a lost connection
 */
export function withoutState<T>(nothing: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && isGrpcError(error)) throw error;
    return nothing;
  };
}
