import { RandomId } from "@pulumi/random";

/** The program of a stack with one resource, which needs no host. */
export function oneId(): Promise<void> {
  new RandomId("one", { byteLength: 4 });
  return Promise.resolve();
}
