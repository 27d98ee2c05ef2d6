/** A batch a second of what comes by OTLP, or more when there is much. */
export const batch = { timeout: "1s", send_batch_size: 1024, send_batch_max_size: 2048 };
