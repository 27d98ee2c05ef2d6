import { expect, test } from "vitest";
import { estimateStorage, storageModel } from "../../config/storage-estimate";
import { parseDuration } from "../../config/units";

const cpu = { profiles: ["cpu"], interval: parseDuration("60s") };

test("a day is its profiles and the symbols of 24 blocks", () => {
  const { bytesPerDay } = estimateStorage([cpu], parseDuration("30d"), storageModel("1.21.1"));
  expect(bytesPerDay).toBe(24 * 500_000 + 1_440 * 4_700);
});

test("each kind of profile counts, and a shorter interval more", () => {
  const both = { profiles: ["cpu", "heap"], interval: parseDuration("15s") };
  const { bytesPerDay } = estimateStorage([both], parseDuration("1d"), storageModel("1.21.1"));
  expect(bytesPerDay).toBe(24 * 500_000 + 2 * 5_760 * 4_700);
});

test("1.x holds everything twice, 2.x once", () => {
  const month = parseDuration("30d");
  const { bytesPerDay, bytes } = estimateStorage([cpu], month, storageModel("1.21.1"));
  expect(bytes).toBe(bytesPerDay * 30 * 2);
  expect(estimateStorage([cpu], month, storageModel("2.4.0")).bytes).toBe(bytesPerDay * 30);
});
