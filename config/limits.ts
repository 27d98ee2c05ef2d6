import { z } from "zod";
import * as field from "./fields";

const least = 64 * 2 ** 20;
const cpuForm = "a number of cores such as 0.5 or 2, from 0.05 on";

/** What a program on the host may use at most. */
export const limits = {
  memory: field
    .size()
    .refine((value) => value >= least, {
      error: "must be at least 64MiB: with less it would be ended at once",
    })
    .optional()
    .describe(
      "The memory that it may use, in its unit's drop-in (`MemoryMax`, and nine tenths of it as `GOMEMLIMIT`). Where it " +
        "needs more, the kernel ends it and systemd starts it again.",
    )
    .meta({ fallback: "no limit" }),
  cpu: z
    .number({ error: field.expected(cpuForm) })
    .min(0.05, { error: field.expected(cpuForm) })
    .optional()
    .describe(
      "The cores that it may keep busy, in its unit's drop-in (`CPUQuota`). Where it needs more, it gets slower.",
    )
    .meta({ form: cpuForm, fallback: "no limit" }),
};
