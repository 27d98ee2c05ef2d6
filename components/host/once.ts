import * as pulumi from "@pulumi/pulumi";

/**
 * A question about the state of a stack, asked once a run of the program, whoever asks: for each answer the engine reads the
 * whole state, which grows with the hosts, as do those who ask.
 */
export function oncePerRun<T>(ask: (stack: string) => Promise<T>): (stack: string) => Promise<T> {
  const ofRuns = new WeakMap<object, Map<string, Promise<T>>>();
  return (stack) => {
    const run = pulumi.runtime.getMonitor() as object;
    const known = ofRuns.get(run) ?? new Map<string, Promise<T>>();
    ofRuns.set(run, known);
    const answer = known.get(stack) ?? ask(stack);
    known.set(stack, answer);
    return answer;
  };
}
