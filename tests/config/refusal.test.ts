import { expect, test } from "vitest";
import { refusal } from "../../config/refusal";

test("a user's mistake is told in our words alone, without Pulumi's where it was to become a part of a resource", () => {
  const error = refusal("platform.stack: is none: set another");
  error.message = `error serializing property "stdin": ${error.message}`;
  expect(error.message).toBe("platform.stack: is none: set another");
  expect(error.stack).toBe("");
});
