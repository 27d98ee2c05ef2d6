import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";

/** How many resources had each operation, such as `{ same: 22, update: 1 }`, as the events of one tell it. */
export function countChanges(): {
  onEvent: (event: EngineEvent) => void;
  changes: () => Record<string, number>;
} {
  let found: Record<string, number> = {};
  return {
    onEvent: ({ summaryEvent }) => {
      if (summaryEvent !== undefined) found = summaryEvent.resourceChanges;
    },
    changes: () => found,
  };
}

/**
 * After an operation the Automation API asks for the outputs, with and without secrets, and for the history: three more
 * commands, together as much work as an `up` that changes nothing. From now on it does not.
 */
export function askNothingMore(stack: Stack): void {
  stack.outputs = () => Promise.resolve({});
  stack.info = () => Promise.resolve(undefined);
}
